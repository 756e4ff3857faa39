package org.peaks.embedded.stack;

import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.io.stream.NamedWriteableRegistry;
import org.elasticsearch.common.settings.ClusterSettings;
import org.elasticsearch.common.settings.IndexScopedSettings;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.settings.SettingsFilter;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.RestController;
import org.elasticsearch.rest.RestHandler;

/** A plugin with transport actions and paths of its own. */
public abstract class StackPlugin extends Plugin implements ActionPlugin {

  @SuppressWarnings("rawtypes") // 9.5 has no type parameters here
  protected abstract List<ActionHandler> actions();

  protected abstract Collection<RestHandler> restHandlers(Predicate<NodeFeature> features);

  @Override
  @SuppressWarnings({"rawtypes", "unchecked"})
  public final Collection<ActionHandler<? extends ActionRequest, ? extends ActionResponse>>
      getActions() {
    return (List) actions();
  }

  @Override
  public final Collection<RestHandler> getRestHandlers(
      Settings settings,
      NamedWriteableRegistry namedWriteableRegistry,
      RestController restController,
      ClusterSettings clusterSettings,
      IndexScopedSettings indexScopedSettings,
      SettingsFilter settingsFilter,
      IndexNameExpressionResolver indexNameExpressionResolver,
      Supplier<DiscoveryNodes> nodesInCluster,
      Predicate<NodeFeature> clusterSupportsFeature) {
    return restHandlers(clusterSupportsFeature);
  }
}
