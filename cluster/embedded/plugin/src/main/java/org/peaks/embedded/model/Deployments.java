package org.peaks.embedded.model;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.elasticsearch.cluster.ClusterChangedEvent;
import org.elasticsearch.cluster.ClusterStateListener;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.component.AbstractLifecycleComponent;
import org.elasticsearch.gateway.GatewayService;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.xpack.core.ml.inference.assignment.AssignmentState;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignment;

/** Makes this node run what the cluster state says is deployed. */
public final class Deployments extends AbstractLifecycleComponent implements ClusterStateListener {

  private final ClusterService cluster;
  private final ModelStore store;
  private final Assignments assignments;
  private final ThreadPool threads;
  private final String socket;
  private final Map<String, Deployment> running = new ConcurrentHashMap<>();
  private boolean recovered;

  /**
   * @param socket the path of the inference worker's Unix socket
   */
  Deployments(
      ClusterService cluster,
      ModelStore store,
      Assignments assignments,
      ThreadPool threads,
      String socket) {
    this.cluster = cluster;
    this.store = store;
    this.assignments = assignments;
    this.threads = threads;
    this.socket = socket;
  }

  @Override
  protected void doStart() {
    cluster.addListener(this);
  }

  /** Ends the connections, or the node's stop would wait for the threads that listen to them. */
  @Override
  protected void doStop() {
    cluster.removeListener(this);
    stopOthers(Set.of());
  }

  @Override
  protected void doClose() {}

  /** The deployment of this id on this node, or null. */
  Deployment get(String deploymentId) {
    return running.get(deploymentId);
  }

  @Override
  public void clusterChanged(ClusterChangedEvent event) {
    if (event.state().blocks().hasGlobalBlock(GatewayService.STATE_NOT_RECOVERED_BLOCK)) {
      return;
    }
    // What the state brings along from before a restart waits for its shards and for the worker.
    boolean patient = recovered == false;
    recovered = true;
    Map<String, TrainedModelAssignment> wanted = Assignments.in(event.state()).allAssignments();
    stopOthers(wanted.keySet());
    wanted.forEach((id, assignment) -> startOrResize(id, assignment, patient));
  }

  private void stopOthers(Set<String> wanted) {
    running.forEach(
        (id, deployment) -> {
          if (wanted.contains(id) == false && running.remove(id, deployment)) {
            deployment.stop();
          }
        });
  }

  private void startOrResize(String id, TrainedModelAssignment assignment, boolean patient) {
    Deployment existing = running.get(id);
    if (existing != null) {
      existing.resize(assignment.getTaskParams().getNumberOfAllocations());
      return;
    }
    if (assignment.getAssignmentState() == AssignmentState.STOPPING) {
      return;
    }
    Deployment deployment =
        new Deployment(
            assignment.getTaskParams(), store, threads, socket, patient, assignments::route);
    running.put(id, deployment);
    deployment.start();
  }
}
