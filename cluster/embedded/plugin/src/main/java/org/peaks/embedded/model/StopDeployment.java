package org.peaks.embedded.model;

import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.HandledTransportAction;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.ingest.IngestMetadata;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.action.StopTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.action.StopTrainedModelDeploymentAction.Request;
import org.elasticsearch.xpack.core.ml.action.StopTrainedModelDeploymentAction.Response;
import org.elasticsearch.xpack.core.ml.utils.ExceptionsHelper;
import org.elasticsearch.xpack.core.ml.utils.InferenceProcessorInfoExtractor;

/** Stops a deployment; one that a pipeline uses only by force. */
public final class StopDeployment extends HandledTransportAction<Request, Response> {

  private final ModelServices services;

  @Inject
  public StopDeployment(TransportService transport, ActionFilters filters, ModelServices services) {
    super(
        StopTrainedModelDeploymentAction.NAME,
        transport,
        filters,
        Request::new,
        EsExecutors.DIRECT_EXECUTOR_SERVICE);
    this.services = services;
  }

  @Override
  protected void doExecute(Task task, Request request, ActionListener<Response> listener) {
    ActionListener.run(
        listener,
        checked -> {
          ActionListener<Void> stopped = checked.map(done -> new Response(true));
          ClusterState state = services.cluster().state();
          if (Assignments.in(state).hasDeployment(request.getId())) {
            requireUnused(request, state);
            services.assignments().remove(request.getId(), stopped);
          } else if (request.isAllowNoMatch()) {
            stopped.onResponse(null);
          } else {
            throw ExceptionsHelper.missingModelDeployment(request.getId());
          }
        });
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
