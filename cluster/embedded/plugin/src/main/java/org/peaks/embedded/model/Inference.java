package org.peaks.embedded.model;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.threadpool.Scheduler;
import org.elasticsearch.threadpool.ThreadPool;

/** One text on its way through the model: answered once, by the worker or by the clock. */
final class Inference implements ActionListener<double[]> {

  private final ActionListener<double[]> listener;
  private final LongAdder answers;
  private final AtomicBoolean done = new AtomicBoolean();
  private final Scheduler.Cancellable clock;
  private volatile Runnable onTimeout = () -> {};

  /**
   * @param timeout how long to wait; {@link TimeValue#MAX_VALUE} for ever
   */
  Inference(
      ThreadPool threads, TimeValue timeout, LongAdder answers, ActionListener<double[]> listener) {
    this.listener = listener;
    this.answers = answers;
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
  public void onResponse(double[] result) {
    if (finish()) {
      answers.increment();
      listener.onResponse(result);
    }
  }

  @Override
  public void onFailure(Exception e) {
    if (finish()) {
      listener.onFailure(e);
    }
  }

  private void expire(TimeValue timeout) {
    if (finish()) {
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
