package org.peaks.embedded.template;

import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.DefaultMustacheVisitor;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.MustacheException;
import com.github.mustachejava.MustacheVisitor;
import com.github.mustachejava.TemplateContext;
import java.io.IOException;
import java.io.Writer;

/**
 * Mustache as Elasticsearch speaks it: values escaped for the template's media type, and the
 * functions {@code toJson}, {@code join} and {@code url}.
 */
final class TemplateFactory extends DefaultMustacheFactory {

  private final Encoders.Encoder encoder;

  TemplateFactory(String mediaType, boolean detectMissingParameters) {
    setObjectHandler(new Parameters(detectMissingParameters));
    this.encoder = Encoders.forMediaType(mediaType);
  }

  @Override
  public void encode(String value, Writer writer) {
    try {
      encoder.encode(value, writer);
    } catch (IOException e) {
      throw new MustacheException("Unable to encode value", e);
    }
  }

  @Override
  public MustacheVisitor createMustacheVisitor() {
    return new FunctionVisitor(this);
  }

  private static final class FunctionVisitor extends DefaultMustacheVisitor {

    FunctionVisitor(DefaultMustacheFactory factory) {
      super(factory);
    }

    @Override
    public void iterable(TemplateContext context, String tag, Mustache body) {
      if (ToJsonSection.FUNCTION.equalsIgnoreCase(tag)) {
        list.add(new ToJsonSection(context, df, body));
        return;
      }
      if (UrlSection.FUNCTION.equalsIgnoreCase(tag)) {
        list.add(new UrlSection(context, df, body));
        return;
      }
      JoinSection join = JoinSection.open(context, df, body, tag);
      if (join != null) {
        list.add(join);
      } else {
        super.iterable(context, tag, body);
      }
    }
  }
}
