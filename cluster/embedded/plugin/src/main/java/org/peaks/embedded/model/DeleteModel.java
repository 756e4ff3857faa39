package org.peaks.embedded.model;

import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.RefCountingListener;
import org.elasticsearch.action.support.master.AcknowledgedResponse;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.action.DeleteTrainedModelAction;
import org.elasticsearch.xpack.core.ml.action.DeleteTrainedModelAction.Request;

/** Deletes a model; one in use only by force. */
public final class DeleteModel extends ModelAction<Request, AcknowledgedResponse> {

  @Inject
  public DeleteModel(TransportService transport, ActionFilters filters, ModelServices services) {
    super(DeleteTrainedModelAction.NAME, Request::new, transport, filters, services);
  }

  @Override
  void answer(Request request, ActionListener<AcknowledgedResponse> listener) {
    if (request.isForce() == false) {
      requireUnused(request.getId());
    }
    undeploy(
        request.getId(),
        listener.delegateFailureAndWrap(
            (next, done) ->
                store.delete(request.getId(), next.map(deleted -> AcknowledgedResponse.TRUE))));
  }

  private void requireUnused(String modelId) {
    if (isUsedByPipeline(modelId)) {
      throw new ElasticsearchStatusException(
          "Cannot delete model [{}] as it is still referenced by ingest processors; use force to delete the model",
          RestStatus.CONFLICT,
          modelId);
    }
    if (Assignments.in(state()).modelIsDeployed(modelId)) {
      throw new ElasticsearchStatusException(
          "Cannot delete model [{}] as it is currently deployed; use force to delete the model",
          RestStatus.CONFLICT,
          modelId);
    }
  }

  private void undeploy(String modelId, ActionListener<Void> listener) {
    var deployed = Assignments.in(state()).getDeploymentsUsingModel(modelId);
    try (RefCountingListener all = new RefCountingListener(listener)) {
      deployed.forEach(
          assignment -> assignments.remove(assignment.getDeploymentId(), all.acquire()));
    }
  }
}
