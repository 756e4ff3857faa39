package org.peaks.embedded.template;

import java.io.IOException;
import java.util.function.Predicate;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.action.search.RestSearchAction;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.internal.SearchContext;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentParserConfiguration;
import org.elasticsearch.xcontent.XContentType;

/** Turns a search template and its parameters into the search that they stand for. */
final class TemplateSearch {

  private final ScriptService scripts;
  private final Predicate<NodeFeature> features;

  TemplateSearch(ScriptService scripts, Predicate<NodeFeature> features) {
    this.scripts = scripts;
    this.features = features;
  }

  Predicate<NodeFeature> features() {
    return features;
  }

  ScriptService scripts() {
    return scripts;
  }

  /**
   * Puts the rendered template into {@code search}.
   *
   * @throws IOException when what the template renders is no search
   */
  SearchRequest fill(SearchRequest search, SearchTemplate template, RestRequest request)
      throws IOException {
    XContentParserConfiguration parsing = request.contentParserConfig();
    String body = template.validated().render(scripts);
    SearchSourceBuilder source = SearchSourceBuilder.searchSource();
    try (XContentParser parser = XContentType.JSON.xContent().createParser(parsing, body)) {
      source.parseXContent(parser, false, features);
    }
    source.explain(template.explain());
    source.profile(template.profile());
    keepTotalHits(search, source);
    return search.source(source);
  }

  /** {@code rest_total_hits_as_int} came with the URL and needs exact totals from the body too. */
  private static void keepTotalHits(SearchRequest search, SearchSourceBuilder source) {
    Integer wanted = search.source() == null ? null : search.source().trackTotalHitsUpTo();
    if (wanted == null) {
      return;
    }
    Integer rendered = source.trackTotalHitsUpTo();
    if (rendered == null) {
      source.trackTotalHitsUpTo(wanted);
    } else if (rendered != SearchContext.TRACK_TOTAL_HITS_ACCURATE
        && rendered != SearchContext.TRACK_TOTAL_HITS_DISABLED) {
      throw new IllegalArgumentException(
          "["
              + RestSearchAction.TOTAL_HITS_AS_INT_PARAM
              + "] cannot be used if the tracking of total hits is not accurate, got "
              + rendered);
    }
  }
}
