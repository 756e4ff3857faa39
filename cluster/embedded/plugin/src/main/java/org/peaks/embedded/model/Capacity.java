package org.peaks.embedded.model;

import java.util.List;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.Strings;
import org.elasticsearch.common.settings.ClusterSettings;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.common.settings.Setting.Property;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.unit.ByteSizeValue;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.monitor.os.OsProbe;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xpack.core.ml.MachineLearningField;
import org.elasticsearch.xpack.core.ml.MlConfigVersion;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction.TaskParams;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignment;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignmentMetadata;

/** What machine learning may use of this node, by the rules of an ML node. */
public final class Capacity {

  private static final Setting<Integer> MEMORY_PERCENT =
      Setting.intSetting(
          "xpack.ml.max_machine_memory_percent",
          30,
          5,
          200,
          Property.OperatorDynamic,
          Property.NodeScope);

  /** Machine learning's settings that this node heeds. */
  public static final List<Setting<?>> SETTINGS =
      List.of(
          MEMORY_PERCENT,
          MachineLearningField.USE_AUTO_MACHINE_MEMORY_PERCENT,
          MachineLearningField.MAX_MODEL_MEMORY_LIMIT);

  private static final String MACHINE_MEMORY = "ml.machine_memory";
  private static final String HEAP = "ml.max_jvm_size";
  private static final String PROCESSORS = "ml.allocated_processors_double";
  private static final long OPERATING_SYSTEM = ByteSizeValue.ofMb(200).getBytes();

  /** The code of the inference process, once for all deployments. */
  static final long PROCESS_CODE = ByteSizeValue.ofMb(30).getBytes();

  private final ClusterService cluster;

  Capacity(ClusterService cluster) {
    this.cluster = cluster;
  }

  /** The attributes that an ML node gives itself. */
  public static Settings attributes(Settings settings) {
    long memory = OsProbe.getInstance().osStats().getMem().getAdjustedTotal().getBytes();
    return Settings.builder()
        .put(
            "node.attr." + MlConfigVersion.ML_CONFIG_VERSION_NODE_ATTR,
            MlConfigVersion.CURRENT.toString())
        .put("node.attr." + MACHINE_MEMORY, memory)
        .put("node.attr." + HEAP, Runtime.getRuntime().maxMemory())
        .put("node.attr." + PROCESSORS, EsExecutors.nodeProcessors(settings).count())
        .build();
  }

  int processors() {
    return (int) Math.ceil(Double.parseDouble(attribute(PROCESSORS)));
  }

  /** The bytes that models may take, together with the code that runs them. */
  long memory() {
    ClusterSettings settings = cluster.getClusterSettings();
    long machine = Long.parseLong(attribute(MACHINE_MEMORY));
    if (settings.get(MachineLearningField.USE_AUTO_MACHINE_MEMORY_PERCENT) == false) {
      return machine * settings.get(MEMORY_PERCENT) / 100;
    }
    long left = machine - Long.parseLong(attribute(HEAP)) - OPERATING_SYSTEM;
    return left <= 0 ? machine / 100 : Math.min(left, machine * 9 / 10);
  }

  private String attribute(String name) {
    return cluster.localNode().getAttributes().get(name);
  }

  /**
   * Refuses a new deployment that does not fit beside the others.
   *
   * @throws ElasticsearchStatusException 429
   */
  void requireRoom(TrainedModelAssignmentMetadata deployed, TaskParams wanted) {
    long free = free(deployed, wanted.getDeploymentId());
    long needed = memoryOf(wanted, StartTrainedModelDeploymentAction.DEFAULT_NUM_ALLOCATIONS);
    if (needed > free) {
      long code = deployed.allAssignments().isEmpty() ? PROCESS_CODE : 0;
      throw new ElasticsearchStatusException(
          "Could not start deployment because no ML nodes with sufficient capacity were found",
          RestStatus.TOO_MANY_REQUESTS,
          new IllegalStateException(explain(free + code, needed + code)));
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

  private static long memoryOf(TaskParams parameters, int allocations) {
    return StartTrainedModelDeploymentAction.estimateMemoryUsageBytes(
        parameters.getModelId(),
        parameters.getModelBytes(),
        parameters.getPerDeploymentMemoryBytes(),
        parameters.getPerAllocationMemoryBytes(),
        allocations);
  }

  private String explain(long free, long needed) {
    return Strings.format(
        "Could not start deployment because no suitable nodes were found, allocation explanation "
            + "[Could not assign (more) allocations on node [%s]. Reason: This node has insufficient "
            + "available memory. Available memory for ML [%s], free memory [%s], estimated memory "
            + "required for this model [%s].]",
        cluster.localNode().getId(), bytes(memory()), bytes(free), bytes(needed));
  }

  private static String bytes(long number) {
    return number + " (" + (number < 0 ? "0b" : ByteSizeValue.ofBytes(number)) + ")";
  }

  private static ElasticsearchStatusException tooManyAllocations(String doing) {
    return new ElasticsearchStatusException(
        "Could not {} deployment because there are not enough resources to provide all requested allocations",
        RestStatus.TOO_MANY_REQUESTS,
        doing);
  }
}
