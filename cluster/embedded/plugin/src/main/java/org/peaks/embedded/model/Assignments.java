package org.peaks.embedded.model;

import java.util.function.Consumer;
import java.util.function.Function;
import org.elasticsearch.ResourceAlreadyExistsException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.ClusterStateUpdateTask;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction.TaskParams;
import org.elasticsearch.xpack.core.ml.inference.assignment.AdaptiveAllocationsSettings;
import org.elasticsearch.xpack.core.ml.inference.assignment.RoutingInfo;
import org.elasticsearch.xpack.core.ml.inference.assignment.RoutingState;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignment;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignmentMetadata;
import org.peaks.embedded.stack.CustomMetadata;

/**
 * Which models are deployed, in the cluster state: there machine learning keeps it, and there it
 * outlives a restart.
 */
final class Assignments {

  private final ClusterService cluster;
  private final Capacity capacity;

  Assignments(ClusterService cluster, Capacity capacity) {
    this.cluster = cluster;
    this.capacity = capacity;
  }

  static TrainedModelAssignmentMetadata in(ClusterState state) {
    return CustomMetadata.deployments(state);
  }

  /**
   * Adds a deployment on this node, starting.
   *
   * @throws ResourceAlreadyExistsException through the listener
   * @throws org.elasticsearch.ElasticsearchStatusException through the listener: 429, no room
   */
  void add(
      TaskParams parameters, AdaptiveAllocationsSettings adaptive, ActionListener<Void> listener) {
    String nodeId = cluster.localNode().getId();
    RoutingInfo route =
        new RoutingInfo(
            parameters.getNumberOfAllocations(),
            parameters.getNumberOfAllocations(),
            RoutingState.STARTING,
            "");
    TrainedModelAssignment.Builder assignment =
        TrainedModelAssignment.Builder.empty(parameters, adaptive).addRoutingEntry(nodeId, route);
    update(
        "start deployment",
        state -> {
          capacity.requireRoom(in(state), parameters);
          var metadata = TrainedModelAssignmentMetadata.Builder.fromMetadata(in(state));
          return metadata.addNewAssignment(parameters.getDeploymentId(), assignment);
        },
        listener);
  }

  /** Notes what became of a deployment on this node. */
  void route(String deploymentId, RoutingState routing, String reason) {
    String nodeId = cluster.localNode().getId();
    change(
        deploymentId,
        assignment -> {
          int allocations = assignment.build().getTaskParams().getNumberOfAllocations();
          assignment.addOrOverwriteRoutingEntry(
              nodeId, new RoutingInfo(allocations, allocations, routing, reason));
          assignment.calculateAndSetAssignmentState();
        },
        ActionListener.noop());
  }

  /** Gives a started deployment another number of allocations. */
  void resize(TrainedModelAssignment.Builder assignment, int allocations) {
    assignment.setNumberOfAllocations(allocations);
    assignment.addOrOverwriteRoutingEntry(
        cluster.localNode().getId(),
        new RoutingInfo(allocations, allocations, RoutingState.STARTED, ""));
  }

  void remove(String deploymentId, ActionListener<Void> listener) {
    update(
        "remove deployment",
        state ->
            TrainedModelAssignmentMetadata.Builder.fromMetadata(in(state))
                .removeAssignment(deploymentId),
        listener);
  }

  private void change(
      String deploymentId,
      Consumer<TrainedModelAssignment.Builder> change,
      ActionListener<Void> listener) {
    update(
        "update deployment",
        state -> {
          var metadata = TrainedModelAssignmentMetadata.Builder.fromMetadata(in(state));
          TrainedModelAssignment.Builder assignment = metadata.getAssignment(deploymentId);
          if (assignment != null) {
            change.accept(assignment);
          }
          return metadata;
        },
        listener);
  }

  /** Changes what is deployed, unless {@code change} throws: that goes to the listener. */
  void update(
      String source,
      Function<ClusterState, TrainedModelAssignmentMetadata.Builder> change,
      ActionListener<Void> listener) {
    cluster.submitUnbatchedStateUpdateTask(
        source,
        new ClusterStateUpdateTask() {
          @Override
          public ClusterState execute(ClusterState current) {
            TrainedModelAssignmentMetadata changed = change.apply(current).build();
            return changed.equals(in(current)) ? current : CustomMetadata.with(changed, current);
          }

          @Override
          public void clusterStateProcessed(ClusterState before, ClusterState after) {
            listener.onResponse(null);
          }

          @Override
          public void onFailure(Exception e) {
            listener.onFailure(e);
          }
        });
  }
}
