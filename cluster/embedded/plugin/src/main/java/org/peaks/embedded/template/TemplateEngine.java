package org.peaks.embedded.template;

import com.github.mustachejava.Mustache;
import com.github.mustachejava.MustacheException;
import java.io.StringReader;
import java.io.Writer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.ElasticsearchParseException;
import org.elasticsearch.ExceptionsHelper;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.text.SizeLimitingStringWriter;
import org.elasticsearch.common.unit.ByteSizeValue;
import org.elasticsearch.common.unit.MemorySizeValue;
import org.elasticsearch.script.GeneralScriptException;
import org.elasticsearch.script.ScriptContext;
import org.elasticsearch.script.ScriptEngine;
import org.elasticsearch.script.ScriptException;
import org.elasticsearch.script.TemplateScript;

/** The script language {@code mustache}, for search templates and for ingest processors. */
public final class TemplateEngine implements ScriptEngine {

  /** The script language's name. */
  public static final String NAME = "mustache";

  /** A rendered template longer than this is refused. */
  public static final Setting<ByteSizeValue> SIZE_LIMIT =
      new Setting<>(
          "mustache.max_output_size_bytes",
          settings -> "1mb",
          text ->
              MemorySizeValue.parseBytesSizeValueOrHeapRatio(
                  text, "mustache.max_output_size_bytes"),
          Setting.Property.NodeScope);

  private final int sizeLimit;

  public TemplateEngine(Settings settings) {
    this.sizeLimit = (int) SIZE_LIMIT.get(settings).getBytes();
  }

  @Override
  public String getType() {
    return NAME;
  }

  @Override
  public Set<ScriptContext<?>> getSupportedContexts() {
    return Set.of(TemplateScript.CONTEXT, TemplateScript.INGEST_CONTEXT);
  }

  @Override
  public <T> T compile(
      String name, String source, ScriptContext<T> context, Map<String, String> options) {
    if (context.instanceClazz.equals(TemplateScript.class) == false) {
      throw new IllegalArgumentException(
          "mustache engine does not know how to handle context [" + context.name + "]");
    }
    try {
      Mustache template = new TemplateFactory().compile(new StringReader(source), "query-template");
      TemplateScript.Factory compiled = parameters -> new Rendering(template, parameters);
      return context.factoryClazz.cast(compiled);
    } catch (MustacheException e) {
      throw new ScriptException(e.getMessage(), e, List.of(), source, NAME);
    }
  }

  private final class Rendering extends TemplateScript {
    private final Mustache template;

    Rendering(Mustache template, Map<String, Object> parameters) {
      super(parameters);
      this.template = template;
    }

    @Override
    public String execute() {
      Writer writer = new SizeLimitingStringWriter(sizeLimit);
      try {
        template.execute(writer, getParams());
      } catch (Exception e) {
        throw explain(e);
      }
      return writer.toString();
    }

    private RuntimeException explain(Exception e) {
      if (ExceptionsHelper.unwrap(e, SizeLimitingStringWriter.SizeLimitExceededException.class)
          != null) {
        return new ElasticsearchParseException("Mustache script result size limit exceeded", e);
      }
      return new GeneralScriptException("Error running " + template, e);
    }
  }
}
