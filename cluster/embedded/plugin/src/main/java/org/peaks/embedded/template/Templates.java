package org.peaks.embedded.template;

import java.util.List;
import java.util.function.Predicate;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.script.ScriptService;

/** The REST side of search templates. */
public final class Templates {

  private Templates() {}

  public static List<RestHandler> handlers(
      Settings settings, ScriptService scripts, Predicate<NodeFeature> features) {
    TemplateSearch searches = new TemplateSearch(scripts, features);
    return List.of(
        new SearchTemplateHandler(searches),
        new MultiSearchTemplateHandler(searches, settings),
        new RenderTemplateHandler(scripts));
  }
}
