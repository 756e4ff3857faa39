package org.peaks.embedded.ingest;

import static org.elasticsearch.ingest.ConfigurationUtils.newConfigurationException;

import java.util.Map;
import org.elasticsearch.ingest.AbstractProcessor;
import org.elasticsearch.ingest.ConfigurationUtils;
import org.elasticsearch.ingest.IngestDocument;
import org.elasticsearch.ingest.Processor;
import org.elasticsearch.ingest.ValueSource;
import org.elasticsearch.script.Script;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.script.TemplateScript;

/** {@code set}: gives a field a value, a rendered template, or a copy of another field. */
public final class SetProcessor extends AbstractProcessor {

  /** The processor's name in a pipeline. */
  public static final String TYPE = "set";

  private final TemplateScript.Factory field;
  private final ValueSource value;
  private final String copyFrom;
  private final boolean override;
  private final boolean ignoreEmptyValue;

  private SetProcessor(
      String tag,
      String description,
      TemplateScript.Factory field,
      ValueSource value,
      String copyFrom,
      boolean override,
      boolean ignoreEmptyValue) {
    super(tag, description);
    this.field = field;
    this.value = value;
    this.copyFrom = copyFrom;
    this.override = override;
    this.ignoreEmptyValue = ignoreEmptyValue;
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
      document.setFieldValue(path, value, ignoreEmptyValue);
    } else {
      Object copied = document.getFieldValue(copyFrom, Object.class, ignoreEmptyValue);
      document.setFieldValue(path, IngestDocument.deepCopy(copied), ignoreEmptyValue);
    }
    return document;
  }

  private static boolean isTaken(IngestDocument document, String path) {
    return document.hasField(path) && document.getFieldValue(path, Object.class) != null;
  }

  /** Reads a {@code set} from a pipeline. */
  public static final class Factory implements Processor.Factory {

    private final ScriptService scripts;

    public Factory(ScriptService scripts) {
      this.scripts = scripts;
    }

    @Override
    public SetProcessor create(
        Map<String, Processor.Factory> registry,
        String tag,
        String description,
        Map<String, Object> config) {
      String field = ConfigurationUtils.readStringProperty(TYPE, tag, config, "field");
      String copyFrom =
          ConfigurationUtils.readOptionalStringProperty(TYPE, tag, config, "copy_from");
      String mediaType =
          ConfigurationUtils.readMediaTypeProperty(
              TYPE, tag, config, "media_type", "application/json");
      return new SetProcessor(
          tag,
          description,
          ConfigurationUtils.compileTemplate(TYPE, tag, "field", field, scripts),
          readValue(tag, config, copyFrom, mediaType),
          copyFrom,
          ConfigurationUtils.readBooleanProperty(TYPE, tag, config, "override", true),
          ConfigurationUtils.readBooleanProperty(TYPE, tag, config, "ignore_empty_value", false));
    }

    private ValueSource readValue(
        String tag, Map<String, Object> config, String copyFrom, String mediaType) {
      if (copyFrom == null) {
        Object value = ConfigurationUtils.readObject(TYPE, tag, config, "value");
        return ValueSource.wrap(value, scripts, Map.of(Script.CONTENT_TYPE_OPTION, mediaType));
      }
      if (config.remove("value") != null) {
        throw newConfigurationException(
            TYPE, tag, "copy_from", "cannot set `copy_from` while also setting `value`");
      }
      return null;
    }
  }
}
