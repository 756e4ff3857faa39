package org.peaks.embedded.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import org.elasticsearch.ExceptionsHelper;
import org.elasticsearch.common.util.concurrent.EsRejectedExecutionException;
import org.elasticsearch.rest.RestStatus;
import org.junit.jupiter.api.Test;

class WorkQueueTest {

  private final List<String> started = new ArrayList<>();

  private void put(WorkQueue queue, String name, boolean urgent) {
    queue.put(() -> started.add(name), urgent);
  }

  @Test
  void runsAsMuchAsThereAreAllocations() {
    WorkQueue queue = new WorkQueue(Runnable::run, 10, 2);
    for (String name : List.of("a", "b", "c", "d")) {
      put(queue, name, false);
    }
    assertEquals(List.of("a", "b"), started);
    assertEquals(4, queue.size());
    queue.done();
    assertEquals(List.of("a", "b", "c"), started);
    assertEquals(3, queue.size());
    queue.resize(3);
    assertEquals(List.of("a", "b", "c", "d"), started);
  }

  @Test
  void fewerAllocationsLetTheRunningOnesEnd() {
    WorkQueue queue = new WorkQueue(Runnable::run, 10, 2);
    put(queue, "a", false);
    put(queue, "b", false);
    put(queue, "c", false);
    queue.resize(1);
    queue.done();
    assertEquals(List.of("a", "b"), started);
    queue.done();
    assertEquals(List.of("a", "b", "c"), started);
  }

  @Test
  void urgentWorkGoesBeforeOtherWaitingWork() {
    WorkQueue queue = new WorkQueue(Runnable::run, 10, 1);
    put(queue, "running", false);
    put(queue, "ingest 1", false);
    put(queue, "search 1", true);
    put(queue, "ingest 2", false);
    put(queue, "search 2", true);
    for (int i = 0; i < 4; i++) {
      queue.done();
    }
    assertEquals(List.of("running", "search 1", "search 2", "ingest 1", "ingest 2"), started);
  }

  @Test
  void fullQueueRefusesEvenUrgentWork() {
    WorkQueue queue = new WorkQueue(Runnable::run, 1, 1);
    put(queue, "running", false);
    put(queue, "waiting", false);
    var refusal =
        assertThrows(EsRejectedExecutionException.class, () -> put(queue, "too much", true));
    assertEquals(
        "inference process queue is full. Unable to execute command", refusal.getMessage());
    assertEquals(RestStatus.TOO_MANY_REQUESTS, ExceptionsHelper.status(refusal));
    queue.done();
    put(queue, "room again", false);
    assertEquals(List.of("running", "waiting"), started);
  }
}
