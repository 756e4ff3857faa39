package org.peaks.embedded.model;

import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.action.StopTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.action.StopTrainedModelDeploymentAction.Request;
import org.elasticsearch.xpack.core.ml.action.StopTrainedModelDeploymentAction.Response;
import org.elasticsearch.xpack.core.ml.utils.ExceptionsHelper;

/** Stops a deployment; one that a pipeline uses only by force. */
public final class StopDeployment extends ModelAction<Request, Response> {

  @Inject
  public StopDeployment(TransportService transport, ActionFilters filters, ModelServices services) {
    super(StopTrainedModelDeploymentAction.NAME, Request::new, transport, filters, services);
  }

  @Override
  void answer(Request request, ActionListener<Response> listener) {
    ActionListener<Void> stopped = listener.map(done -> new Response(true));
    if (Assignments.in(state()).hasDeployment(request.getId())) {
      requireUnused(request);
      assignments.remove(request.getId(), stopped);
    } else if (request.isAllowNoMatch()) {
      stopped.onResponse(null);
    } else {
      throw ExceptionsHelper.missingModelDeployment(request.getId());
    }
  }

  private void requireUnused(Request request) {
    if (request.isForce() == false && isUsedByPipeline(request.getId())) {
      throw new ElasticsearchStatusException(
          "Cannot stop deployment [{}] as it is referenced by ingest processors; use force to stop the deployment",
          RestStatus.CONFLICT,
          request.getId());
    }
  }
}
