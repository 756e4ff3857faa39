package org.peaks.embedded.model;

import java.util.Map;
import java.util.function.Predicate;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.ResourceNotFoundException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.ClusterStateObserver;
import org.elasticsearch.common.unit.ByteSizeValue;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.node.NodeClosedException;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.action.CreateTrainedModelAssignmentAction.Response;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction.Request;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction.TaskParams;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelConfig;
import org.elasticsearch.xpack.core.ml.inference.assignment.AllocationStatus;
import org.elasticsearch.xpack.core.ml.inference.assignment.RoutingInfo;
import org.elasticsearch.xpack.core.ml.inference.assignment.RoutingState;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignment;
import org.elasticsearch.xpack.core.ml.utils.ExceptionsHelper;

/**
 * Deploys a model and waits until it runs. A deployment that fails to start is taken away again.
 */
public final class StartDeployment extends ModelAction<Request, Response> {

  private static final Logger logger = LogManager.getLogger(StartDeployment.class);

  @Inject
  public StartDeployment(
      TransportService transport, ActionFilters filters, ModelServices services) {
    super(StartTrainedModelDeploymentAction.NAME, Request::new, transport, filters, services);
  }

  @Override
  void answer(Request request, ActionListener<Response> listener) {
    Licence.check();
    if (Assignments.in(state()).hasDeployment(request.getDeploymentId())) {
      throw ExceptionsHelper.badRequestException(
          "Could not start model deployment because an existing deployment with the same id [{}] exist",
          request.getDeploymentId());
    }
    store.configuration(
        request.getModelId(),
        ActionListener.wrap(
            config -> size(request, config, listener),
            e -> listener.onFailure(explainMissing(request, e))));
  }

  private static Exception explainMissing(Request request, Exception e) {
    return ExceptionsHelper.unwrapCause(e) instanceof ResourceNotFoundException
        ? ExceptionsHelper.missingTrainedModel(request.getModelId())
        : e;
  }

  private void size(Request request, TrainedModelConfig config, ActionListener<Response> listener) {
    store.part(
        request.getModelId(),
        0,
        listener.delegateFailureAndWrap(
            (next, part) -> assign(request, config, part.totalLength(), next)));
  }

  private void assign(
      Request request, TrainedModelConfig config, long bytes, ActionListener<Response> listener) {
    TaskParams parameters =
        new TaskParams(
            request.getModelId(),
            request.getDeploymentId(),
            bytes,
            request.computeNumberOfAllocations(),
            request.getThreadsPerAllocation(),
            request.getQueueCapacity(),
            request.getCacheSize() == null ? ByteSizeValue.ofBytes(bytes) : request.getCacheSize(),
            request.getPriority(),
            config.getPerDeploymentMemoryBytes(),
            config.getPerAllocationMemoryBytes());
    assignments.add(
        parameters,
        request.getAdaptiveAllocationsSettings(),
        listener.delegateFailureAndWrap((next, added) -> awaitState(request, next)));
  }

  private void awaitState(Request request, ActionListener<Response> listener) {
    Predicate<ClusterState> settled =
        state -> {
          TrainedModelAssignment assignment = assignment(request, state);
          return request.getWaitForState() == AllocationStatus.State.STARTING
              || assignment == null
              || hasRoute(assignment, RoutingState.STARTED)
              || hasRoute(assignment, RoutingState.FAILED);
        };
    ClusterStateObserver.waitForState(
        cluster,
        services.threads().getThreadContext(),
        new Waiter(request, listener),
        settled,
        request.getTimeout(),
        logger);
  }

  private static TrainedModelAssignment assignment(Request request, ClusterState state) {
    return Assignments.in(state).getDeploymentAssignment(request.getDeploymentId());
  }

  private static boolean hasRoute(TrainedModelAssignment assignment, RoutingState state) {
    return assignment.getNodeRoutingTable().values().stream()
        .anyMatch(route -> route.getState() == state);
  }

  private final class Waiter implements ClusterStateObserver.Listener {
    private final Request request;
    private final ActionListener<Response> listener;

    Waiter(Request request, ActionListener<Response> listener) {
      this.request = request;
      this.listener = listener;
    }

    @Override
    public void onNewClusterState(ClusterState state) {
      TrainedModelAssignment assignment = assignment(request, state);
      if (assignment == null) {
        listener.onFailure(
            new ElasticsearchStatusException(
                "deployment [{}] was stopped while it started",
                RestStatus.CONFLICT,
                request.getDeploymentId()));
      } else if (hasRoute(assignment, RoutingState.FAILED)) {
        withdraw(assignment);
      } else {
        listener.onResponse(new Response(assignment));
      }
    }

    private void withdraw(TrainedModelAssignment assignment) {
      RoutingInfo route = assignment.getNodeRoutingTable().values().iterator().next();
      String node = cluster.localNode().getId();
      Exception failure =
          new ElasticsearchStatusException(
              "Could not start trained model deployment, the following nodes failed with errors [{}]",
              RestStatus.INTERNAL_SERVER_ERROR,
              Map.of(node, route.getReason()));
      assignments.remove(
          request.getDeploymentId(), ActionListener.running(() -> listener.onFailure(failure)));
    }

    @Override
    public void onClusterServiceClose() {
      listener.onFailure(new NodeClosedException(cluster.localNode()));
    }

    @Override
    public void onTimeout(TimeValue timeout) {
      listener.onFailure(
          new ElasticsearchStatusException(
              "Timed out after [{}] waiting for trained model deployment [{}] to start. Use the trained model "
                  + "stats API to track the state of the deployment and try again once it has started.",
              RestStatus.REQUEST_TIMEOUT,
              timeout,
              request.getDeploymentId()));
    }
  }
}
