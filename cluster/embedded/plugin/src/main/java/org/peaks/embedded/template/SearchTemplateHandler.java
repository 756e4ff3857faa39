package org.peaks.embedded.template;

import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.action.search.TransportSearchAction;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.action.RestCancellableNodeClient;
import org.elasticsearch.rest.action.RestRefCountedChunkedToXContentListener;
import org.elasticsearch.rest.action.search.RestSearchAction;
import org.elasticsearch.xcontent.XContentParser;

/** {@code _search/template}: renders a template and searches with what it says. */
final class SearchTemplateHandler extends BaseRestHandler {

  private final TemplateSearch searches;

  SearchTemplateHandler(TemplateSearch searches) {
    this.searches = searches;
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
        search, request, null, searches.features(), size -> search.source().size(size));
    SearchTemplate template;
    try (XContentParser parser = request.contentOrSourceParamParser()) {
      template = SearchTemplate.parse(parser);
    }
    if (request.hasParam("explain")) {
      template.explain(request.paramAsBoolean("explain", false));
    }
    template.validated();
    return channel ->
        new RestCancellableNodeClient(client, request.getHttpChannel())
            .execute(
                TransportSearchAction.TYPE,
                searches.fill(search, template, request),
                new RestRefCountedChunkedToXContentListener<>(channel));
  }
}
