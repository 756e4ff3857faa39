package org.peaks.embedded.model;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.master.AcknowledgedResponse;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelVocabularyAction;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelVocabularyAction.Request;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelConfig;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.NlpConfig;

/** Stores a model's vocabulary. */
public final class PutVocabulary extends ModelAction<Request, AcknowledgedResponse> {

  @Inject
  public PutVocabulary(TransportService transport, ActionFilters filters, ModelServices services) {
    super(PutTrainedModelVocabularyAction.NAME, Request::new, transport, filters, services);
  }

  @Override
  void answer(Request request, ActionListener<AcknowledgedResponse> listener) {
    Licence.check();
    store.configuration(
        request.getModelId(),
        listener.delegateFailureAndWrap((next, config) -> store(request, config, next)));
  }

  private void store(
      Request request, TrainedModelConfig config, ActionListener<AcknowledgedResponse> listener) {
    ((NlpConfig) config.getInferenceConfig()).getTokenization().validateVocabulary(request);
    Vocabulary vocabulary = new Vocabulary(request.getVocabulary(), request.getMerges());
    store.putVocabulary(
        request.getModelId(), vocabulary, listener.map(stored -> AcknowledgedResponse.TRUE));
  }
}
