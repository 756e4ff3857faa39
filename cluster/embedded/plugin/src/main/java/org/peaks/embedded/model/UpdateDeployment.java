package org.peaks.embedded.model;

import java.util.Objects;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.action.CreateTrainedModelAssignmentAction.Response;
import org.elasticsearch.xpack.core.ml.action.UpdateTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.action.UpdateTrainedModelDeploymentAction.Request;
import org.elasticsearch.xpack.core.ml.inference.assignment.AdaptiveAllocationsSettings;
import org.elasticsearch.xpack.core.ml.inference.assignment.AssignmentState;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignment;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignmentMetadata;
import org.elasticsearch.xpack.core.ml.utils.ExceptionsHelper;

/** Gives a running deployment another number of allocations, or other adaptive allocations. */
public final class UpdateDeployment extends ModelAction<Request, Response> {

  @Inject
  public UpdateDeployment(
      TransportService transport, ActionFilters filters, ModelServices services) {
    super(UpdateTrainedModelDeploymentAction.NAME, Request::new, transport, filters, services);
  }

  @Override
  void answer(Request request, ActionListener<Response> listener) {
    assignments.update(
        "update model deployment",
        state -> change(request, Assignments.in(state)),
        listener.map(
            done ->
                new Response(
                    Assignments.in(state()).getDeploymentAssignment(request.getDeploymentId()))));
  }

  private TrainedModelAssignmentMetadata.Builder change(
      Request request, TrainedModelAssignmentMetadata deployed) {
    String id = request.getDeploymentId();
    TrainedModelAssignment existing = deployed.getDeploymentAssignment(id);
    if (existing == null) {
      throw ExceptionsHelper.missingModelDeployment(id);
    }
    AdaptiveAllocationsSettings adaptive =
        merge(existing.getAdaptiveAllocationsSettings(), request.getAdaptiveAllocationsSettings());
    Integer wanted = request.getNumberOfAllocations();
    int allocations = existing.getTaskParams().getNumberOfAllocations();
    var builder = TrainedModelAssignmentMetadata.Builder.fromMetadata(deployed);
    if ((wanted == null || wanted == allocations)
        && Objects.equals(adaptive, existing.getAdaptiveAllocationsSettings())) {
      return builder;
    }
    if (existing.getAssignmentState() != AssignmentState.STARTED) {
      throw new ElasticsearchStatusException(
          "cannot update deployment that is not in [{}] state",
          RestStatus.CONFLICT,
          AssignmentState.STARTED);
    }
    TrainedModelAssignment.Builder changed =
        TrainedModelAssignment.Builder.fromAssignment(existing)
            .setAdaptiveAllocationsSettings(adaptive);
    if (wanted != null) {
      services.capacity().requireRoom(deployed, existing.getTaskParams(), wanted);
      assignments.resize(changed, wanted);
    }
    return builder.updateAssignment(id, changed);
  }

  private static AdaptiveAllocationsSettings merge(
      AdaptiveAllocationsSettings before, AdaptiveAllocationsSettings update) {
    if (update == null) {
      return before;
    }
    if (update == AdaptiveAllocationsSettings.RESET_PLACEHOLDER) {
      return null;
    }
    return before == null ? update : before.merge(update);
  }
}
