package org.peaks.embedded.template;

import static org.elasticsearch.rest.RestRequest.Method.GET;
import static org.elasticsearch.rest.RestRequest.Method.POST;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.elasticsearch.action.ActionResponse.Empty;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.rest.action.RestResponseListener;
import org.elasticsearch.script.ScriptService;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentType;
import org.peaks.embedded.permission.Permission;

/** {@code _render/template}: shows what a template renders to, and searches nothing. */
public final class RenderTemplateHandler extends BaseRestHandler {

  private final ScriptService scripts;

  public RenderTemplateHandler(ScriptService scripts) {
    this.scripts = scripts;
  }

  @Override
  public String getName() {
    return "render_search_template_action";
  }

  @Override
  public List<Route> routes() {
    return List.of(
        new Route(GET, "/_render/template"),
        new Route(POST, "/_render/template"),
        new Route(GET, "/_render/template/{id}"),
        new Route(POST, "/_render/template/{id}"));
  }

  @Override
  protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client)
      throws IOException {
    SearchTemplate template;
    try (XContentParser parser = request.contentOrSourceParamParser()) {
      template = SearchTemplate.parse(parser);
    }
    if (request.hasParam("id")) {
      template.stored(request.param("id"));
    }
    template.validated();
    return channel ->
        client.execute(
            Permission.SEARCH_TEMPLATE,
            new Permission.Request(),
            new RestResponseListener<>(channel) {
              @Override
              public RestResponse buildResponse(Empty granted) throws IOException {
                return show(template.render(scripts), channel.newBuilder());
              }
            });
  }

  private static RestResponse show(String rendered, XContentBuilder body) throws IOException {
    body.startObject();
    try (InputStream json = new ByteArrayInputStream(rendered.getBytes(StandardCharsets.UTF_8))) {
      body.rawField("template_output", json, XContentType.JSON);
    }
    return new RestResponse(RestStatus.OK, body.endObject());
  }
}
