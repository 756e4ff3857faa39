package org.peaks.embedded.model;

import java.util.Map;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.common.unit.ByteSizeUnit;
import org.elasticsearch.common.unit.ByteSizeValue;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.action.MlInfoAction;
import org.elasticsearch.xpack.core.ml.action.MlInfoAction.Request;
import org.elasticsearch.xpack.core.ml.action.MlInfoAction.Response;
import org.elasticsearch.xpack.core.ml.job.config.Job;

/** Tells the limits of machine learning. */
public final class GetInfo extends ModelAction<Request, Response> {

  @Inject
  public GetInfo(TransportService transport, ActionFilters filters, ModelServices services) {
    super(MlInfoAction.NAME, Request::new, transport, filters, services);
  }

  @Override
  void answer(Request request, ActionListener<Response> listener) {
    Capacity capacity = services.capacity();
    long jobs = Job.PROCESS_MEMORY_OVERHEAD.getBytes() + Capacity.PROCESS_CODE;
    listener.onResponse(
        new Response(
            Map.of(
                "limits",
                Map.of(
                    "total_ml_memory", megabytes(capacity.memory()),
                    "total_ml_processors", capacity.processors(),
                    "effective_max_model_memory_limit", megabytes(capacity.memory() - jobs)))));
  }

  private static String megabytes(long bytes) {
    return ByteSizeValue.ofMb(ByteSizeUnit.BYTES.toMB(Math.max(0, bytes))).getStringRep();
  }
}
