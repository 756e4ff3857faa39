package org.peaks.embedded.model;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.RefCountingListener;
import org.elasticsearch.common.Randomness;
import org.elasticsearch.common.xcontent.support.XContentMapValues;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.inference.InferenceResults;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.tasks.CancellableTask;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.action.InferModelAction;
import org.elasticsearch.xpack.core.ml.action.InferModelAction.Request;
import org.elasticsearch.xpack.core.ml.action.InferModelAction.Response;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelConfig;
import org.elasticsearch.xpack.core.ml.inference.assignment.AssignmentState;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignment;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignmentUtils;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.InferenceConfig;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.InferenceConfigUpdate;
import org.elasticsearch.xpack.core.ml.utils.ExceptionsHelper;

/** Runs a deployed model on texts or documents. */
public class Infer extends ModelAction<Request, Response> {

  /** The same action under the name that the REST API has privileges for. */
  public static final class External extends Infer {
    @Inject
    public External(TransportService transport, ActionFilters filters, ModelServices services) {
      super(InferModelAction.EXTERNAL_NAME, transport, filters, services);
    }
  }

  @Inject
  public Infer(TransportService transport, ActionFilters filters, ModelServices services) {
    this(InferModelAction.NAME, transport, filters, services);
  }

  private Infer(
      String name, TransportService transport, ActionFilters filters, ModelServices services) {
    super(name, Request::new, transport, filters, services);
  }

  @Override
  void answer(Request request, ActionListener<Response> listener) {
    answer(null, request, listener);
  }

  @Override
  void answer(Task task, Request request, ActionListener<Response> listener) {
    Licence.check();
    List<TrainedModelAssignment> assignments =
        TrainedModelAssignmentUtils.modelAssignments(request.getId(), state());
    if (assignments.isEmpty()) {
      explainMissing(request.getId(), listener);
    } else {
      inferWith(pick(assignments), task, request, listener);
    }
  }

  private void explainMissing(String modelId, ActionListener<Response> listener) {
    store.configuration(
        modelId,
        listener.delegateFailureAndWrap(
            (next, config) ->
                next.onFailure(
                    ExceptionsHelper.conflictStatusException(
                        "Model [{}] must be deployed to use. Please deploy with the start trained model "
                            + "deployment API.",
                        modelId))));
  }

  private static TrainedModelAssignment pick(List<TrainedModelAssignment> assignments) {
    // Where a model's id is given, Elasticsearch takes any of its started deployments.
    List<TrainedModelAssignment> started =
        assignments.stream()
            .filter(assignment -> assignment.getAssignmentState() == AssignmentState.STARTED)
            .toList();
    return started.isEmpty()
        ? assignments.get(0)
        : started.get(Randomness.get().nextInt(started.size()));
  }

  private void inferWith(
      TrainedModelAssignment assignment,
      Task task,
      Request request,
      ActionListener<Response> listener) {
    Deployment deployment = services.deployments().get(assignment.getDeploymentId());
    if (deployment == null || deployment.config() == null) {
      throw ExceptionsHelper.conflictStatusException(
          "Trained model deployment [{}] is not allocated to any nodes", request.getId());
    }
    TrainedModelConfig config = deployment.config();
    InferenceConfig applied = apply(request.getUpdate(), config);
    List<String> texts = texts(request, config);
    InferenceResults[] results = new InferenceResults[texts.size()];
    ActionListener<Void> complete =
        listener.map(
            done ->
                Response.builder()
                    .setId(config.getModelId())
                    .setLicensed(true)
                    .addInferenceResults(Arrays.asList(results))
                    .build());
    try (RefCountingListener all = new RefCountingListener(complete)) {
      for (int i = 0; i < results.length; i++) {
        int place = i;
        deployment.infer(
            texts.get(i),
            applied,
            request.isHighPriority(),
            timeout(request),
            () -> task instanceof CancellableTask cancellable && cancellable.isCancelled(),
            all.acquire(result -> results[place] = result));
      }
    }
  }

  private static TimeValue timeout(Request request) {
    TimeValue given = request.getInferenceTimeout();
    return given == null ? Request.DEFAULT_TIMEOUT_FOR_API : given;
  }

  private static InferenceConfig apply(InferenceConfigUpdate update, TrainedModelConfig config) {
    InferenceConfig own = config.getInferenceConfig();
    if (update.isEmpty()) {
      return own;
    }
    if (update.isSupported(own) == false) {
      throw new ElasticsearchStatusException(
          "Trained model [{}] is configured for task [{}] but called with task [{}]",
          RestStatus.FORBIDDEN,
          config.getModelId(),
          own.getName(),
          update.getName());
    }
    return own.apply(update);
  }

  private static List<String> texts(Request request, TrainedModelConfig config) {
    if (request.getTextInput() != null) {
      return request.getTextInput();
    }
    return request.getObjectsToInfer().stream()
        .map(document -> inputText(document, config))
        .toList();
  }

  private static String inputText(Map<String, Object> document, TrainedModelConfig config) {
    String field = config.getInput().getFieldNames().get(0);
    Object value = XContentMapValues.extractValue(field, document);
    if (value == null) {
      throw ExceptionsHelper.badRequestException(
          "Input field [{}] does not exist in the source document", field);
    }
    if (value instanceof String text) {
      return text;
    }
    throw ExceptionsHelper.badRequestException(
        "Input value [{}] for field [{}] must be a string", value, field);
  }
}
