package org.peaks.embedded.model;

import java.time.Instant;
import org.elasticsearch.cluster.node.DiscoveryNode;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction.TaskParams;
import org.elasticsearch.xpack.core.ml.inference.assignment.AssignmentStats;

/** What a deployment has done since it was loaded, for {@code _stats}. */
final class DeploymentCounters {

  private static final long MINUTE = 60_000L;

  private final Instant started = Instant.now();
  private long answers;
  private double milliseconds;
  private int errors;
  private int rejections;
  private int timeouts;
  private Instant lastAnswer;
  private long minute;
  private long answersThisMinute;
  private double millisecondsThisMinute;
  private long answersLastMinute;
  private double millisecondsLastMinute;
  private long peak;

  synchronized void answered(double took) {
    turnMinute();
    answers++;
    milliseconds += took;
    answersThisMinute++;
    millisecondsThisMinute += took;
    peak = Math.max(peak, answersThisMinute);
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

  synchronized AssignmentStats.NodeStats snapshot(
      DiscoveryNode node, TaskParams parameters, int pending) {
    turnMinute();
    Double average = answers == 0 ? null : Double.valueOf(milliseconds / answers);
    return AssignmentStats.NodeStats.forStartedState(
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
        parameters.getThreadsPerAllocation(),
        parameters.getNumberOfAllocations(),
        peak,
        answersLastMinute,
        answersLastMinute == 0 ? null : Double.valueOf(millisecondsLastMinute / answersLastMinute),
        0L);
  }

  private void turnMinute() {
    long now = System.currentTimeMillis() / MINUTE;
    if (now == minute) {
      return;
    }
    boolean consecutive = now == minute + 1;
    answersLastMinute = consecutive ? answersThisMinute : 0;
    millisecondsLastMinute = consecutive ? millisecondsThisMinute : 0;
    answersThisMinute = 0;
    millisecondsThisMinute = 0;
    minute = now;
  }
}
