package org.peaks.embedded.model;

import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.elasticsearch.rest.RestHandler.Route;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestUtils;
import org.elasticsearch.rest.action.RestCancellableNodeClient;
import org.elasticsearch.rest.action.RestToXContentListener;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xpack.core.ml.action.InferModelAction;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.action.StopTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.action.UpdateTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.inference.assignment.AllocationStatus;
import org.elasticsearch.xpack.core.ml.utils.ExceptionsHelper;

/** Reads the REST requests about deployments, as {@link ModelHandlers} those about models. */
final class DeploymentHandlers {

  private DeploymentHandlers() {}

  static ModelHandler start() {
    return new ModelHandler(
        "xpack_ml_start_trained_models_deployment_action",
        List.of(new Route(POST, ModelHandlers.MODEL + "/deployment/_start")),
        Set.of(),
        (rest, client) -> {
          StartTrainedModelDeploymentAction.Request request = readStart(rest);
          return ModelHandlers.send(client, StartTrainedModelDeploymentAction.INSTANCE, request);
        });
  }

  private static StartTrainedModelDeploymentAction.Request readStart(RestRequest rest)
      throws IOException {
    String modelId = rest.param(ModelHandlers.MODEL_ID);
    String deploymentId = rest.param("deployment_id", modelId);
    StartTrainedModelDeploymentAction.Request request;
    if (rest.hasContentOrSourceParam()) {
      try (XContentParser parser = rest.contentOrSourceParamParser()) {
        request =
            StartTrainedModelDeploymentAction.Request.parseRequest(modelId, deploymentId, parser);
      }
    } else {
      request = new StartTrainedModelDeploymentAction.Request(modelId, deploymentId);
    }
    readStartParameters(rest, request);
    return request;
  }

  private static void readStartParameters(
      RestRequest rest, StartTrainedModelDeploymentAction.Request request) {
    request.setTimeout(rest.paramAsTime("timeout", request.getTimeout()));
    String waitFor = rest.param("wait_for", request.getWaitForState().toString());
    request.setWaitForState(AllocationStatus.State.fromString(waitFor));
    request.setThreadsPerAllocation(
        rest.paramAsInt("threads_per_allocation", request.getThreadsPerAllocation()));
    if (rest.hasParam("number_of_allocations")) {
      request.setNumberOfAllocations(rest.paramAsInt("number_of_allocations", 1));
    }
    request.setQueueCapacity(rest.paramAsInt("queue_capacity", request.getQueueCapacity()));
    request.setCacheSize(rest.paramAsSize("cache_size", request.getCacheSize()));
    request.setPriority(rest.param("priority", request.getPriority().toString()));
  }

  static ModelHandler stop() {
    return new ModelHandler(
        "xpack_ml_stop_trained_models_deployment_action",
        List.of(new Route(POST, ModelHandlers.MODEL + "/deployment/_stop")),
        Set.of(),
        (rest, client) -> {
          StopTrainedModelDeploymentAction.Request request = readStop(rest);
          return ModelHandlers.send(client, StopTrainedModelDeploymentAction.INSTANCE, request);
        });
  }

  private static StopTrainedModelDeploymentAction.Request readStop(RestRequest rest)
      throws IOException {
    String id = rest.param(ModelHandlers.MODEL_ID);
    if (rest.hasContentOrSourceParam()) {
      try (XContentParser parser = rest.contentOrSourceParamParser()) {
        return StopTrainedModelDeploymentAction.Request.parseRequest(id, parser);
      }
    }
    var request = new StopTrainedModelDeploymentAction.Request(id);
    request.setAllowNoMatch(rest.paramAsBoolean("allow_no_match", request.isAllowNoMatch()));
    request.setForce(rest.paramAsBoolean("force", request.isForce()));
    request.setFinishPendingWork(rest.paramAsBoolean("finish_pending_work", false));
    return request;
  }

  static ModelHandler update() {
    return new ModelHandler(
        "xpack_ml_update_trained_model_deployment_action",
        List.of(new Route(POST, ModelHandlers.MODEL + "/deployment/_update")),
        Set.of(),
        (rest, client) -> {
          String id = rest.param(ModelHandlers.MODEL_ID);
          UpdateTrainedModelDeploymentAction.Request request =
              ModelHandlers.read(
                  rest, body -> UpdateTrainedModelDeploymentAction.Request.parseRequest(id, body));
          request.ackTimeout(RestUtils.getAckTimeout(rest));
          return ModelHandlers.send(client, UpdateTrainedModelDeploymentAction.INSTANCE, request);
        });
  }

  static ModelHandler infer() {
    return new ModelHandler(
        "xpack_ml_infer_trained_models_action",
        List.of(new Route(POST, ModelHandlers.MODEL + "/_infer")),
        Set.of(),
        (rest, client) -> {
          if (rest.hasContent() == false) {
            throw ExceptionsHelper.badRequestException("requires body");
          }
          String id = rest.param(ModelHandlers.MODEL_ID);
          var request =
              ModelHandlers.read(rest, body -> InferModelAction.Request.parseRequest(id, body));
          if (rest.hasParam("timeout")) {
            request.setInferenceTimeout(rest.paramAsTime("timeout", null));
          }
          return channel ->
              new RestCancellableNodeClient(client, rest.getHttpChannel())
                  .execute(
                      InferModelAction.EXTERNAL_INSTANCE,
                      request.build(),
                      new RestToXContentListener<>(channel));
        });
  }
}
