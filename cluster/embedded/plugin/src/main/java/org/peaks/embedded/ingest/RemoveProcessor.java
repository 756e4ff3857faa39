package org.peaks.embedded.ingest;

import static org.elasticsearch.ingest.ConfigurationUtils.newConfigurationException;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.elasticsearch.ingest.AbstractProcessor;
import org.elasticsearch.ingest.ConfigurationUtils;
import org.elasticsearch.ingest.IngestDocument;
import org.elasticsearch.ingest.IngestDocument.Metadata;
import org.elasticsearch.ingest.Processor;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.script.TemplateScript;

/** {@code remove}: takes fields away, or all of them but those to {@code keep}. */
public final class RemoveProcessor extends AbstractProcessor {

  /** The processor's name in a pipeline. */
  public static final String TYPE = "remove";

  private final List<TemplateScript.Factory> fields;
  private final List<TemplateScript.Factory> keep;
  private final boolean ignoreMissing;

  private RemoveProcessor(
      String tag,
      String description,
      List<TemplateScript.Factory> fields,
      List<TemplateScript.Factory> keep,
      boolean ignoreMissing) {
    super(tag, description);
    this.fields = fields;
    this.keep = keep;
    this.ignoreMissing = ignoreMissing;
  }

  @Override
  public String getType() {
    return TYPE;
  }

  @Override
  public IngestDocument execute(IngestDocument document) {
    if (keep.isEmpty()) {
      fields.forEach(field -> document.removeField(document.renderTemplate(field), ignoreMissing));
    } else {
      removeOthers(document);
    }
    return document;
  }

  private void removeOthers(IngestDocument document) {
    Set<String> kept =
        keep.stream()
            .map(document::renderTemplate)
            .filter(document::hasField)
            .collect(Collectors.toSet());
    for (String path : IngestDocument.getAllFields(document.getSourceAndMetadata())) {
      boolean wanted =
          Metadata.isMetadata(path) || kept.stream().anyMatch(keptPath -> related(keptPath, path));
      if (wanted == false && document.hasField(path)) {
        document.removeField(path);
      }
    }
  }

  /** A field is kept with all it holds and with all that holds it. */
  private static boolean related(String kept, String path) {
    return path.equals(kept) || path.startsWith(kept + ".") || kept.startsWith(path + ".");
  }

  /** Reads a {@code remove} from a pipeline. */
  public static final class Factory implements Processor.Factory {

    private final ScriptService scripts;

    public Factory(ScriptService scripts) {
      this.scripts = scripts;
    }

    @Override
    public RemoveProcessor create(
        Map<String, Processor.Factory> registry,
        String tag,
        String description,
        Map<String, Object> config) {
      boolean keeps = config.containsKey("keep");
      if (keeps && config.containsKey("field")) {
        throw newConfigurationException(
            TYPE, tag, "keep", "ambiguous definition: either keep or field should be specified");
      }
      List<TemplateScript.Factory> named = readTemplates(tag, config, keeps ? "keep" : "field");
      boolean ignoreMissing =
          ConfigurationUtils.readBooleanProperty(TYPE, tag, config, "ignore_missing", false);
      return new RemoveProcessor(
          tag, description, keeps ? List.of() : named, keeps ? named : List.of(), ignoreMissing);
    }

    private List<TemplateScript.Factory> readTemplates(
        String tag, Map<String, Object> config, String property) {
      Object names = ConfigurationUtils.readObject(TYPE, tag, config, property);
      List<?> list = names instanceof List<?> several ? several : List.of(names);
      return list.stream()
          .map(
              name ->
                  ConfigurationUtils.compileTemplate(
                      TYPE, tag, property, String.valueOf(name), scripts))
          .toList();
    }
  }
}
