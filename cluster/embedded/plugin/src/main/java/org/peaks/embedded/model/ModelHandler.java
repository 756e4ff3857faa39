package org.peaks.embedded.model;

import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestRequest;

/** One of machine learning's REST paths. */
final class ModelHandler extends BaseRestHandler {

  /** Runs a transport action whose answer goes to the channel. */
  @FunctionalInterface
  interface Call {
    void send(RestChannel channel) throws Exception;
  }

  /** Reads a REST request into a call. */
  @FunctionalInterface
  interface Reading {
    Call read(RestRequest request, NodeClient client) throws IOException;
  }

  private final String name;
  private final List<Route> routes;
  private final Set<String> responseParameters;
  private final Reading reading;

  /**
   * @param responseParameters parameters of the URL that only the answer's form depends on
   */
  ModelHandler(String name, List<Route> routes, Set<String> responseParameters, Reading reading) {
    this.name = name;
    this.routes = routes;
    this.responseParameters = responseParameters;
    this.reading = reading;
  }

  @Override
  public String getName() {
    return name;
  }

  @Override
  public List<Route> routes() {
    return routes;
  }

  @Override
  protected Set<String> responseParams() {
    return responseParameters;
  }

  @Override
  protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client)
      throws IOException {
    return reading.read(request, client)::send;
  }
}
