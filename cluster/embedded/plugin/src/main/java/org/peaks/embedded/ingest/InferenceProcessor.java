package org.peaks.embedded.ingest;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.inference.InferenceResults;
import org.elasticsearch.ingest.AbstractProcessor;
import org.elasticsearch.ingest.IngestDocument;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xpack.core.ClientHelper;
import org.elasticsearch.xpack.core.ml.action.CoordinatedInferenceAction;
import org.elasticsearch.xpack.core.ml.action.CoordinatedInferenceAction.Request;
import org.elasticsearch.xpack.core.ml.action.InferModelAction;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelPrefixStrings;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.InferenceConfigUpdate;

/**
 * {@code inference}: writes what a deployed model says of a document's fields into the document.
 */
public final class InferenceProcessor extends AbstractProcessor {

  /** The processor's name in a pipeline. */
  public static final String TYPE = "inference";

  /** How a document becomes a request, and the results fields of the document. */
  sealed interface Shape permits InputOutput, TargetField {

    /** The request, or null where the document has nothing to infer from. */
    Request request(String modelId, IngestDocument document, InferenceConfigUpdate update);

    void write(List<InferenceResults> results, IngestDocument document, String modelId);
  }

  private final Client client;
  private final String modelId;
  private final InferenceConfigUpdate update;
  private final Shape shape;

  InferenceProcessor(
      Client client,
      String tag,
      String description,
      String modelId,
      InferenceConfigUpdate update,
      Shape shape) {
    super(tag, description);
    this.client = client;
    this.modelId = modelId;
    this.update = update;
    this.shape = shape;
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
    Request request;
    try {
      request = shape.request(modelId, document, update);
    } catch (RuntimeException e) {
      handler.accept(document, e);
      return;
    }
    if (request == null) {
      handler.accept(document, null);
      return;
    }
    request.setPrefixType(TrainedModelPrefixStrings.PrefixType.INGEST);
    ClientHelper.executeAsyncWithOrigin(
        client,
        ClientHelper.ML_ORIGIN,
        CoordinatedInferenceAction.INSTANCE,
        request,
        ActionListener.wrap(
            response -> accept(response, document, handler), e -> handler.accept(document, e)));
  }

  private void accept(
      InferModelAction.Response response,
      IngestDocument document,
      BiConsumer<IngestDocument, Exception> handler) {
    Exception failure = null;
    try {
      List<InferenceResults> results = response.getInferenceResults();
      if (results.isEmpty()) {
        throw new ElasticsearchStatusException(
            "Unexpected empty inference response", RestStatus.INTERNAL_SERVER_ERROR);
      }
      shape.write(results, document, response.getId() == null ? modelId : response.getId());
    } catch (RuntimeException e) {
      failure = e;
    }
    handler.accept(document, failure);
  }

  /** The form {@code target_field} with {@code field_map}: the whole document is the input. */
  record TargetField(String targetField, Map<String, String> fieldMap) implements Shape {

    @Override
    public Request request(String modelId, IngestDocument document, InferenceConfigUpdate update) {
      Map<String, Object> fields = new HashMap<>(document.getSourceAndMetadata());
      if (document.getIngestMetadata().isEmpty() == false) {
        fields.put(IngestDocument.INGEST_KEY, document.getIngestMetadata());
      }
      fieldMap.forEach(
          (from, to) -> {
            if (document.hasField(from)) {
              fields.remove(from);
              fields.put(to, document.getFieldValue(from, Object.class));
            }
          });
      return Request.forMapInput(
          modelId,
          List.of(fields),
          update,
          false,
          InferModelAction.Request.DEFAULT_TIMEOUT_FOR_INGEST,
          Request.RequestModelType.UNKNOWN);
    }

    @Override
    public void write(List<InferenceResults> results, IngestDocument document, String modelId) {
      InferenceResults.writeResult(results.get(0), document, targetField, modelId);
    }
  }

  /** The form {@code input_output}: each input field has an output field. */
  record InputOutput(List<Pair> pairs, boolean ignoreMissing) implements Shape {

    /**
     * @param basePath what stands before the last dot of the output field, or null
     */
    record Pair(String input, String basePath, String output) {

      static Pair of(String input, String output) {
        int dot = output.lastIndexOf('.');
        String basePath = dot < 0 ? null : output.substring(0, dot);
        return new Pair(input, basePath, output.substring(dot + 1));
      }
    }

    @Override
    public Request request(String modelId, IngestDocument document, InferenceConfigUpdate update) {
      List<String> texts = pairs.stream().map(pair -> text(document, pair.input())).toList();
      if (pairs.stream().noneMatch(pair -> document.hasField(pair.input()))) {
        return null;
      }
      return Request.forTextInput(
          modelId, texts, update, false, InferModelAction.Request.DEFAULT_TIMEOUT_FOR_INGEST);
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

    @Override
    public void write(List<InferenceResults> results, IngestDocument document, String modelId) {
      for (int i = 0; i < pairs.size(); i++) {
        Pair pair = pairs.get(i);
        InferenceResults.writeResultToField(
            results.get(i), document, pair.basePath(), pair.output(), modelId, i == 0);
      }
    }
  }
}
