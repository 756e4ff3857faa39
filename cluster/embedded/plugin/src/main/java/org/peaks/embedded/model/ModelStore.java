package org.peaks.embedded.model;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.admin.indices.refresh.RefreshRequest;
import org.elasticsearch.action.bulk.BulkRequest;
import org.elasticsearch.action.delete.DeleteRequest;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.action.support.IndicesOptions;
import org.elasticsearch.action.support.PlainActionFuture;
import org.elasticsearch.action.support.WriteRequest.RefreshPolicy;
import org.elasticsearch.action.update.UpdateRequest;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.client.internal.OriginSettingClient;
import org.elasticsearch.common.CheckedSupplier;
import org.elasticsearch.index.query.QueryBuilders;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.sort.SortOrder;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.ToXContentObject;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xpack.core.ClientHelper;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelConfig;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.VocabularyConfig;
import org.elasticsearch.xpack.core.ml.job.messages.Messages;
import org.peaks.embedded.stack.Calls;

/** Keeps models in machine learning's own indices, in its own documents. */
final class ModelStore {

  private static final int MOST_MODELS = 10_000;
  private static final int MOST_PARTS = 10_000; // a search's largest page: 10 GB in Eland's 1 MB
  private final Client client;
  private final ModelDocuments documents;

  ModelStore(Client client, NamedXContentRegistry registry) {
    this.client = new OriginSettingClient(client, ClientHelper.ML_ORIGIN);
    this.documents = new ModelDocuments(this.client, registry);
  }

  /**
   * Stores a new model's configuration, and removes what an earlier model of its id left; fails
   * with 400 where the model exists.
   */
  void putConfiguration(TrainedModelConfig config, ActionListener<Void> listener) {
    String exists =
        Messages.getMessage(Messages.INFERENCE_TRAINED_MODEL_EXISTS, config.getModelId());
    documents.create(
        ModelIndices.CONFIGURATIONS,
        config.getModelId(),
        config,
        RefreshPolicy.IMMEDIATE,
        exists,
        listener.delegateFailureAndWrap((next, stored) -> deleteRest(config.getModelId(), next)));
  }

  /** Changes a stored configuration; fails with 404 where the model was deleted. */
  void updateConfiguration(TrainedModelConfig config, ActionListener<Void> listener) {
    UpdateRequest request =
        new UpdateRequest(ModelIndices.CONFIGURATIONS, config.getModelId())
            .doc(ModelDocuments.toSource(config))
            .retryOnConflict(10) // parts may come at the same time
            .setRefreshPolicy(RefreshPolicy.IMMEDIATE);
    client.update(request, listener.map(stored -> null));
  }

  void putPart(DefinitionPart part, String modelId, int number, ActionListener<Void> listener) {
    String exists =
        Messages.getMessage(Messages.INFERENCE_TRAINED_MODEL_DOC_EXISTS, modelId, number);
    String id = DefinitionPart.documentId(modelId, number);
    // A large model has a thousand parts: only the last one makes them all visible to searches.
    RefreshPolicy refresh = part.isLast() ? RefreshPolicy.IMMEDIATE : RefreshPolicy.NONE;
    createOf(modelId, id, part, refresh, exists, listener);
  }

  void putVocabulary(String modelId, Vocabulary vocabulary, ActionListener<Void> listener) {
    String exists = Messages.getMessage(Messages.INFERENCE_TRAINED_MODEL_VOCAB_EXISTS, modelId);
    String id = VocabularyConfig.docId(modelId);
    createOf(modelId, id, vocabulary, RefreshPolicy.IMMEDIATE, exists, listener);
  }

  /** Stores a document of a model; where the model is deleted meanwhile, removes it and fails. */
  private void createOf(
      String modelId,
      String id,
      ToXContentObject content,
      RefreshPolicy refresh,
      String exists,
      ActionListener<Void> listener) {
    ActionListener<TrainedModelConfig> check =
        ActionListener.wrap(
            config -> listener.onResponse(null),
            e ->
                client.delete(
                    new DeleteRequest(ModelIndices.DEFINITIONS, id),
                    ActionListener.running(() -> listener.onFailure(e))));
    documents.create(
        ModelIndices.DEFINITIONS,
        id,
        content,
        refresh,
        exists,
        ActionListener.wrap(stored -> configuration(modelId, check), listener::onFailure));
  }

  /** Every stored configuration, by model id. */
  void configurations(ActionListener<List<TrainedModelConfig>> listener) {
    SearchSourceBuilder source =
        new SearchSourceBuilder()
            .query(QueryBuilders.termQuery("doc_type", TrainedModelConfig.NAME))
            .sort("model_id", SortOrder.ASC)
            .size(MOST_MODELS);
    SearchRequest request =
        new SearchRequest(ModelIndices.CONFIGURATIONS)
            .indicesOptions(IndicesOptions.LENIENT_EXPAND_OPEN_CLOSED_HIDDEN)
            .source(source);
    client.search(
        request,
        listener.map(
            response -> {
              List<TrainedModelConfig> configs = new ArrayList<>();
              for (SearchHit hit : response.getHits().getHits()) {
                configs.add(documents.parse(hit.getSourceRef(), ModelStore::parseConfiguration));
              }
              return configs;
            }));
  }

  /** A model's configuration, or a failure with 404. */
  void configuration(String modelId, ActionListener<TrainedModelConfig> listener) {
    String missing = Messages.getMessage(Messages.INFERENCE_NOT_FOUND, modelId);
    documents.get(
        ModelIndices.CONFIGURATIONS, modelId, ModelStore::parseConfiguration, missing, listener);
  }

  void vocabulary(String modelId, ActionListener<Vocabulary> listener) {
    String id = VocabularyConfig.docId(modelId);
    String missing = Messages.getMessage(Messages.VOCABULARY_NOT_FOUND, modelId, id);
    documents.get(ModelIndices.DEFINITIONS, id, Vocabulary::parse, missing, listener);
  }

  void part(String modelId, int number, ActionListener<DefinitionPart> listener) {
    String missing =
        number == 0
            ? Messages.getMessage(Messages.MODEL_DEFINITION_NOT_FOUND, modelId)
            : Messages.getMessage(Messages.MODEL_DEFINITION_TRUNCATED, modelId);
    String id = DefinitionPart.documentId(modelId, number);
    documents.get(ModelIndices.DEFINITIONS, id, DefinitionPart::parse, missing, listener);
  }

  /**
   * Gives the parts in order, null after the last: a large model never stands in the heap. Blocks.
   */
  CheckedSupplier<byte[], IOException> parts(String modelId) {
    AtomicInteger next = new AtomicInteger();
    return () -> {
      int number = next.getAndIncrement();
      if (number < 0) {
        return null;
      }
      PlainActionFuture<DefinitionPart> read = new PlainActionFuture<>();
      part(modelId, number, read);
      DefinitionPart part = read.actionGet();
      if (part.isLast()) {
        next.set(Integer.MIN_VALUE);
      }
      return part.data();
    };
  }

  /** Answers with the number of parts, without reading what they hold. */
  void countParts(String modelId, ActionListener<Long> listener) {
    client.search(searchParts(modelId, 0), listener.map(Calls::totalHits));
  }

  private static SearchRequest searchParts(String modelId, int size) {
    return new SearchRequest(ModelIndices.DEFINITIONS)
        .indicesOptions(IndicesOptions.LENIENT_EXPAND_OPEN_CLOSED_HIDDEN)
        .source(
            new SearchSourceBuilder()
                .query(QueryBuilders.termQuery("model_id", modelId))
                .trackTotalHits(true)
                .fetchSource(false)
                .size(size));
  }

  /** Answers whether the last part of a model's file is there. */
  void isComplete(String modelId, ActionListener<Boolean> listener) {
    countParts(
        modelId,
        listener.delegateFailureAndWrap(
            (next, parts) -> {
              if (parts == 0) {
                next.onResponse(false);
              } else {
                part(
                    modelId,
                    Math.toIntExact(parts - 1),
                    ActionListener.wrap(
                        part -> next.onResponse(part.isLast()), e -> next.onResponse(false)));
              }
            }));
  }

  /** Removes a model with all its documents; fails with 404 where there is none. */
  void delete(String modelId, ActionListener<Void> listener) {
    configuration(
        modelId,
        listener.delegateFailureAndWrap((next, config) -> deleteConfiguration(modelId, next)));
  }

  /**
   * The configuration goes first: parts that are stored after it find none, and go by themselves.
   */
  private void deleteConfiguration(String modelId, ActionListener<Void> listener) {
    client.delete(
        new DeleteRequest(ModelIndices.CONFIGURATIONS, modelId)
            .setRefreshPolicy(RefreshPolicy.IMMEDIATE),
        listener.delegateFailureAndWrap((next, gone) -> deleteRest(modelId, next)));
  }

  private void deleteRest(String modelId, ActionListener<Void> listener) {
    findParts(
        modelId,
        listener.delegateFailureAndWrap((next, parts) -> deleteDocuments(modelId, parts, next)));
  }

  /** Answers with the ids of all parts, also of an upload that was broken off. */
  private void findParts(String modelId, ActionListener<List<String>> listener) {
    RefreshRequest refresh =
        new RefreshRequest(ModelIndices.DEFINITIONS)
            .indicesOptions(IndicesOptions.LENIENT_EXPAND_OPEN_CLOSED_HIDDEN);
    client
        .admin()
        .indices()
        .refresh(
            refresh,
            listener.delegateFailureAndWrap(
                (next, done) ->
                    client.search(
                        searchParts(modelId, MOST_PARTS),
                        next.map(
                            found ->
                                Arrays.stream(found.getHits().getHits())
                                    .map(SearchHit::getId)
                                    .toList()))));
  }

  private void deleteDocuments(String modelId, List<String> parts, ActionListener<Void> listener) {
    BulkRequest bulk = new BulkRequest().setRefreshPolicy(RefreshPolicy.IMMEDIATE);
    parts.forEach(id -> bulk.add(new DeleteRequest(ModelIndices.DEFINITIONS, id)));
    bulk.add(new DeleteRequest(ModelIndices.DEFINITIONS, VocabularyConfig.docId(modelId)));
    client.bulk(bulk, listener.map(done -> null));
  }

  private static TrainedModelConfig parseConfiguration(XContentParser parser) throws IOException {
    return TrainedModelConfig.fromXContent(parser, true).build();
  }
}
