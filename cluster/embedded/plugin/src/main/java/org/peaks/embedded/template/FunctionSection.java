package org.peaks.embedded.template;

import com.github.mustachejava.Code;
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

/**
 * A section that is a function of one parameter, {@code {{#name}}parameter{{/name}}}; what it
 * writes is not escaped.
 */
abstract class FunctionSection extends IterableCode {

  private final String function;

  FunctionSection(
      TemplateContext context, DefaultMustacheFactory factory, Mustache body, String function) {
    super(context, factory, body, parameterIn(body, function, context));
    this.function = function;
  }

  /**
   * @param value what the parameter is, or null
   * @param body the section's own text, rendered
   * @return the text to write, or null for none
   */
  abstract String apply(Object value, String body) throws IOException;

  @Override
  public Writer execute(Writer writer, List<Object> scopes) {
    StringWriter body = new StringWriter();
    run(body, scopes);
    try {
      String text = apply(get(scopes), body.toString());
      if (text != null) {
        writer.write(text);
      }
    } catch (IOException e) {
      throw new MustacheException("Failed to render [" + function + "]", e, tc);
    }
    return appendText(writer);
  }

  @Override
  protected void tag(Writer writer, String tag) throws IOException {
    writer.write(tc.startChars() + tag + function + tc.endChars());
  }

  private static String parameterIn(Mustache body, String function, TemplateContext context) {
    Code[] codes = body.getCodes();
    if (codes == null || codes.length != 1) {
      throw new MustacheException(
          "Mustache function [" + function + "] must contain one and only one identifier");
    }
    StringWriter name = new StringWriter();
    if (codes[0] instanceof WriteCode) {
      codes[0].execute(name, List.of());
    } else {
      codes[0].identity(name);
    }
    return name.toString();
  }
}
