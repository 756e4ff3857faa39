package org.peaks.embedded.model;

import java.time.Instant;
import java.util.function.LongSupplier;
import org.elasticsearch.cluster.node.DiscoveryNode;
import org.elasticsearch.xpack.core.ml.inference.assignment.AssignmentStats.NodeStats;

/**
 * What a deployment has done since it started, counted as machine learning counts it: altogether,
 * and in the last whole minute.
 */
final class Statistics {

  private static final long PERIOD = 60_000;

  /** Answers of one period and the milliseconds that the model took for them. */
  private record Answers(long period, long count, long millis) {
    Answers plus(long took) {
      return new Answers(period, count + 1, millis + took);
    }

    Double average() {
      return count == 0 ? null : (double) millis / count;
    }
  }

  private final LongSupplier clock;
  private final long started;
  private Answers all = new Answers(0, 0, 0);
  private Answers current = all;
  private Answers last = all;
  private long mostInOnePeriod;
  private Instant lastAnswer;
  private int errors;
  private int rejections;
  private int timeouts;

  /**
   * @param clock milliseconds since 1970
   */
  Statistics(LongSupplier clock) {
    this.clock = clock;
    this.started = clock.getAsLong();
  }

  /**
   * @param took milliseconds of the model, without the waiting
   */
  synchronized void answered(long took) {
    turn();
    all = all.plus(took);
    current = current.plus(took);
    lastAnswer = Instant.ofEpochMilli(clock.getAsLong());
  }

  synchronized void failed() {
    errors++;
  }

  synchronized void rejected() {
    rejections++;
  }

  synchronized void timedOut() {
    timeouts++;
  }

  /** The statistics as {@code _stats} shows them. The inference cache is not imitated. */
  synchronized NodeStats of(DiscoveryNode node, int pending, int threads, int allocations) {
    turn();
    return NodeStats.forStartedState(
        node,
        all.count(),
        all.average(),
        all.average(),
        pending,
        errors,
        0L,
        rejections,
        timeouts,
        lastAnswer,
        Instant.ofEpochMilli(started),
        threads,
        allocations,
        mostInOnePeriod,
        last.count(),
        last.average(),
        0L);
  }

  private void turn() {
    long period = (clock.getAsLong() - started) / PERIOD;
    if (period > current.period()) {
      mostInOnePeriod = Math.max(mostInOnePeriod, current.count());
      last = period == current.period() + 1 ? current : new Answers(period - 1, 0, 0);
      current = new Answers(period, 0, 0);
    }
  }
}
