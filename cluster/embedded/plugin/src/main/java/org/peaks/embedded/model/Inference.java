package org.peaks.embedded.model;

import java.util.concurrent.atomic.AtomicBoolean;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.inference.InferenceResults;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.threadpool.Scheduler;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.InferenceConfig;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.TextEmbeddingConfig;
import org.peaks.embedded.stack.Calls;

/** One text on its way through the model: answered once, by the worker or by the clock. */
final class Inference implements ActionListener<InferenceResults> {

  private final ActionListener<InferenceResults> listener;
  private final Statistics statistics;
  private final AtomicBoolean done = new AtomicBoolean();
  private final Scheduler.Cancellable clock;

  /**
   * @param timeout how long to wait from now; {@link TimeValue#MAX_VALUE} for ever
   */
  Inference(
      ThreadPool threads,
      TimeValue timeout,
      Statistics statistics,
      ActionListener<InferenceResults> listener) {
    this.listener = listener;
    this.statistics = statistics;
    this.clock =
        timeout.equals(TimeValue.MAX_VALUE)
            ? null
            : threads.schedule(() -> expire(timeout), timeout, threads.generic());
  }

  /** Whether nobody waits for this answer any more. */
  boolean isDone() {
    return done.get();
  }

  @Override
  public void onResponse(InferenceResults result) {
    if (finish()) {
      listener.onResponse(result);
    }
  }

  /** A text's vector under the name that the model's configuration gives it. */
  static InferenceResults results(
      double[] vector, TextEmbeddingConfig settings, boolean truncated) {
    String field = settings.getResultsField();
    return Calls.embedding(
        field == null ? InferenceConfig.DEFAULT_RESULTS_FIELD : field, vector, truncated);
  }

  @Override
  public void onFailure(Exception e) {
    if (finish()) {
      listener.onFailure(e);
    }
  }

  private void expire(TimeValue timeout) {
    if (finish()) {
      statistics.timedOut();
      listener.onFailure(
          new ElasticsearchStatusException(
              "timeout [{}] waiting for inference result", RestStatus.REQUEST_TIMEOUT, timeout));
    }
  }

  private boolean finish() {
    if (done.compareAndSet(false, true) == false) {
      return false;
    }
    if (clock != null) {
      clock.cancel();
    }
    return true;
  }
}
