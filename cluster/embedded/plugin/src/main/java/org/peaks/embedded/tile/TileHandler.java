package org.peaks.embedded.tile;

import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.IOException;
import java.util.List;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.action.search.TransportSearchAction;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.common.bytes.BytesArray;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.rest.action.RestCancellableNodeClient;
import org.elasticsearch.rest.action.RestResponseListener;

/**
 * {@code _mvt}: searches what lies in a map's tile and answers a Mapbox vector tile, as far as
 * Kibana's heat maps and clusters ask for it: a grid over the tile, no hits.
 */
public final class TileHandler extends BaseRestHandler {

  /** By the Mapbox vector tile specification 2.1, section 2.2. */
  private static final String MEDIA_TYPE = "application/vnd.mapbox-vector-tile";

  @Override
  public String getName() {
    return "vector_tile_action";
  }

  @Override
  public List<Route> routes() {
    String path = "/{index}/_mvt/{field}/{z}/{x}/{y}";
    return List.of(new Route(GET, path), new Route(POST, path));
  }

  @Override
  protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client)
      throws IOException {
    TileRequest wanted = TileRequest.parse(request);
    SearchRequest search = new SearchRequest(wanted.indices()).source(TileSearch.of(wanted));
    return channel ->
        new RestCancellableNodeClient(client, request.getHttpChannel())
            .execute(
                TransportSearchAction.TYPE,
                search,
                new RestResponseListener<>(channel) {
                  @Override
                  public RestResponse buildResponse(SearchResponse found) throws IOException {
                    byte[] tile = new TileAnswer(wanted).encode(found);
                    return new RestResponse(RestStatus.OK, MEDIA_TYPE, new BytesArray(tile));
                  }
                });
  }
}
