package org.peaks.embedded.model;

import java.util.List;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.xpack.core.action.AbstractGetResourcesRequest;
import org.elasticsearch.xpack.core.action.util.ExpandedIdsMatcher;
import org.elasticsearch.xpack.core.action.util.PageParams;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelConfig;
import org.elasticsearch.xpack.core.ml.utils.ExceptionsHelper;

/**
 * The models that a request's expression names.
 *
 * @param total how many there are
 * @param page those that the request's page holds
 */
record ModelSelection(int total, List<TrainedModelConfig> page) {

  /** Fails with 404 where a name without wildcards names no model. */
  static void of(
      AbstractGetResourcesRequest request,
      List<String> tags,
      ModelStore store,
      ActionListener<ModelSelection> listener) {
    store.configurations(listener.map(all -> select(request, tags, all)));
  }

  private static ModelSelection select(
      AbstractGetResourcesRequest request, List<String> tags, List<TrainedModelConfig> all) {
    String expression = request.getResourceId() == null ? "_all" : request.getResourceId();
    ExpandedIdsMatcher matcher = new ExpandedIdsMatcher(expression, request.isAllowNoResources());
    List<TrainedModelConfig> tagged =
        all.stream().filter(config -> config.getTags().containsAll(tags)).toList();
    List<TrainedModelConfig> matched =
        tagged.stream().filter(config -> matcher.idMatches(config.getModelId())).toList();
    matcher.filterMatchedIds(matched.stream().map(TrainedModelConfig::getModelId).toList());
    if (matcher.hasUnmatchedIds()) {
      throw ExceptionsHelper.missingTrainedModel(matcher.unmatchedIdsString());
    }
    return new ModelSelection(matched.size(), page(matched, request.getPageParams()));
  }

  private static List<TrainedModelConfig> page(List<TrainedModelConfig> models, PageParams page) {
    if (page == null) {
      return models;
    }
    return models.stream().skip(page.getFrom()).limit(page.getSize()).toList();
  }
}
