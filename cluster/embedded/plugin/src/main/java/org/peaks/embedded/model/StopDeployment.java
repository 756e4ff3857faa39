package org.peaks.embedded.model;

import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.ingest.IngestMetadata;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.action.StopTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.action.StopTrainedModelDeploymentAction.Request;
import org.elasticsearch.xpack.core.ml.action.StopTrainedModelDeploymentAction.Response;
import org.elasticsearch.xpack.core.ml.utils.ExceptionsHelper;
import org.elasticsearch.xpack.core.ml.utils.InferenceProcessorInfoExtractor;

/** Stops a deployment; one that a pipeline uses only by force. */
public final class StopDeployment extends ModelAction<Request, Response> {

  @Inject
  public StopDeployment(TransportService transport, ActionFilters filters, ModelServices services) {
    super(StopTrainedModelDeploymentAction.NAME, Request::new, transport, filters, services);
  }

  @Override
  void answer(Request request, ActionListener<Response> listener) {
    ActionListener<Void> stopped = listener.map(done -> new Response(true));
    ClusterState state = state();
    if (Assignments.in(state).hasDeployment(request.getId())) {
      requireUnused(request, state);
      assignments.remove(request.getId(), stopped);
    } else if (request.isAllowNoMatch()) {
      stopped.onResponse(null);
    } else {
      throw ExceptionsHelper.missingModelDeployment(request.getId());
    }
  }

  private static void requireUnused(Request request, ClusterState state) {
    IngestMetadata pipelines = state.metadata().custom(IngestMetadata.TYPE);
    boolean used =
        InferenceProcessorInfoExtractor.getModelIdsFromInferenceProcessors(pipelines)
            .contains(request.getId());
    if (used && request.isForce() == false) {
      throw new ElasticsearchStatusException(
          "Cannot stop deployment [{}] as it is referenced by ingest processors; use force to stop the deployment",
          RestStatus.CONFLICT,
          request.getId());
    }
  }
}
