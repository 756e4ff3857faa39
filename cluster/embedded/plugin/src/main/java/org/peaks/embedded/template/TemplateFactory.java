package org.peaks.embedded.template;

import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.DefaultMustacheVisitor;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.MustacheException;
import com.github.mustachejava.MustacheVisitor;
import com.github.mustachejava.ObjectHandler;
import com.github.mustachejava.TemplateContext;
import com.github.mustachejava.reflect.ReflectionObjectHandler;
import java.io.IOException;
import java.io.Writer;
import java.lang.reflect.AccessibleObject;
import java.util.Collection;
import org.elasticsearch.common.util.CollectionUtils;
import org.elasticsearch.xcontent.json.JsonStringEncoder;

/**
 * Mustache as Elasticsearch speaks it: values escaped for JSON, names that find keys of maps and
 * places in lists, never Java members, and the function {@code toJson}.
 */
final class TemplateFactory extends DefaultMustacheFactory {

  TemplateFactory() {
    setObjectHandler(parameters());
  }

  @Override
  public void encode(String value, Writer writer) {
    try {
      writer.write(JsonStringEncoder.getInstance().quoteAsString(value));
    } catch (IOException e) {
      throw new MustacheException("Unable to encode value", e);
    }
  }

  @Override
  public MustacheVisitor createMustacheVisitor() {
    return new DefaultMustacheVisitor(this) {
      @Override
      public void iterable(TemplateContext context, String tag, Mustache body) {
        if (ToJsonSection.FUNCTION.equalsIgnoreCase(tag)) {
          list.add(new ToJsonSection(context, df, body));
        } else {
          super.iterable(context, tag, body);
        }
      }
    };
  }

  private static ObjectHandler parameters() {
    return new ReflectionObjectHandler() {
      @Override
      public Object coerce(Object value) {
        return value instanceof Collection<?> items ? new ListView(items) : super.coerce(value);
      }

      @Override
      @SuppressWarnings("rawtypes")
      protected AccessibleObject findMember(Class type, String name) {
        return null;
      }

      @Override
      public String stringify(Object value) {
        CollectionUtils.ensureNoSelfReferences(value, "mustache parameter");
        return super.stringify(value);
      }
    };
  }
}
