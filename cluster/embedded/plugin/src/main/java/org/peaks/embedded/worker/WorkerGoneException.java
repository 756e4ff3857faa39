package org.peaks.embedded.worker;

/** The inference worker ended while it had work of ours. */
public final class WorkerGoneException extends Exception {

  WorkerGoneException(String message, Throwable cause) {
    super(message, cause);
  }
}
