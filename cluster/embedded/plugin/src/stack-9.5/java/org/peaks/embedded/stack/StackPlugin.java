package org.peaks.embedded.stack;

import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.RestHandler;

/** A plugin with transport actions and paths of its own. */
public abstract class StackPlugin extends Plugin implements ActionPlugin {

  protected abstract List<ActionHandler> actions();

  protected abstract Collection<RestHandler> restHandlers(Predicate<NodeFeature> features);

  @Override
  public final Collection<ActionHandler> getActions() {
    return actions();
  }

  @Override
  public final Collection<RestHandler> getRestHandlers(
      RestHandlersServices services,
      Supplier<DiscoveryNodes> nodesInCluster,
      Predicate<NodeFeature> clusterSupportsFeature) {
    return restHandlers(clusterSupportsFeature);
  }
}
