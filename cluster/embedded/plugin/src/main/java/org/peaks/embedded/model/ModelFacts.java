package org.peaks.embedded.model;

import java.util.HashMap;
import java.util.Map;
import org.elasticsearch.action.support.PlainActionFuture;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction.TaskParams;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelConfig;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.RobertaTokenization;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.TextEmbeddingConfig;
import org.peaks.embedded.text.RobertaTokenizer;

/** What a deployment must know of its model, beside the file. */
record ModelFacts(TrainedModelConfig config, RobertaTokenizer tokenizer) {

  /** Reads a stored model's configuration and vocabulary. Blocks: not for a transport thread. */
  static ModelFacts read(ModelStore store, String modelId) {
    PlainActionFuture<TrainedModelConfig> configuration = new PlainActionFuture<>();
    store.configuration(modelId, configuration);
    PlainActionFuture<Vocabulary> vocabulary = new PlainActionFuture<>();
    store.vocabulary(modelId, vocabulary);
    TrainedModelConfig config = configuration.actionGet();
    RobertaTokenization tokenization = (RobertaTokenization) embedding(config).getTokenization();
    return new ModelFacts(config, vocabulary.actionGet().tokenizer(tokenization));
  }

  /** The message that has the inference worker load the model. */
  Map<String, Object> toLoad(TaskParams parameters, int allocations) {
    Map<String, Object> message = new HashMap<>();
    message.put("type", "load");
    message.put("deployment", parameters.getDeploymentId());
    message.put("bytes", parameters.getModelBytes());
    message.put("threads", parameters.getThreadsPerAllocation());
    message.put("allocations", allocations);
    message.put("memory", Capacity.memoryOf(parameters, allocations));
    Integer dims = embedding(config).getEmbeddingSize();
    if (dims != null) { // it may be left out
      message.put("dims", dims);
    }
    return message;
  }

  private static TextEmbeddingConfig embedding(TrainedModelConfig config) {
    return (TextEmbeddingConfig) config.getInferenceConfig();
  }
}
