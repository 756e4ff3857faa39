package org.peaks.embedded.model;

import java.util.HashMap;
import java.util.Map;
import org.elasticsearch.Build;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.common.unit.ByteSizeUnit;
import org.elasticsearch.common.unit.ByteSizeValue;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.MachineLearningField;
import org.elasticsearch.xpack.core.ml.action.MlInfoAction;
import org.elasticsearch.xpack.core.ml.action.MlInfoAction.Request;
import org.elasticsearch.xpack.core.ml.action.MlInfoAction.Response;
import org.elasticsearch.xpack.core.ml.job.config.Job;

/** Tells the limits of machine learning. Its defaults are for jobs, which this node has not. */
public final class GetInfo extends ModelAction<Request, Response> {

  @Inject
  public GetInfo(TransportService transport, ActionFilters filters, ModelServices services) {
    super(MlInfoAction.NAME, Request::new, transport, filters, services);
  }

  @Override
  void answer(Request request, ActionListener<Response> listener) {
    listener.onResponse(
        new Response(
            Map.of(
                "defaults", Map.of("anomaly_detectors", Map.of(), "datafeeds", Map.of()),
                "limits", limits(),
                "native_code",
                    Map.of("version", Build.current().version(), "build_hash", "peaks-embedded"),
                "upgrade_mode", false)));
  }

  private Map<String, Object> limits() {
    Capacity capacity = services.capacity();
    Map<String, Object> limits = new HashMap<>();
    limits.put("total_ml_memory", megabytes(capacity.memory()).getStringRep());
    limits.put("total_ml_processors", capacity.processors());
    limits.put("max_single_ml_node_processors", capacity.processors());
    ByteSizeValue largest =
        megabytes(
            capacity.memory() - Job.PROCESS_MEMORY_OVERHEAD.getBytes() - Capacity.PROCESS_CODE);
    ByteSizeValue limit =
        cluster.getClusterSettings().get(MachineLearningField.MAX_MODEL_MEMORY_LIMIT);
    if (limit.getBytes() > 0) {
      limits.put("max_model_memory_limit", limit.getStringRep());
      largest = largest.compareTo(limit) > 0 ? limit : largest;
    }
    limits.put("effective_max_model_memory_limit", largest.getStringRep());
    return limits;
  }

  private static ByteSizeValue megabytes(long bytes) {
    return ByteSizeValue.ofMb(ByteSizeUnit.BYTES.toMB(Math.max(0, bytes)));
  }
}
