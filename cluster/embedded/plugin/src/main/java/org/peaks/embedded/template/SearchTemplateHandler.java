package org.peaks.embedded.template;

import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.action.search.TransportSearchAction;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.action.RestCancellableNodeClient;
import org.elasticsearch.rest.action.RestRefCountedChunkedToXContentListener;
import org.elasticsearch.rest.action.search.RestSearchAction;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentParserConfiguration;
import org.elasticsearch.xcontent.XContentType;
import org.peaks.embedded.permission.Permission;

/** {@code _search/template}: renders a template and searches with what it says. */
public final class SearchTemplateHandler extends BaseRestHandler {

  private final ScriptService scripts;
  private final Predicate<NodeFeature> features;

  public SearchTemplateHandler(ScriptService scripts, Predicate<NodeFeature> features) {
    this.scripts = scripts;
    this.features = features;
  }

  @Override
  public String getName() {
    return "search_template_action";
  }

  @Override
  public List<Route> routes() {
    return List.of(
        new Route(GET, "/_search/template"),
        new Route(POST, "/_search/template"),
        new Route(GET, "/{index}/_search/template"),
        new Route(POST, "/{index}/_search/template"));
  }

  @Override
  protected Set<String> responseParams() {
    return Set.of(RestSearchAction.TYPED_KEYS_PARAM, RestSearchAction.TOTAL_HITS_AS_INT_PARAM);
  }

  @Override
  protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client)
      throws IOException {
    SearchRequest search = new SearchRequest();
    RestSearchAction.parseSearchRequest(
        search, request, null, features, size -> search.source().size(size));
    SearchTemplate template;
    try (XContentParser parser = request.contentOrSourceParamParser()) {
      template = SearchTemplate.parse(parser);
    }
    template.validated();
    return channel -> {
      ActionListener<SearchResponse> answering =
          new RestRefCountedChunkedToXContentListener<>(channel);
      client.execute(
          Permission.SEARCH_TEMPLATE,
          new Permission.Request(),
          answering.delegateFailureAndWrap(
              (next, granted) ->
                  new RestCancellableNodeClient(client, request.getHttpChannel())
                      .execute(TransportSearchAction.TYPE, fill(search, template, request), next)));
    };
  }

  /** Puts the rendered template into the search; what the URL asks for of total hits stays. */
  private SearchRequest fill(SearchRequest search, SearchTemplate template, RestRequest request)
      throws IOException {
    XContentParserConfiguration parsing = request.contentParserConfig();
    SearchSourceBuilder source = SearchSourceBuilder.searchSource();
    try (XContentParser parser =
        XContentType.JSON.xContent().createParser(parsing, template.render(scripts))) {
      source.parseXContent(parser, false, features);
    }
    Integer wanted = search.source() == null ? null : search.source().trackTotalHitsUpTo();
    if (wanted != null && source.trackTotalHitsUpTo() == null) {
      source.trackTotalHitsUpTo(wanted);
    }
    return search.source(source);
  }
}
