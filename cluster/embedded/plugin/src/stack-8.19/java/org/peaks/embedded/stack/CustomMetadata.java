package org.peaks.embedded.stack;

import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.metadata.Metadata;
import org.elasticsearch.ingest.IngestMetadata;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignmentMetadata;

/** What modules keep in the cluster state. Here it belongs to the cluster. */
public final class CustomMetadata {

  /** Under this class its readers are registered. */
  public static final Class<Metadata.Custom> CATEGORY = Metadata.Custom.class;

  private CustomMetadata() {}

  /** The stored pipelines; null where there are none. */
  public static IngestMetadata pipelines(ClusterState state) {
    return state.metadata().custom(IngestMetadata.TYPE);
  }

  /** Which models are deployed. */
  public static TrainedModelAssignmentMetadata deployments(ClusterState state) {
    return TrainedModelAssignmentMetadata.fromState(state);
  }

  /** The state with these deployments in place of its own. */
  public static ClusterState with(TrainedModelAssignmentMetadata deployments, ClusterState state) {
    Metadata.Builder metadata = Metadata.builder(state.metadata());
    metadata.putCustom(TrainedModelAssignmentMetadata.NAME, deployments);
    return ClusterState.builder(state).metadata(metadata).build();
  }
}
