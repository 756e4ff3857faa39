package org.peaks.embedded.model;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.HandledTransportAction;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.io.stream.Writeable;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xpack.core.ml.utils.InferenceProcessorInfoExtractor;
import org.peaks.embedded.stack.CustomMetadata;

/** One of machine learning's transport actions; what it throws goes to the caller. */
abstract class ModelAction<Q extends ActionRequest, A extends ActionResponse>
    extends HandledTransportAction<Q, A> {

  final ModelServices services;
  final ClusterService cluster;
  final ModelStore store;
  final Assignments assignments;

  ModelAction(
      String name,
      Writeable.Reader<Q> reader,
      TransportService transport,
      ActionFilters filters,
      ModelServices services) {
    super(name, transport, filters, reader, EsExecutors.DIRECT_EXECUTOR_SERVICE);
    this.services = services;
    this.cluster = services.cluster();
    this.store = services.store();
    this.assignments = services.assignments();
  }

  abstract void answer(Q request, ActionListener<A> listener);

  /**
   * As {@link #answer(Q, ActionListener)}, for what takes so long that its caller may have gone.
   */
  void answer(Task task, Q request, ActionListener<A> listener) {
    answer(request, listener);
  }

  final ClusterState state() {
    return cluster.state();
  }

  /** Whether the {@code inference} of a pipeline names the model or deployment. */
  final boolean isUsedByPipeline(String id) {
    return InferenceProcessorInfoExtractor.getModelIdsFromInferenceProcessors(
            CustomMetadata.pipelines(state()))
        .contains(id);
  }

  @Override
  protected final void doExecute(Task task, Q request, ActionListener<A> listener) {
    ActionListener.run(listener, checked -> answer(task, request, checked));
  }
}
