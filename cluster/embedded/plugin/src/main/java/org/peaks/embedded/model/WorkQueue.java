package org.peaks.embedded.model;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.Executor;
import org.elasticsearch.common.util.concurrent.EsRejectedExecutionException;

/**
 * Work that waits until an allocation is free: what is urgent first, otherwise in the order in
 * which it came.
 */
final class WorkQueue {

  private record Work(boolean urgent, long number, Runnable task) {}

  private final PriorityQueue<Work> waiting =
      new PriorityQueue<>(
          Comparator.comparing(Work::urgent).reversed().thenComparing(Work::number));
  private final Executor executor;
  private final int capacity;
  private int allocations;
  private int running;
  private long numbers;

  /**
   * @param capacity how much may wait, besides what runs
   * @param allocations how much may run at a time
   */
  WorkQueue(Executor executor, int capacity, int allocations) {
    this.executor = executor;
    this.capacity = capacity;
    this.allocations = allocations;
  }

  /**
   * Runs a task as soon as an allocation is free; the task calls {@link #done} in the end.
   *
   * @throws EsRejectedExecutionException 429 when the queue is full
   */
  synchronized void put(Runnable task, boolean urgent) {
    if (waiting.size() >= capacity) {
      throw new EsRejectedExecutionException(
          "inference process queue is full. Unable to execute command", false);
    }
    waiting.add(new Work(urgent, numbers++, task));
    advance();
  }

  /** A task has ended: its allocation is free. */
  synchronized void done() {
    running--;
    advance();
  }

  synchronized void resize(int allocations) {
    this.allocations = allocations;
    advance();
  }

  /** How much waits or runs. */
  synchronized int size() {
    return waiting.size() + running;
  }

  private void advance() {
    while (running < allocations && waiting.isEmpty() == false) {
      running++;
      executor.execute(waiting.remove().task());
    }
  }
}
