package org.peaks.embedded.model;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.action.util.QueryPage;
import org.elasticsearch.xpack.core.ml.action.GetTrainedModelsStatsAction;
import org.elasticsearch.xpack.core.ml.action.GetTrainedModelsStatsAction.Request;
import org.elasticsearch.xpack.core.ml.action.GetTrainedModelsStatsAction.Response;
import org.elasticsearch.xpack.core.ml.action.GetTrainedModelsStatsAction.Response.TrainedModelStats;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction.TaskParams;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelConfig;
import org.elasticsearch.xpack.core.ml.inference.assignment.AssignmentStats;
import org.elasticsearch.xpack.core.ml.inference.assignment.RoutingState;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignment;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.TrainedModelSizeStats;
import org.elasticsearch.xpack.core.ml.utils.InferenceProcessorInfoExtractor;

/**
 * Lists models with what their deployments do: one entry a deployment, or one for an idle model.
 */
public final class GetStats extends ModelAction<Request, Response> {

  @Inject
  public GetStats(TransportService transport, ActionFilters filters, ModelServices services) {
    super(GetTrainedModelsStatsAction.NAME, Request::new, transport, filters, services);
  }

  @Override
  void answer(Request request, ActionListener<Response> listener) {
    ModelSelection.of(request, List.of(), store, listener.map(this::describe));
  }

  private Response describe(ModelSelection selection) {
    ClusterState state = state();
    List<TrainedModelStats> stats = new ArrayList<>();
    for (TrainedModelConfig config : selection.page()) {
      var deployments = Assignments.in(state).getDeploymentsUsingModel(config.getModelId());
      if (deployments.isEmpty()) {
        stats.add(describe(state, config, null));
      }
      deployments.forEach(assignment -> stats.add(describe(state, config, assignment)));
    }
    return new Response(new QueryPage<>(stats, selection.total(), Response.RESULTS_FIELD));
  }

  private TrainedModelStats describe(
      ClusterState state, TrainedModelConfig config, TrainedModelAssignment assignment) {
    String id = assignment == null ? config.getModelId() : assignment.getDeploymentId();
    Set<String> pipelines =
        InferenceProcessorInfoExtractor.pipelineIdsForResource(
            state.metadata(), new HashSet<>(List.of(id, config.getModelId())));
    AssignmentStats deployment = assignment == null ? null : describe(assignment);
    return new TrainedModelStats(
        config.getModelId(),
        sizeOf(config),
        null,
        pipelines.size(),
        deployment == null ? null : deployment.getOverallInferenceStats(),
        deployment);
  }

  private static TrainedModelSizeStats sizeOf(TrainedModelConfig config) {
    long size = config.getModelSize();
    long memory =
        StartTrainedModelDeploymentAction.estimateMemoryUsageBytes(
            config.getModelId(),
            size,
            config.getPerDeploymentMemoryBytes(),
            config.getPerAllocationMemoryBytes(),
            StartTrainedModelDeploymentAction.DEFAULT_NUM_ALLOCATIONS);
    return new TrainedModelSizeStats(size, size == 0 ? 0 : memory);
  }

  private AssignmentStats describe(TrainedModelAssignment assignment) {
    TaskParams parameters = assignment.getTaskParams();
    AssignmentStats stats =
        new AssignmentStats(
            parameters.getDeploymentId(),
            parameters.getModelId(),
            parameters.getThreadsPerAllocation(),
            parameters.getNumberOfAllocations(),
            assignment.getAdaptiveAllocationsSettings(),
            parameters.getQueueCapacity(),
            parameters.getCacheSize().orElse(null),
            assignment.getStartTime(),
            List.of(nodeStats(assignment)),
            parameters.getPriority());
    stats.setState(assignment.getAssignmentState()).setReason(assignment.getReason().orElse(null));
    assignment.calculateAllocationStatus().ifPresent(stats::setAllocationStatus);
    return stats;
  }

  private AssignmentStats.NodeStats nodeStats(TrainedModelAssignment assignment) {
    var node = cluster.localNode();
    Deployment deployment = services.deployments().get(assignment.getDeploymentId());
    return deployment == null
        ? AssignmentStats.NodeStats.forNotStartedState(node, RoutingState.STARTING, "")
        : deployment.stats(node);
  }
}
