package org.peaks.embedded.stack;

import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.metadata.Metadata;
import org.elasticsearch.cluster.metadata.ProjectId;
import org.elasticsearch.cluster.metadata.ProjectMetadata;
import org.elasticsearch.ingest.IngestMetadata;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignmentMetadata;

/** What modules keep in the cluster state. Here it belongs to a project, of which there is one. */
public final class CustomMetadata {

  /** Under this class its readers are registered. */
  public static final Class<Metadata.ProjectCustom> CATEGORY = Metadata.ProjectCustom.class;

  private CustomMetadata() {}

  /** The stored pipelines; null where there are none. */
  public static IngestMetadata pipelines(ClusterState state) {
    return project(state).custom(IngestMetadata.TYPE);
  }

  /** Which models are deployed. */
  public static TrainedModelAssignmentMetadata deployments(ClusterState state) {
    return TrainedModelAssignmentMetadata.fromMetadata(project(state));
  }

  /** The state with these deployments in place of its own. */
  public static ClusterState with(TrainedModelAssignmentMetadata deployments, ClusterState state) {
    ProjectMetadata.Builder project = ProjectMetadata.builder(project(state));
    project.putCustom(TrainedModelAssignmentMetadata.NAME, deployments);
    return ClusterState.builder(state).putProjectMetadata(project).build();
  }

  private static ProjectMetadata project(ClusterState state) {
    return state.metadata().getProject(ProjectId.DEFAULT);
  }
}
