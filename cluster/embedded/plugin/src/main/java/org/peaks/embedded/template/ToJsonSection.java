package org.peaks.embedded.template;

import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.TemplateContext;
import java.io.IOException;
import java.util.Map;
import org.elasticsearch.common.Strings;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentFactory;

/** {@code {{#toJson}}parameter{{/toJson}}}: a list or an object as JSON, a plain value as it is. */
final class ToJsonSection extends FunctionSection {

  static final String FUNCTION = "toJson";

  ToJsonSection(TemplateContext context, DefaultMustacheFactory factory, Mustache body) {
    super(context, factory, body, FUNCTION);
  }

  @Override
  @SuppressWarnings("unchecked")
  String apply(Object value, String body) throws IOException {
    if (value == null) {
      return null;
    }
    if (value instanceof Iterable<?> items) {
      return listToJson(items);
    }
    if (value instanceof Map<?, ?> map) {
      try (XContentBuilder json = XContentFactory.jsonBuilder()) {
        return Strings.toString(json.map((Map<String, ?>) map));
      }
    }
    return oh.stringify(value);
  }

  private static String listToJson(Iterable<?> items) throws IOException {
    try (XContentBuilder json = XContentFactory.jsonBuilder()) {
      json.startArray();
      for (Object item : items) {
        json.value(item);
      }
      return Strings.toString(json.endArray());
    }
  }
}
