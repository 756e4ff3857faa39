package org.peaks.embedded.model;

import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ClientHelper;
import org.elasticsearch.xpack.core.ml.action.CoordinatedInferenceAction;
import org.elasticsearch.xpack.core.ml.action.CoordinatedInferenceAction.Request;
import org.elasticsearch.xpack.core.ml.action.InferModelAction;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignmentUtils;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.EmptyConfigUpdate;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.InferenceConfigUpdate;

/**
 * The action by which searches and pipelines ask for inference. Production decides here between
 * models of its own and inference services; this node has no services.
 */
public final class CoordinatedInfer extends ModelAction<Request, InferModelAction.Response> {

  private final Client client;

  @Inject
  public CoordinatedInfer(
      TransportService transport, ActionFilters filters, Client client, ModelServices services) {
    super(CoordinatedInferenceAction.NAME, Request::new, transport, filters, services);
    this.client = client;
  }

  @Override
  void answer(Request request, ActionListener<InferModelAction.Response> listener) {
    boolean deployed =
        TrainedModelAssignmentUtils.modelAssignments(request.getModelId(), state()).isEmpty()
            == false;
    if (deployed) {
      ClientHelper.executeAsyncWithOrigin(
          client, ClientHelper.ML_ORIGIN, InferModelAction.INSTANCE, translate(request), listener);
    } else {
      listener.onFailure(
          new ElasticsearchStatusException(
              "[{}] is not an inference service model or a deployed ml model",
              RestStatus.NOT_FOUND,
              request.getModelId()));
    }
  }

  private static InferModelAction.Request translate(Request request) {
    InferenceConfigUpdate update =
        request.getInferenceConfigUpdate() == null
            ? new EmptyConfigUpdate()
            : request.getInferenceConfigUpdate();
    InferModelAction.Request translated =
        InferModelAction.Request.forTextInput(
            request.getModelId(),
            update,
            request.getInputs(),
            Boolean.TRUE.equals(request.getPreviouslyLicensed()),
            request.getInferenceTimeout());
    translated.setHighPriority(request.getHighPriority());
    return translated;
  }
}
