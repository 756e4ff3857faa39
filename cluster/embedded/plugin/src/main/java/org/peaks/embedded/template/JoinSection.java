package org.peaks.embedded.template;

import com.github.mustachejava.DefaultMustacheFactory;
import com.github.mustachejava.Mustache;
import com.github.mustachejava.TemplateContext;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code {{#join}}list{{/join}}}, by commas, or {@code {{#join delimiter='; '}}list{{/join
 * delimiter='; '}}}.
 */
final class JoinSection extends FunctionSection {

  private static final String FUNCTION = "join";
  private static final Pattern WITH_DELIMITER = Pattern.compile("^join delimiter='(.*)'$");

  private final String delimiter;

  private JoinSection(
      TemplateContext context, DefaultMustacheFactory factory, Mustache body, String delimiter) {
    super(context, factory, body, FUNCTION);
    this.delimiter = delimiter;
  }

  /** The section that {@code tag} opens, or null when it is no join. */
  static JoinSection open(
      TemplateContext context, DefaultMustacheFactory factory, Mustache body, String tag) {
    if (FUNCTION.equalsIgnoreCase(tag)) {
      return new JoinSection(context, factory, body, ",");
    }
    Matcher match = WITH_DELIMITER.matcher(tag);
    return match.matches() ? new JoinSection(context, factory, body, match.group(1)) : null;
  }

  @Override
  String apply(Object value, String body) {
    if (value instanceof Iterable<?> items) {
      StringJoiner joined = new StringJoiner(delimiter);
      items.forEach(item -> joined.add(oh.stringify(item)));
      return joined.toString();
    }
    return body;
  }
}
