package org.peaks.embedded.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.elasticsearch.xpack.core.ml.inference.assignment.AssignmentStats.NodeStats;
import org.junit.jupiter.api.Test;

class StatisticsTest {

  private static final long START = 1_000_000;

  private final AtomicLong clock = new AtomicLong(START);
  private final Statistics statistics = new Statistics(clock::get);

  private NodeStats read() {
    return statistics.of(null, 3, 2, 4);
  }

  private void answerAt(long second, long... took) {
    clock.set(START + second * 1000);
    for (long millis : took) {
      statistics.answered(millis);
    }
  }

  @Test
  void nothingHasNoAverages() {
    NodeStats none = read();
    assertEquals(Optional.of(0L), none.getInferenceCount());
    assertEquals(Optional.empty(), none.getAvgInferenceTime());
    assertNull(none.getAvgInferenceTimeLastPeriod());
    assertNull(none.getLastAccess());
    assertEquals(3, none.getPendingCount());
    assertEquals(2, none.getThreadsPerAllocation());
    assertEquals(4, none.getNumberOfAllocations());
    assertEquals(Instant.ofEpochMilli(START), none.getStartTime());
  }

  @Test
  void countsEveryOutcome() {
    answerAt(5, 10, 20);
    statistics.failed();
    statistics.rejected();
    statistics.rejected();
    statistics.timedOut();
    statistics.timedOut();
    statistics.timedOut();
    NodeStats stats = read();
    assertEquals(Optional.of(2L), stats.getInferenceCount());
    assertEquals(Optional.of(15.0), stats.getAvgInferenceTime());
    assertEquals(1, stats.getErrorCount());
    assertEquals(2, stats.getRejectedExecutionCount());
    assertEquals(3, stats.getTimeoutCount());
    assertEquals(Instant.ofEpochMilli(START + 5000), stats.getLastAccess());
  }

  @Test
  void throughputIsThatOfTheLastWholeMinute() {
    answerAt(59, 10, 20, 30);
    assertEquals(0, read().getThroughputLastPeriod());
    answerAt(60, 7);
    assertEquals(3, read().getThroughputLastPeriod());
    assertEquals(20.0, read().getAvgInferenceTimeLastPeriod());
    assertEquals(3, read().getPeakThroughput());
    clock.set(START + 120_000);
    assertEquals(1, read().getThroughputLastPeriod());
    assertEquals(3, read().getPeakThroughput());
  }

  @Test
  void minuteWithoutAnswersHasNoThroughput() {
    answerAt(0, 10, 20);
    clock.set(START + 180_000);
    assertEquals(0, read().getThroughputLastPeriod());
    assertNull(read().getAvgInferenceTimeLastPeriod());
    assertEquals(2, read().getPeakThroughput());
    assertEquals(Optional.of(2L), read().getInferenceCount());
  }
}
