package org.peaks.embedded.root;

import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.HEAD;

import java.io.IOException;
import java.util.List;
import org.elasticsearch.Build;
import org.elasticsearch.action.ActionResponse.Empty;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.ClusterState;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.index.IndexVersion;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.rest.action.RestResponseListener;
import org.elasticsearch.xcontent.XContentBuilder;
import org.peaks.embedded.permission.Permission;

/** Answers {@code GET /}, by which clients recognise an Elasticsearch and its version. */
public final class RootHandler extends BaseRestHandler {

  private final ClusterService clusterService;

  public RootHandler(ClusterService clusterService) {
    this.clusterService = clusterService;
  }

  @Override
  public String getName() {
    return "main_action";
  }

  @Override
  public List<Route> routes() {
    return List.of(new Route(GET, "/"), new Route(HEAD, "/"));
  }

  @Override
  protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
    boolean asksForLayout = request.hasParam("pretty");
    return channel ->
        client.execute(
            Permission.MAIN,
            new Permission.Request(),
            new RestResponseListener<>(channel) {
              @Override
              public RestResponse buildResponse(Empty granted) throws IOException {
                XContentBuilder body = channel.newBuilder();
                if (asksForLayout == false) {
                  body.prettyPrint().lfAtEnd();
                }
                return new RestResponse(RestStatus.OK, describe(body));
              }
            });
  }

  private XContentBuilder describe(XContentBuilder body) throws IOException {
    ClusterState state = clusterService.state();
    body.startObject();
    body.field("name", clusterService.getNodeName());
    body.field("cluster_name", state.getClusterName().value());
    body.field("cluster_uuid", state.metadata().clusterUUID());
    describeVersion(body);
    return body.field("tagline", "You Know, for Search").endObject();
  }

  private static void describeVersion(XContentBuilder body) throws IOException {
    Build build = Build.current();
    body.startObject("version");
    body.field("number", build.qualifiedVersion());
    body.field("build_flavor", build.flavor());
    body.field("build_type", build.type().displayName());
    body.field("build_hash", build.hash());
    body.field("build_date", build.date());
    body.field("build_snapshot", build.isSnapshot());
    body.field("lucene_version", IndexVersion.current().luceneVersion().toString());
    body.field("minimum_wire_compatibility_version", build.minWireCompatVersion());
    body.field("minimum_index_compatibility_version", build.minIndexCompatVersion());
    body.endObject();
  }

  @Override
  public boolean canTripCircuitBreaker() {
    return false;
  }
}
