package org.peaks.embedded.model;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.HandledTransportAction;
import org.elasticsearch.action.support.master.AcknowledgedResponse;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelVocabularyAction;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelVocabularyAction.Request;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelConfig;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.NlpConfig;

/** Stores a model's vocabulary. */
public final class PutVocabulary extends HandledTransportAction<Request, AcknowledgedResponse> {

  private final ModelServices services;

  @Inject
  public PutVocabulary(TransportService transport, ActionFilters filters, ModelServices services) {
    super(
        PutTrainedModelVocabularyAction.NAME,
        transport,
        filters,
        Request::new,
        EsExecutors.DIRECT_EXECUTOR_SERVICE);
    this.services = services;
  }

  @Override
  protected void doExecute(
      Task task, Request request, ActionListener<AcknowledgedResponse> listener) {
    ActionListener.run(
        listener,
        checked -> {
          Licence.check();
          services
              .store()
              .configuration(
                  request.getModelId(),
                  checked.delegateFailureAndWrap((next, config) -> store(request, config, next)));
        });
  }

  private void store(
      Request request, TrainedModelConfig config, ActionListener<AcknowledgedResponse> listener) {
    ((NlpConfig) config.getInferenceConfig()).getTokenization().validateVocabulary(request);
    Vocabulary vocabulary = new Vocabulary(request.getVocabulary(), request.getMerges());
    services
        .store()
        .putVocabulary(
            request.getModelId(), vocabulary, listener.map(stored -> AcknowledgedResponse.TRUE));
  }
}
