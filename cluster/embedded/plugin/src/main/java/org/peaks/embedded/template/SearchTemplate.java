package org.peaks.embedded.template;

import java.io.IOException;
import java.util.Map;
import org.elasticsearch.action.ActionRequestValidationException;
import org.elasticsearch.action.ValidateActions;
import org.elasticsearch.common.ParsingException;
import org.elasticsearch.common.Strings;
import org.elasticsearch.script.Script;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.script.ScriptType;
import org.elasticsearch.script.TemplateScript;
import org.elasticsearch.xcontent.ObjectParser;
import org.elasticsearch.xcontent.ObjectParser.ValueType;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentFactory;
import org.elasticsearch.xcontent.XContentParser;

/** The body of {@code _search/template}: a stored template's id or a source, and its parameters. */
final class SearchTemplate {

  private static final ObjectParser<SearchTemplate, Void> PARSER =
      new ObjectParser<>("search_template", SearchTemplate::new);

  static {
    PARSER.declareString(SearchTemplate::stored, new ParseField("id"));
    PARSER.declareField(
        (parser, template, unused) -> template.inline(sourceText(parser)),
        new ParseField("source"),
        ValueType.OBJECT_OR_STRING);
    PARSER.declareField(
        (parser, template, unused) -> template.parameters = parser.map(),
        new ParseField("params"),
        ValueType.OBJECT);
  }

  private ScriptType type;
  private String script;
  private Map<String, Object> parameters = Map.of();

  static SearchTemplate parse(XContentParser parser) throws IOException {
    return PARSER.parse(parser, null);
  }

  void stored(String id) {
    type = ScriptType.STORED;
    script = id;
  }

  private void inline(String source) {
    type = ScriptType.INLINE;
    script = source;
  }

  /**
   * @throws ActionRequestValidationException when no template is named
   */
  SearchTemplate validated() {
    if (script == null || script.isEmpty()) {
      throw ValidateActions.addValidationError("template is missing", null);
    }
    return this;
  }

  /** The template's text with the parameters in their places. */
  String render(ScriptService scripts) {
    String language = type == ScriptType.STORED ? null : TemplateEngine.NAME;
    Script source = new Script(type, language, script, parameters);
    return scripts.compile(source, TemplateScript.CONTEXT).newInstance(parameters).execute();
  }

  private static String sourceText(XContentParser parser) throws IOException {
    if (parser.currentToken() != XContentParser.Token.START_OBJECT) {
      return parser.text();
    }
    try (XContentBuilder json = XContentFactory.jsonBuilder()) {
      return Strings.toString(json.copyCurrentStructure(parser));
    } catch (IOException e) {
      throw new ParsingException(parser.getTokenLocation(), "Could not parse inline template", e);
    }
  }
}
