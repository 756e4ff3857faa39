package org.peaks.embedded.model;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.master.AcknowledgedResponse;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelDefinitionPartAction;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelDefinitionPartAction.Request;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelConfig;

/** Stores one part of a model's file. */
public final class PutPart extends ModelAction<Request, AcknowledgedResponse> {

  @Inject
  public PutPart(TransportService transport, ActionFilters filters, ModelServices services) {
    super(PutTrainedModelDefinitionPartAction.NAME, Request::new, transport, filters, services);
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
    boolean last = request.getPart() == request.getTotalParts() - 1;
    DefinitionPart part =
        new DefinitionPart(
            request.getModelId(),
            request.getPart(),
            request.getDefinition(),
            request.getTotalDefinitionLength(),
            last);
    store.putPart(
        part,
        request.getModelId(),
        request.getPart(),
        listener.delegateFailureAndWrap((next, stored) -> noteSize(request, config, next)));
  }

  private void noteSize(
      Request request, TrainedModelConfig config, ActionListener<AcknowledgedResponse> listener) {
    if (config.getModelSize() != 0) {
      listener.onResponse(AcknowledgedResponse.TRUE);
      return;
    }
    TrainedModelConfig sized =
        new TrainedModelConfig.Builder(config)
            .setModelSize(request.getTotalDefinitionLength())
            .build();
    store.updateConfiguration(sized, listener.map(stored -> AcknowledgedResponse.TRUE));
  }
}
