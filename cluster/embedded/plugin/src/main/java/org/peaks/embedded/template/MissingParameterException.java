package org.peaks.embedded.template;

import com.github.mustachejava.MustacheException;

/** A template that asked for {@code detect_missing_params} names a parameter nobody gave. */
final class MissingParameterException extends MustacheException {

  MissingParameterException(String name) {
    super("Parameter [" + name + "] is missing");
  }
}
