package org.peaks.embedded.worker;

import java.io.IOException;

/**
 * The process in which a model was being loaded ended, and the worker did not: it was the model's
 * fault, unless this model was loaded before.
 */
public final class LoadingEndedException extends IOException {

  LoadingEndedException(IOException cause) {
    super(
        "the process that loaded the model ended: its file is damaged, or it needs too much memory",
        cause);
  }
}
