package org.peaks.embedded.template;

import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.elasticsearch.ElasticsearchException;
import org.elasticsearch.action.search.MultiSearchRequest;
import org.elasticsearch.action.search.MultiSearchResponse;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.action.search.TransportMultiSearchAction;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.action.RestCancellableNodeClient;
import org.elasticsearch.rest.action.RestRefCountedChunkedToXContentListener;
import org.elasticsearch.rest.action.search.RestMultiSearchAction;
import org.elasticsearch.rest.action.search.RestSearchAction;

/** {@code _msearch/template}: many template searches at once, a broken one failing alone. */
final class MultiSearchTemplateHandler extends BaseRestHandler {

  private record Line(SearchRequest search, SearchTemplate template) {}

  private final TemplateSearch searches;
  private final boolean allowExplicitIndex;

  MultiSearchTemplateHandler(TemplateSearch searches, Settings settings) {
    this.searches = searches;
    this.allowExplicitIndex = MULTI_ALLOW_EXPLICIT_INDEX.get(settings);
  }

  @Override
  public String getName() {
    return "multi_search_template_action";
  }

  @Override
  public List<Route> routes() {
    return List.of(
        new Route(GET, "/_msearch/template"),
        new Route(POST, "/_msearch/template"),
        new Route(GET, "/{index}/_msearch/template"),
        new Route(POST, "/{index}/_msearch/template"));
  }

  @Override
  protected Set<String> responseParams() {
    return Set.of(RestSearchAction.TYPED_KEYS_PARAM, RestSearchAction.TOTAL_HITS_AS_INT_PARAM);
  }

  @Override
  protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client)
      throws IOException {
    if (request.hasContentOrSourceParam() == false) {
      throw new ElasticsearchException("request body is required");
    }
    MultiSearchRequest all = new MultiSearchRequest();
    if (request.hasParam("max_concurrent_searches")) {
      all.maxConcurrentSearchRequests(request.paramAsInt("max_concurrent_searches", 0));
    }
    List<Line> lines = parse(request, all);
    MultiSearchResponse.Item[] failures = new MultiSearchResponse.Item[lines.size()];
    for (int i = 0; i < failures.length; i++) {
      try {
        all.add(searches.fill(lines.get(i).search(), lines.get(i).template(), request));
      } catch (Exception e) {
        failures[i] = new MultiSearchResponse.Item(null, e);
      }
    }
    return channel -> {
      var listener = new RestRefCountedChunkedToXContentListener<MultiSearchResponse>(channel);
      if (all.requests().isEmpty()) {
        TemplateFailures.respond(failures, listener);
        return;
      }
      new RestCancellableNodeClient(client, request.getHttpChannel())
          .execute(
              TransportMultiSearchAction.TYPE, all, TemplateFailures.merge(failures, listener));
    };
  }

  private List<Line> parse(RestRequest request, MultiSearchRequest all) throws IOException {
    List<Line> lines = new ArrayList<>();
    RestMultiSearchAction.parseMultiLineRequest(
        request,
        all.indicesOptions(),
        allowExplicitIndex,
        (search, parser) -> {
          SearchTemplate template = SearchTemplate.parse(parser);
          if (template.hasScript() == false) {
            throw new IllegalArgumentException("Malformed search template");
          }
          lines.add(new Line(search, template));
        });
    return lines;
  }
}
