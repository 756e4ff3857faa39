package org.peaks.embedded.ingest;

import static org.elasticsearch.ingest.ConfigurationUtils.newConfigurationException;
import static org.elasticsearch.ingest.ConfigurationUtils.readStringProperty;

import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.inference.InferenceResults;
import org.elasticsearch.ingest.AbstractProcessor;
import org.elasticsearch.ingest.ConfigurationUtils;
import org.elasticsearch.ingest.IngestDocument;
import org.elasticsearch.xpack.core.ClientHelper;
import org.elasticsearch.xpack.core.ml.action.CoordinatedInferenceAction;
import org.elasticsearch.xpack.core.ml.action.CoordinatedInferenceAction.Request;
import org.elasticsearch.xpack.core.ml.action.InferModelAction;
import org.peaks.embedded.stack.ProcessorFactory;

/**
 * {@code inference} with {@code input_output}: writes what a deployed model says of fields into
 * other fields.
 */
public final class InferenceProcessor extends AbstractProcessor {

  /** The processor's name in a pipeline. */
  public static final String TYPE = "inference";

  private static final String INPUT_OUTPUT = "input_output";

  private record Pair(String input, String output) {}

  private final Client client;
  private final String modelId;
  private final List<Pair> pairs;
  private final boolean ignoreMissing;

  private InferenceProcessor(
      Client client,
      String tag,
      String description,
      String modelId,
      List<Pair> pairs,
      boolean ignoreMissing) {
    super(tag, description);
    this.client = client;
    this.modelId = modelId;
    this.pairs = pairs;
    this.ignoreMissing = ignoreMissing;
  }

  @Override
  public String getType() {
    return TYPE;
  }

  @Override
  public boolean isAsync() {
    return true;
  }

  @Override
  public void execute(IngestDocument document, BiConsumer<IngestDocument, Exception> handler) {
    List<String> texts;
    try {
      texts = pairs.stream().map(pair -> text(document, pair.input())).toList();
    } catch (RuntimeException e) {
      handler.accept(document, e);
      return;
    }
    if (pairs.stream().noneMatch(pair -> document.hasField(pair.input()))) {
      handler.accept(document, null);
      return;
    }
    Request request =
        Request.forTextInput(
            modelId, texts, null, false, InferModelAction.Request.DEFAULT_TIMEOUT_FOR_INGEST);
    ClientHelper.executeAsyncWithOrigin(
        client,
        ClientHelper.ML_ORIGIN,
        CoordinatedInferenceAction.INSTANCE,
        request,
        ActionListener.wrap(
            response -> {
              write(response.getInferenceResults(), document);
              handler.accept(document, null);
            },
            e -> handler.accept(document, e)));
  }

  /** An absent field among present ones counts as the empty text, so that results keep places. */
  private String text(IngestDocument document, String field) {
    try {
      String text = document.getFieldValue(field, String.class, ignoreMissing);
      return text == null ? "" : text;
    } catch (IllegalArgumentException e) {
      if (document.hasField(field)) {
        throw new IllegalArgumentException(
            "input field [" + field + "] cannot be processed because it is not a text field", e);
      }
      throw e;
    }
  }

  private void write(List<InferenceResults> results, IngestDocument document) {
    for (int i = 0; i < pairs.size(); i++) {
      String path = pairs.get(i).output();
      int dot = path.lastIndexOf('.');
      InferenceResults.writeResultToField(
          results.get(i),
          document,
          dot < 0 ? null : path.substring(0, dot),
          path.substring(dot + 1),
          modelId,
          i == 0);
    }
  }

  /**
   * Reads an {@code inference} from a pipeline; the forms that no pipeline here uses are refused.
   */
  public record Factory(Client client) implements ProcessorFactory {

    @Override
    public InferenceProcessor create(String tag, String description, Map<String, Object> config) {
      String modelId = readStringProperty(TYPE, tag, config, "model_id");
      boolean ignoreMissing =
          ConfigurationUtils.readBooleanProperty(TYPE, tag, config, "ignore_missing", false);
      List<Pair> pairs = readPairs(tag, config.remove(INPUT_OUTPUT));
      return new InferenceProcessor(client, tag, description, modelId, pairs, ignoreMissing);
    }

    @SuppressWarnings("unchecked")
    private static List<Pair> readPairs(String tag, Object given) {
      List<?> pairs =
          given instanceof List<?> list ? list : given == null ? List.of() : List.of(given);
      if (pairs.isEmpty() || pairs.stream().allMatch(Map.class::isInstance) == false) {
        throw newConfigurationException(
            TYPE, tag, INPUT_OUTPUT, "the embedded node needs one map or a list of maps here");
      }
      return pairs.stream().map(pair -> readPair(tag, (Map<String, Object>) pair)).toList();
    }

    private static Pair readPair(String tag, Map<String, Object> pair) {
      return new Pair(
          readStringProperty(TYPE, tag, pair, "input_field"),
          readStringProperty(TYPE, tag, pair, "output_field"));
    }
  }
}
