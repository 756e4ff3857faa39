package org.peaks.embedded.worker;

/** The inference worker has the model and will not run it; trying again will not help. */
public final class ModelRefusedException extends Exception {

  ModelRefusedException(String reason) {
    super(reason);
  }
}
