package org.peaks.embedded.model;

import static org.elasticsearch.rest.RestRequest.Method.DELETE;
import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.PUT;

import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.action.ActionType;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.Strings;
import org.elasticsearch.core.CheckedFunction;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestHandler.Route;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.rest.action.RestBuilderListener;
import org.elasticsearch.rest.action.RestToXContentListener;
import org.elasticsearch.xcontent.ToXContent;
import org.elasticsearch.xcontent.ToXContentObject;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xpack.core.action.AbstractGetResourcesRequest;
import org.elasticsearch.xpack.core.action.util.PageParams;
import org.elasticsearch.xpack.core.ml.action.DeleteTrainedModelAction;
import org.elasticsearch.xpack.core.ml.action.GetTrainedModelsAction;
import org.elasticsearch.xpack.core.ml.action.GetTrainedModelsStatsAction;
import org.elasticsearch.xpack.core.ml.action.MlInfoAction;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelAction;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelDefinitionPartAction;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelVocabularyAction;
import org.elasticsearch.xpack.core.ml.utils.ToXContentParams;

/** Reads machine learning's REST requests, with Elasticsearch's own parsers of their bodies. */
final class ModelHandlers {

  static final String MODEL_ID = "model_id";
  private static final String MODELS = "/_ml/trained_models";
  static final String MODEL = MODELS + "/{" + MODEL_ID + "}";

  private ModelHandlers() {}

  static <Q extends ActionRequest, A extends ActionResponse & ToXContentObject>
      ModelHandler.Call send(NodeClient client, ActionType<A> action, Q request) {
    return channel -> client.execute(action, request, new RestToXContentListener<>(channel));
  }

  static <R> R read(RestRequest rest, CheckedFunction<XContentParser, R, IOException> reader)
      throws IOException {
    try (XContentParser body = rest.contentParser()) {
      return reader.apply(body);
    }
  }

  static ModelHandler put() {
    return new ModelHandler(
        "xpack_ml_put_trained_model_action",
        List.of(new Route(PUT, MODEL)),
        Set.of(),
        (rest, client) -> {
          String id = rest.param(MODEL_ID);
          boolean defer =
              rest.paramAsBoolean(PutTrainedModelAction.DEFER_DEFINITION_DECOMPRESSION, false);
          boolean wait = rest.paramAsBoolean("wait_for_completion", false);
          return send(
              client,
              PutTrainedModelAction.INSTANCE,
              read(
                  rest, body -> PutTrainedModelAction.Request.parseRequest(id, defer, wait, body)));
        });
  }

  static ModelHandler putPart() {
    return new ModelHandler(
        "xpack_ml_put_trained_model_definition_part_action",
        List.of(new Route(PUT, MODEL + "/definition/{part}")),
        Set.of(),
        (rest, client) -> {
          String id = rest.param(MODEL_ID);
          int part = rest.paramAsInt("part", -1);
          return send(
              client,
              PutTrainedModelDefinitionPartAction.INSTANCE,
              read(
                  rest,
                  body ->
                      PutTrainedModelDefinitionPartAction.Request.parseRequest(id, part, body)));
        });
  }

  static ModelHandler putVocabulary() {
    return new ModelHandler(
        "xpack_ml_put_trained_model_vocabulary_action",
        List.of(new Route(PUT, MODEL + "/vocabulary")),
        Set.of(),
        (rest, client) -> {
          String id = rest.param(MODEL_ID);
          return send(
              client,
              PutTrainedModelVocabularyAction.INSTANCE,
              read(rest, body -> PutTrainedModelVocabularyAction.Request.parseRequest(id, body)));
        });
  }

  static ModelHandler get() {
    return new ModelHandler(
        "xpack_ml_get_trained_models_action",
        List.of(new Route(GET, MODEL), new Route(GET, MODELS)),
        Set.of("decompress_definition", ToXContentParams.EXCLUDE_GENERATED),
        (rest, client) -> {
          Set<String> include =
              new HashSet<>(List.of(rest.paramAsStringArray("include", Strings.EMPTY_ARRAY)));
          List<String> tags = List.of(rest.paramAsStringArray("tags", Strings.EMPTY_ARRAY));
          var request =
              new GetTrainedModelsAction.Request(rest.param(MODEL_ID, "_all"), tags, include);
          readPage(rest, request);
          return channel ->
              client.execute(
                  GetTrainedModelsAction.INSTANCE, request, listModels(channel, include));
        });
  }

  private static RestBuilderListener<GetTrainedModelsAction.Response> listModels(
      RestChannel channel, Set<String> include) {
    Map<String, String> parameters = new HashMap<>(channel.request().params());
    include.forEach(name -> parameters.put(name, "true"));
    return new RestBuilderListener<>(channel) {
      @Override
      public RestResponse buildResponse(
          GetTrainedModelsAction.Response response, XContentBuilder builder) throws IOException {
        response.toXContent(builder, new ToXContent.MapParams(parameters));
        return new RestResponse(RestStatus.OK, builder);
      }
    };
  }

  static ModelHandler stats() {
    return new ModelHandler(
        "xpack_ml_get_trained_models_stats_action",
        List.of(new Route(GET, MODEL + "/_stats"), new Route(GET, MODELS + "/_stats")),
        Set.of(),
        (rest, client) -> {
          var request = new GetTrainedModelsStatsAction.Request(rest.param(MODEL_ID, "_all"));
          readPage(rest, request);
          return send(client, GetTrainedModelsStatsAction.INSTANCE, request);
        });
  }

  private static void readPage(RestRequest rest, AbstractGetResourcesRequest request) {
    if (rest.hasParam("from") || rest.hasParam("size")) {
      request.setPageParams(
          new PageParams(
              rest.paramAsInt("from", PageParams.DEFAULT_FROM),
              rest.paramAsInt("size", PageParams.DEFAULT_SIZE)));
    }
    request.setAllowNoResources(
        rest.paramAsBoolean("allow_no_match", request.isAllowNoResources()));
  }

  static ModelHandler delete() {
    return new ModelHandler(
        "xpack_ml_delete_trained_models_action",
        List.of(new Route(DELETE, MODEL)),
        Set.of(),
        (rest, client) -> {
          var request = new DeleteTrainedModelAction.Request(rest.param(MODEL_ID));
          request.setForce(rest.paramAsBoolean("force", request.isForce()));
          request.ackTimeout(rest.paramAsTime("timeout", request.ackTimeout()));
          return send(client, DeleteTrainedModelAction.INSTANCE, request);
        });
  }

  static ModelHandler info() {
    return new ModelHandler(
        "ml_info_action",
        List.of(new Route(GET, "/_ml/info")),
        Set.of(),
        (rest, client) -> send(client, MlInfoAction.INSTANCE, new MlInfoAction.Request()));
  }
}
