package org.peaks.embedded.template;

import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.MustacheException;
import com.github.mustachejava.TemplateContext;
import com.github.mustachejava.codes.IterableCode;
import com.github.mustachejava.codes.WriteCode;
import java.io.IOException;
import java.io.StringWriter;
import java.io.Writer;
import java.util.List;
import java.util.Map;
import org.elasticsearch.common.Strings;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentFactory;

/** {@code {{#toJson}}parameter{{/toJson}}}: a list or an object as JSON, a plain value as it is. */
final class ToJsonSection extends IterableCode {

  static final String FUNCTION = "toJson";

  ToJsonSection(TemplateContext context, DefaultMustacheFactory factory, Mustache body) {
    super(context, factory, body, parameterIn(body));
  }

  @Override
  public Writer execute(Writer writer, List<Object> scopes) {
    try {
      writer.write(toJson(get(scopes)));
    } catch (IOException e) {
      throw new MustacheException("Failed to render [" + FUNCTION + "]", e, tc);
    }
    return appendText(writer);
  }

  @SuppressWarnings("unchecked")
  private String toJson(Object value) throws IOException {
    try (XContentBuilder json = XContentFactory.jsonBuilder()) {
      if (value instanceof Iterable<?> items) {
        json.startArray();
        for (Object item : items) {
          json.value(item);
        }
        return Strings.toString(json.endArray());
      }
      if (value instanceof Map<?, ?> map) {
        return Strings.toString(json.map((Map<String, ?>) map));
      }
    }
    return value == null ? "" : oh.stringify(value);
  }

  private static String parameterIn(Mustache body) {
    if (body.getCodes() == null
        || body.getCodes().length != 1
        || body.getCodes()[0] instanceof WriteCode == false) {
      throw new MustacheException(
          "Mustache function [" + FUNCTION + "] must contain one and only one identifier");
    }
    StringWriter name = new StringWriter();
    body.getCodes()[0].execute(name, List.of());
    return name.toString();
  }
}
