package org.peaks.embedded.worker;

import java.io.IOException;

/** The bytes of a model, in parts. */
public interface ModelParts {

  /**
   * @return the next part, or null after the last
   * @throws IOException when the part cannot be read
   */
  byte[] next() throws IOException;
}
