package org.peaks.embedded.model;

import java.util.List;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.GroupedActionListener;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.action.util.QueryPage;
import org.elasticsearch.xpack.core.ml.action.GetTrainedModelsAction;
import org.elasticsearch.xpack.core.ml.action.GetTrainedModelsAction.Request;
import org.elasticsearch.xpack.core.ml.action.GetTrainedModelsAction.Response;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelConfig;

/** Lists models' configurations. */
public final class GetModels extends ModelAction<Request, Response> {

  @Inject
  public GetModels(TransportService transport, ActionFilters filters, ModelServices services) {
    super(GetTrainedModelsAction.NAME, Request::new, transport, filters, services);
  }

  @Override
  void answer(Request request, ActionListener<Response> listener) {
    ModelSelection.of(
        request,
        request.getTags(),
        store,
        listener.delegateFailureAndWrap(
            (next, selection) -> {
              ActionListener<Void> marked = next.map(done -> respond(selection));
              if (request.getIncludes().isIncludeDefinitionStatus()) {
                markCompleteness(selection.page(), marked);
              } else {
                marked.onResponse(null);
              }
            }));
  }

  private static Response respond(ModelSelection selection) {
    return new Response(
        new QueryPage<>(selection.page(), selection.total(), Response.RESULTS_FIELD));
  }

  private void markCompleteness(List<TrainedModelConfig> configs, ActionListener<Void> listener) {
    if (configs.isEmpty()) {
      listener.onResponse(null);
      return;
    }
    var all = new GroupedActionListener<Void>(configs.size(), listener.map(done -> null));
    for (TrainedModelConfig config : configs) {
      store.isComplete(
          config.getModelId(),
          all.map(
              complete -> {
                config.setFullDefinition(complete);
                return null;
              }));
    }
  }
}
