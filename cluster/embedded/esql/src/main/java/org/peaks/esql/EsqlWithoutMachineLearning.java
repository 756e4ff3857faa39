package org.peaks.esql;

import java.util.Collection;
import java.util.List;
import org.elasticsearch.action.support.MappedActionFilter;
import org.elasticsearch.xpack.esql.plugin.EsqlPlugin;

/** Elasticsearch's own ES|QL on a node without the module x-pack-ml. */
public final class EsqlWithoutMachineLearning extends EsqlPlugin {

  @Override
  public Collection<MappedActionFilter> getMappedActionFilters() {
    return List.of(new MachineLearningGuard());
  }
}
