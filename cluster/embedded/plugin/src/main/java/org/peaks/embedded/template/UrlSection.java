package org.peaks.embedded.template;

import com.github.mustachejava.Code;
import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.MustacheException;
import com.github.mustachejava.TemplateContext;
import com.github.mustachejava.codes.DefaultMustache;
import java.io.IOException;
import java.io.StringWriter;
import java.io.Writer;
import java.util.List;

/** {@code {{#url}}…{{/url}}}: what stands inside, percent-encoded as form values are. */
final class UrlSection extends DefaultMustache {

  static final String FUNCTION = "url";

  UrlSection(TemplateContext context, DefaultMustacheFactory factory, Mustache body) {
    super(context, factory, body.getCodes(), FUNCTION);
  }

  @Override
  public Writer run(Writer writer, List<Object> scopes) {
    for (Code code : getCodes() == null ? new Code[0] : getCodes()) {
      StringWriter text = new StringWriter();
      code.execute(text, scopes);
      try {
        Encoders.url(text.toString(), writer);
      } catch (IOException e) {
        throw new MustacheException("Failed to render [" + FUNCTION + "]", e, tc);
      }
    }
    return writer;
  }
}
