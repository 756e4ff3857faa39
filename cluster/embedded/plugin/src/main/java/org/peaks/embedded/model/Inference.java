package org.peaks.embedded.model;

import java.util.concurrent.atomic.AtomicBoolean;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.threadpool.Scheduler;
import org.elasticsearch.threadpool.ThreadPool;
import org.peaks.embedded.worker.InferenceResult;

/** One text on its way through the model: answered once, by the worker or by the clock. */
final class Inference implements ActionListener<InferenceResult> {

  private final ActionListener<InferenceResult> listener;
  private final DeploymentCounters counters;
  private final AtomicBoolean done = new AtomicBoolean();
  private final Scheduler.Cancellable clock;
  private volatile Runnable onTimeout = () -> {};

  /**
   * @param timeout how long to wait; {@link TimeValue#MAX_VALUE} for ever
   */
  Inference(
      ThreadPool threads,
      TimeValue timeout,
      DeploymentCounters counters,
      ActionListener<InferenceResult> listener) {
    this.listener = listener;
    this.counters = counters;
    this.clock =
        timeout.equals(TimeValue.MAX_VALUE)
            ? null
            : threads.schedule(() -> expire(timeout), timeout, threads.generic());
  }

  boolean isDone() {
    return done.get();
  }

  /** What to do besides when the time is over. */
  void onTimeout(Runnable action) {
    onTimeout = action;
  }

  @Override
  public void onResponse(InferenceResult result) {
    if (finish()) {
      counters.answered(result.milliseconds());
      listener.onResponse(result);
    }
  }

  @Override
  public void onFailure(Exception e) {
    if (finish()) {
      counters.failed();
      listener.onFailure(e);
    }
  }

  private void expire(TimeValue timeout) {
    if (finish()) {
      counters.timedOut();
      onTimeout.run();
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
