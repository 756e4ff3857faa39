package org.peaks.embedded.model;

import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.unit.ByteSizeValue;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.monitor.os.OsProbe;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction.TaskParams;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignment;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignmentMetadata;

/**
 * What machine learning may use of this node: an ML node's rules under {@code
 * xpack.ml.use_auto_machine_memory_percent}.
 */
final class Capacity {

  private static final long OPERATING_SYSTEM = ByteSizeValue.ofMb(200).getBytes();

  /** The code of the inference process, once for all deployments. */
  static final long PROCESS_CODE = ByteSizeValue.ofMb(30).getBytes();

  private final int processors;

  Capacity(ClusterService cluster) {
    this.processors = EsExecutors.nodeProcessors(cluster.getSettings()).roundUp();
  }

  int processors() {
    return processors;
  }

  /** The bytes that models may take, together with the code that runs them. */
  long memory() {
    long machine = OsProbe.getInstance().osStats().getMem().getAdjustedTotal().getBytes();
    long left = machine - Runtime.getRuntime().maxMemory() - OPERATING_SYSTEM;
    return left <= 0 ? machine / 100 : Math.min(left, machine * 9 / 10);
  }

  /**
   * Refuses a new deployment that does not fit beside the others.
   *
   * @throws ElasticsearchStatusException 429
   */
  void requireRoom(TrainedModelAssignmentMetadata deployed, TaskParams wanted) {
    long free = free(deployed, wanted.getDeploymentId());
    if (memoryOf(wanted, StartTrainedModelDeploymentAction.DEFAULT_NUM_ALLOCATIONS) > free) {
      throw new ElasticsearchStatusException(
          "Could not start deployment because no ML nodes with sufficient capacity were found",
          RestStatus.TOO_MANY_REQUESTS);
    }
    if (memoryOf(wanted, wanted.getNumberOfAllocations()) > free) {
      throw tooManyAllocations("start");
    }
  }

  /**
   * Refuses more allocations of a deployment than fit beside the others.
   *
   * @throws ElasticsearchStatusException 429
   */
  void requireRoom(TrainedModelAssignmentMetadata deployed, TaskParams running, int allocations) {
    if (allocations > running.getNumberOfAllocations()
        && memoryOf(running, allocations) > free(deployed, running.getDeploymentId())) {
      throw tooManyAllocations("update");
    }
  }

  private long free(TrainedModelAssignmentMetadata deployed, String apartFrom) {
    return memory()
        - PROCESS_CODE
        - deployed.allAssignments().values().stream()
            .map(TrainedModelAssignment::getTaskParams)
            .filter(other -> other.getDeploymentId().equals(apartFrom) == false)
            .mapToLong(TaskParams::estimateMemoryUsageBytes)
            .sum();
  }

  /** What Elasticsearch counts for a deployment with so many allocations, in bytes. */
  static long memoryOf(TaskParams parameters, int allocations) {
    return StartTrainedModelDeploymentAction.estimateMemoryUsageBytes(
        parameters.getModelId(),
        parameters.getModelBytes(),
        parameters.getPerDeploymentMemoryBytes(),
        parameters.getPerAllocationMemoryBytes(),
        allocations);
  }

  private static ElasticsearchStatusException tooManyAllocations(String doing) {
    return new ElasticsearchStatusException(
        "Could not {} deployment because there are not enough resources to provide all requested allocations",
        RestStatus.TOO_MANY_REQUESTS,
        doing);
  }
}
