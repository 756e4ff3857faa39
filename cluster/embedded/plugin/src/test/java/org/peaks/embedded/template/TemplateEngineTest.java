package org.peaks.embedded.template;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.elasticsearch.ElasticsearchParseException;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.xcontent.XContentHelper;
import org.elasticsearch.script.ScriptException;
import org.elasticsearch.script.TemplateScript;
import org.elasticsearch.xcontent.json.JsonXContent;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TemplateEngineTest {

  @BeforeAll
  static void giveExceptionsTheirLoggers() {
    LogConfigurator.configureESLogging();
  }

  private final TemplateEngine engine = new TemplateEngine(Settings.EMPTY);

  private String render(String source, Map<String, Object> parameters) {
    return engine
        .compile("test", source, TemplateScript.CONTEXT, Map.of())
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
  void threeBracesEscapeNothing() {
    assertEquals("a \"b\" & c", render("{{{x}}}", Map.of("x", "a \"b\" & c")));
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
  void listsBecomeJsonWhateverTheirItems() {
    String source = "{{#x.size}}{{#toJson}}x{{/toJson}}{{/x.size}}";
    assertEquals("[0.5,-2]", render(source, Map.of("x", List.of(0.5, -2))));
    assertEquals("[\"1], \\\"\"]", render(source, Map.of("x", List.of("1], \""))));
    assertEquals("[]", render(source, Map.of("x", List.of())));
    assertEquals("", render(source, Map.of("x", "1], \"")));
    assertEquals("", render(source, Map.of()));
  }

  @Test
  void noTemplateReachesJava() {
    assertEquals("", render("{{x.class}}{{x.bytes}}", Map.of("x", "text")));
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
  }
}
