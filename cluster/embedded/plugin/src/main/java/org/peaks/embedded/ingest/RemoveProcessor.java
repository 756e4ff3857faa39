package org.peaks.embedded.ingest;

import java.util.List;
import java.util.Map;
import org.elasticsearch.ingest.AbstractProcessor;
import org.elasticsearch.ingest.ConfigurationUtils;
import org.elasticsearch.ingest.IngestDocument;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.script.TemplateScript;
import org.peaks.embedded.stack.ProcessorFactory;

/** {@code remove} with {@code field}: takes fields away. */
public final class RemoveProcessor extends AbstractProcessor {

  /** The processor's name in a pipeline. */
  public static final String TYPE = "remove";

  private final List<TemplateScript.Factory> fields;
  private final boolean ignoreMissing;

  private RemoveProcessor(
      String tag, String description, List<TemplateScript.Factory> fields, boolean ignoreMissing) {
    super(tag, description);
    this.fields = fields;
    this.ignoreMissing = ignoreMissing;
  }

  @Override
  public String getType() {
    return TYPE;
  }

  @Override
  public IngestDocument execute(IngestDocument document) {
    fields.forEach(field -> document.removeField(document.renderTemplate(field), ignoreMissing));
    return document;
  }

  /** Reads a {@code remove} from a pipeline. */
  public record Factory(ScriptService scripts) implements ProcessorFactory {

    @Override
    public RemoveProcessor create(String tag, String description, Map<String, Object> config) {
      Object names = ConfigurationUtils.readObject(TYPE, tag, config, "field");
      List<?> list = names instanceof List<?> several ? several : List.of(names);
      List<TemplateScript.Factory> fields =
          list.stream()
              .map(
                  name ->
                      ConfigurationUtils.compileTemplate(
                          TYPE, tag, "field", String.valueOf(name), scripts))
              .toList();
      boolean ignoreMissing =
          ConfigurationUtils.readBooleanProperty(TYPE, tag, config, "ignore_missing", false);
      return new RemoveProcessor(tag, description, fields, ignoreMissing);
    }
  }
}
