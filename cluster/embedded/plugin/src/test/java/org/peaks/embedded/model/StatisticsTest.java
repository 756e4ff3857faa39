package org.peaks.embedded.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.elasticsearch.xpack.core.ml.inference.assignment.AssignmentStats.NodeStats;
import org.junit.jupiter.api.Test;

class StatisticsTest {

  private final Statistics statistics = new Statistics();

  private NodeStats read() {
    return statistics.of(null, 3, 2, 4);
  }

  @Test
  void nothingHasNoAverages() {
    NodeStats none = read();
    assertEquals(Optional.of(0L), none.getInferenceCount());
    assertEquals(Optional.empty(), none.getAvgInferenceTime());
    assertEquals(3, none.getPendingCount());
    assertEquals(2, none.getThreadsPerAllocation());
    assertEquals(4, none.getNumberOfAllocations());
  }

  @Test
  void countsEveryOutcome() {
    statistics.answered(10);
    statistics.answered(20);
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
  }
}
