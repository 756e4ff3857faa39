package org.peaks.embedded.ingest;

import static org.elasticsearch.ingest.ConfigurationUtils.newConfigurationException;

import java.util.Map;
import org.elasticsearch.ingest.AbstractProcessor;
import org.elasticsearch.ingest.ConfigurationUtils;
import org.elasticsearch.ingest.IngestDocument;
import org.elasticsearch.ingest.ValueSource;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.script.TemplateScript;
import org.peaks.embedded.stack.ProcessorFactory;

/** {@code set}: gives a field a value, a rendered template, or a copy of another field. */
public final class SetProcessor extends AbstractProcessor {

  /** The processor's name in a pipeline. */
  public static final String TYPE = "set";

  private final TemplateScript.Factory field;
  private final ValueSource value;
  private final String copyFrom;
  private final boolean override;

  private SetProcessor(
      String tag,
      String description,
      TemplateScript.Factory field,
      ValueSource value,
      String copyFrom,
      boolean override) {
    super(tag, description);
    this.field = field;
    this.value = value;
    this.copyFrom = copyFrom;
    this.override = override;
  }

  @Override
  public String getType() {
    return TYPE;
  }

  @Override
  public IngestDocument execute(IngestDocument document) {
    String path = document.renderTemplate(field);
    if (override == false && isTaken(document, path)) {
      return document;
    }
    if (copyFrom == null) {
      document.setFieldValue(path, value, false);
    } else {
      Object copied = document.getFieldValue(copyFrom, Object.class);
      document.setFieldValue(path, IngestDocument.deepCopy(copied));
    }
    return document;
  }

  private static boolean isTaken(IngestDocument document, String path) {
    return document.hasField(path) && document.getFieldValue(path, Object.class) != null;
  }

  /** Reads a {@code set} from a pipeline. */
  public record Factory(ScriptService scripts) implements ProcessorFactory {

    @Override
    public SetProcessor create(String tag, String description, Map<String, Object> config) {
      String field = ConfigurationUtils.readStringProperty(TYPE, tag, config, "field");
      String copyFrom =
          ConfigurationUtils.readOptionalStringProperty(TYPE, tag, config, "copy_from");
      return new SetProcessor(
          tag,
          description,
          ConfigurationUtils.compileTemplate(TYPE, tag, "field", field, scripts),
          readValue(tag, config, copyFrom),
          copyFrom,
          ConfigurationUtils.readBooleanProperty(TYPE, tag, config, "override", true));
    }

    private ValueSource readValue(String tag, Map<String, Object> config, String copyFrom) {
      if (copyFrom == null) {
        Object value = ConfigurationUtils.readObject(TYPE, tag, config, "value");
        return ValueSource.wrap(value, scripts);
      }
      if (config.remove("value") != null) {
        throw newConfigurationException(
            TYPE, tag, "copy_from", "cannot set `copy_from` while also setting `value`");
      }
      return null;
    }
  }
}
