package org.peaks.embedded.template;

import java.io.IOException;
import java.io.Writer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import org.elasticsearch.xcontent.json.JsonStringEncoder;

/** How {@code {{value}}} is written, by the media type that a template declares. */
final class Encoders {

  /** Writes one value in one media type's escaping. */
  @FunctionalInterface
  interface Encoder {
    void encode(String value, Writer writer) throws IOException;
  }

  private Encoders() {}

  /**
   * @param mediaType as in a script's {@code content_type} option
   * @throws IllegalArgumentException for a media type that Elasticsearch's mustache does not know
   */
  static Encoder forMediaType(String mediaType) {
    return switch (mediaType) {
      case "application/json",
          "application/json;charset=utf-8",
          "application/json; charset=UTF-8" ->
          Encoders::json;
      case "text/plain" -> Encoders::plain;
      case "application/x-www-form-urlencoded" -> Encoders::url;
      default ->
          throw new IllegalArgumentException("No encoder found for media type [" + mediaType + "]");
    };
  }

  static void json(String value, Writer writer) throws IOException {
    writer.write(JsonStringEncoder.getInstance().quoteAsString(value));
  }

  static void plain(String value, Writer writer) throws IOException {
    writer.write(value);
  }

  static void url(String value, Writer writer) throws IOException {
    writer.write(URLEncoder.encode(value, StandardCharsets.UTF_8));
  }
}
