package org.peaks.embedded.model;

import java.time.Instant;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.license.License;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.MlConfigVersion;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelAction;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelConfig;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelType;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.RobertaTokenization;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.TextEmbeddingConfig;
import org.elasticsearch.xpack.core.ml.utils.ExceptionsHelper;

/** Stores a new model's configuration. */
public final class PutModel
    extends ModelAction<PutTrainedModelAction.Request, PutTrainedModelAction.Response> {

  @Inject
  public PutModel(TransportService transport, ActionFilters filters, ModelServices services) {
    super(
        PutTrainedModelAction.NAME,
        PutTrainedModelAction.Request::new,
        transport,
        filters,
        services);
  }

  @Override
  void answer(
      PutTrainedModelAction.Request request,
      ActionListener<PutTrainedModelAction.Response> listener) {
    Licence.check();
    TrainedModelConfig config = complete(request.getTrainedModelConfig());
    store.putConfiguration(
        config, listener.map(stored -> new PutTrainedModelAction.Response(config)));
  }

  private TrainedModelConfig complete(TrainedModelConfig given) {
    requireSupported(given);
    if (Assignments.in(state()).hasDeployment(given.getModelId())) {
      throw ExceptionsHelper.badRequestException(
          "Cannot create model [{}] "
              + PutTrainedModelAction.MODEL_ALREADY_EXISTS_ERROR_MESSAGE_FRAGMENT,
          given.getModelId());
    }
    return new TrainedModelConfig.Builder(given)
        .setVersion(MlConfigVersion.CURRENT)
        .setCreateTime(Instant.now())
        .setCreatedBy("api_user")
        .setLicenseLevel(License.OperationMode.PLATINUM.description())
        .setLocation(given.getModelType().getDefaultLocation(given.getModelId()))
        .clearDefinition()
        .build();
  }

  /** Production runs other kinds of model, too: that this node does not is said at once. */
  private static void requireSupported(TrainedModelConfig config) {
    boolean supported =
        config.getModelType() == TrainedModelType.PYTORCH
            && config.getInferenceConfig() instanceof TextEmbeddingConfig embedding
            && embedding.getTokenization() instanceof RobertaTokenization tokenization
            && tokenization.withSpecialTokens() == false
            && tokenization.isAddPrefixSpace() == false
            && config.getPrefixStrings() == null;
    if (supported == false) {
      throw ExceptionsHelper.badRequestException(
          "the embedded node runs models of type [pytorch] with [text_embedding] and [roberta] tokenization, "
              + "without special tokens, prefix space and prefix strings; "
              + "model [{}] is none: deploy it in a cluster with ML nodes",
          config.getModelId());
    }
  }
}
