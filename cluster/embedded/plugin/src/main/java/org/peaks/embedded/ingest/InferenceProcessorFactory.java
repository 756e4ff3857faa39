package org.peaks.embedded.ingest;

import static org.elasticsearch.ingest.ConfigurationUtils.newConfigurationException;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.ingest.ConfigurationUtils;
import org.elasticsearch.ingest.Processor;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.InferenceConfigUpdate;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.TextEmbeddingConfig;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.TextEmbeddingConfigUpdate;
import org.elasticsearch.xpack.core.ml.utils.ExceptionsHelper;
import org.peaks.embedded.ingest.InferenceProcessor.InputOutput;
import org.peaks.embedded.ingest.InferenceProcessor.TargetField;

/** Reads an {@code inference} processor from a pipeline, in both of its forms. */
public final class InferenceProcessorFactory implements Processor.Factory {

  private static final String TYPE = InferenceProcessor.TYPE;
  private static final String INPUT_OUTPUT = "input_output";
  private static final String INFERENCE_CONFIG = "inference_config";

  private final Client client;

  public InferenceProcessorFactory(Client client) {
    this.client = client;
  }

  @Override
  public InferenceProcessor create(
      Map<String, Processor.Factory> registry,
      String tag,
      String description,
      Map<String, Object> config) {
    String modelId = ConfigurationUtils.readStringProperty(TYPE, tag, config, "model_id");
    InferenceConfigUpdate update = readUpdate(tag, config);
    InferenceProcessor.Shape shape =
        config.containsKey(INPUT_OUTPUT)
            ? readInputOutput(tag, config, update)
            : readTargetField(tag, config);
    return new InferenceProcessor(client, tag, description, modelId, update, shape);
  }

  private static InferenceConfigUpdate readUpdate(String tag, Map<String, Object> config) {
    Map<String, Object> given =
        ConfigurationUtils.readOptionalMap(TYPE, tag, config, INFERENCE_CONFIG);
    if (given == null) {
      return null;
    }
    if (given.size() != 1 || given.values().iterator().next() instanceof Map == false) {
      throw ExceptionsHelper.badRequestException(
          "{} must be an object with one inference type mapped to an object.", INFERENCE_CONFIG);
    }
    if (given.containsKey(TextEmbeddingConfig.NAME) == false) {
      throw ExceptionsHelper.badRequestException(
          "unrecognized inference configuration type {}. Supported types {}",
          given.keySet(),
          List.of(TextEmbeddingConfig.NAME));
    }
    return TextEmbeddingConfigUpdate.fromMap(
        ConfigurationUtils.readMap(TYPE, tag, given, TextEmbeddingConfig.NAME));
  }

  private static TargetField readTargetField(String tag, Map<String, Object> config) {
    String fallback = tag == null ? "ml.inference" : "ml.inference." + tag;
    String target =
        ConfigurationUtils.readStringProperty(TYPE, tag, config, "target_field", fallback);
    Map<String, String> fieldMap =
        ConfigurationUtils.readOptionalMap(TYPE, tag, config, "field_map");
    return new TargetField(target, fieldMap == null ? Map.of() : fieldMap);
  }

  private static InputOutput readInputOutput(
      String tag, Map<String, Object> config, InferenceConfigUpdate update) {
    List<Map<String, Object>> given = readPairs(tag, config.remove(INPUT_OUTPUT));
    boolean ignoreMissing =
        ConfigurationUtils.readBooleanProperty(TYPE, tag, config, "ignore_missing", false);
    if (config.containsKey("target_field")) {
      throw newConfigurationException(
          TYPE,
          tag,
          "target_field",
          "option is incompatible with [input_output]."
              + " Use the [output_field] option to specify where to write the inference results to.");
    }
    if (update != null && update.getResultsField() != null) {
      throw newConfigurationException(
          TYPE,
          tag,
          null,
          "The [inference_config.results_field] setting is incompatible with using [input_output]. Prefer to use"
              + " the [input_output.output_field] option to specify where to write the inference results to.");
    }
    return new InputOutput(parsePairs(tag, given), ignoreMissing);
  }

  @SuppressWarnings("unchecked")
  private static List<Map<String, Object>> readPairs(String tag, Object given) {
    List<?> pairs = given instanceof List<?> list ? list : List.of(given);
    if (pairs.isEmpty()) {
      throw newConfigurationException(
          TYPE, tag, INPUT_OUTPUT, "property cannot be empty at least one is required");
    }
    if (pairs.stream().allMatch(Map.class::isInstance) == false) {
      throw newConfigurationException(
          TYPE, tag, INPUT_OUTPUT, "property isn't a map or list of maps");
    }
    return (List<Map<String, Object>>) pairs;
  }

  private static List<InputOutput.Pair> parsePairs(String tag, List<Map<String, Object>> given) {
    Set<String> inputs = new HashSet<>();
    Set<String> outputs = new HashSet<>();
    List<InputOutput.Pair> pairs = new ArrayList<>();
    for (Map<String, Object> pair : given) {
      String input = readUnique(tag, pair, "input_field", inputs);
      String output = readUnique(tag, pair, "output_field", outputs);
      pairs.add(InputOutput.Pair.of(input, output));
    }
    return pairs;
  }

  private static String readUnique(
      String tag, Map<String, Object> pair, String property, Set<String> seen) {
    String name = ConfigurationUtils.readStringProperty(TYPE, tag, pair, property);
    if (seen.add(name) == false) {
      throw newConfigurationException(
          TYPE, tag, property, "names must be unique but [" + name + "] is repeated");
    }
    return name;
  }
}
