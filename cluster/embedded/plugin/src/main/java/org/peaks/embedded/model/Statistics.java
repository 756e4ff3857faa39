package org.peaks.embedded.model;

import java.time.Instant;
import org.elasticsearch.cluster.node.DiscoveryNode;
import org.elasticsearch.xpack.core.ml.inference.assignment.AssignmentStats.NodeStats;

/** What a deployment has done since it started. */
final class Statistics {

  private final Instant started = Instant.now();
  private long answers;
  private long millis;
  private Instant lastAnswer;
  private int errors;
  private int rejections;
  private int timeouts;

  /**
   * @param took milliseconds of the model, without the waiting
   */
  synchronized void answered(long took) {
    answers++;
    millis += took;
    lastAnswer = Instant.now();
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

  /**
   * The statistics as {@code _stats} shows them, without those of the last minute and the cache.
   */
  synchronized NodeStats of(DiscoveryNode node, int pending, int threads, int allocations) {
    Double average = answers == 0 ? null : (double) millis / answers;
    return NodeStats.forStartedState(
        node,
        answers,
        average,
        average,
        pending,
        errors,
        0L,
        rejections,
        timeouts,
        lastAnswer,
        started,
        threads,
        allocations,
        0L,
        0L,
        null,
        0L);
  }
}
