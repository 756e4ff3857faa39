package org.peaks.embedded.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.elasticsearch.ElasticsearchParseException;
import org.elasticsearch.ExceptionsHelper;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.xcontent.XContentHelper;
import org.elasticsearch.script.GeneralScriptException;
import org.elasticsearch.script.ScriptException;
import org.elasticsearch.script.TemplateScript;
import org.elasticsearch.xcontent.json.JsonXContent;
import org.junit.jupiter.api.Test;

class TemplateEngineTest {

  private final TemplateEngine engine = new TemplateEngine(Settings.EMPTY);

  private String render(String source, Map<String, Object> parameters) {
    return render(source, Map.of(), parameters);
  }

  private String render(
      String source, Map<String, String> options, Map<String, Object> parameters) {
    return engine
        .compile("test", source, TemplateScript.CONTEXT, options)
        .newInstance(parameters)
        .execute();
  }

  @Test
  void everyHostileTextStaysOneJsonString() {
    for (int point = 0; point < 0x500; point++) {
      String hostile = Character.toString(point) + "\"}, \"match_all\": {" + "\\\n";
      String rendered = render("{\"a\": \"{{text}}\"}", Map.of("text", hostile));
      var parsed = XContentHelper.convertToMap(JsonXContent.jsonXContent, rendered, false);
      assertEquals(Map.of("a", hostile), parsed);
    }
  }

  @Test
  void mediaTypeDecidesTheEscaping() {
    Map<String, Object> parameters = Map.of("x", "a \"b\" & c");
    assertEquals("a \\\"b\\\" & c", render("{{x}}", parameters));
    assertEquals("a \"b\" & c", render("{{{x}}}", parameters));
    var plain = Map.of("content_type", "text/plain");
    assertEquals("a \"b\" & c", render("{{x}}", plain, parameters));
    var form = Map.of("content_type", "application/x-www-form-urlencoded");
    assertEquals("a+%22b%22+%26+c", render("{{x}}", form, parameters));
  }

  @Test
  void toJsonWritesListsAndObjects() {
    String source = "{{#toJson}}x{{/toJson}}";
    assertEquals(
        "[1,\"a\\\"b\",null]", render(source, Map.of("x", Arrays.asList(1, "a\"b", null))));
    assertEquals("{\"k\":[0.5]}", render(source, Map.of("x", Map.of("k", List.of(0.5)))));
    assertEquals("[0.1,-2.0E-5]", render(source, Map.of("x", new float[] {0.1f, -2e-5f})));
    assertEquals("plain", render(source, Map.of("x", "plain")));
    assertEquals("", render(source, Map.of()));
  }

  @Test
  void joinPutsDelimitersBetween() {
    Map<String, Object> parameters = Map.of("x", List.of("a", 2, true));
    assertEquals("a,2,true", render("{{#join}}x{{/join}}", parameters));
    assertEquals(
        "a | 2 | true", render("{{#join delimiter=' | '}}x{{/join delimiter=' | '}}", parameters));
  }

  @Test
  void urlEncodesWhatStandsInside() {
    assertEquals("q%3Da+b", render("{{#url}}q={{x}}{{/url}}", Map.of("x", "a b")));
  }

  @Test
  void sectionsFollowTheirParameters() {
    String source = "{{#x}}<{{.}}>{{/x}}{{^x}}none{{/x}}";
    assertEquals("<1><2>", render(source, Map.of("x", List.of(1, 2))));
    assertEquals("none", render(source, Map.of()));
    assertEquals("none", render(source, Map.of("x", false)));
    assertEquals("none", render(source, Map.of("x", List.of())));
  }

  @Test
  void dottedNamesReachInside() {
    Map<String, Object> parameters = Map.of("x", Map.of("y", List.of("a", "b")));
    assertEquals("b of 2", render("{{x.y.1}} of {{x.y.size}}", parameters));
  }

  @Test
  void noTemplateReachesJava() {
    assertEquals("", render("{{x.class}}{{x.bytes}}", Map.of("x", "text")));
  }

  @Test
  void missingParametersAreNamedOnDemand() {
    assertEquals("", render("{{x}}", Map.of()));
    var strict = Map.of("detect_missing_params", "true");
    var error = assertThrows(GeneralScriptException.class, () -> render("{{x}}", strict, Map.of()));
    Throwable missing = ExceptionsHelper.unwrap(error, MissingParameterException.class);
    assertTrue(missing.getMessage().startsWith("Parameter [x] is missing"), missing.getMessage());
  }

  @Test
  void tooLongARenderingIsRefused() {
    Map<String, Object> parameters = Map.of("x", "y".repeat(1 << 21));
    var error = assertThrows(ElasticsearchParseException.class, () -> render("{{x}}", parameters));
    assertEquals("Mustache script result size limit exceeded", error.getMessage());
  }

  @Test
  void brokenTemplateIsRefusedWhenCompiled() {
    assertThrows(ScriptException.class, () -> render("{{#x}}", Map.of()));
    assertThrows(ScriptException.class, () -> render("{{#join}}a{{b}}{{/join}}", Map.of()));
  }
}
