package org.peaks.embedded.guests;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.action.support.ActionFilter;
import org.elasticsearch.action.support.ActionFilterChain;
import org.elasticsearch.common.network.InetAddresses;
import org.elasticsearch.common.util.concurrent.ThreadContext;
import org.elasticsearch.rest.RestHeaderDefinition;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.tasks.Task;

/**
 * Refuses what a web page has a browser send to this machine. Elasticsearch itself refuses foreign
 * origins ({@code http.cors.enabled}), but takes a page's own for its own where the page's name
 * leads here (DNS rebinding), and sees no origin where a page only shows an address as a picture or
 * frame.
 */
public record PageFilter(ThreadContext context) implements ActionFilter {

  private static final String HOST = "Host";
  private static final String SITE =
      "Sec-Fetch-Site"; // browsers alone send it, and no page sets it
  private static final Set<String> OWN =
      Set.of("none", "same-origin"); // typed by the user, or ours

  /** What Elasticsearch must keep of a request for this filter. */
  public static List<RestHeaderDefinition> headers() {
    return List.of(new RestHeaderDefinition(HOST, false), new RestHeaderDefinition(SITE, false));
  }

  @Override
  public int order() {
    return Integer.MIN_VALUE;
  }

  @Override
  public <Q extends ActionRequest, A extends ActionResponse> void apply(
      Task task,
      String action,
      Q request,
      ActionListener<A> listener,
      ActionFilterChain<Q, A> chain) {
    String reason = refusal(context::getHeader);
    if (reason == null) {
      chain.proceed(task, action, request, listener);
    } else {
      listener.onFailure(new ElasticsearchStatusException(reason, RestStatus.FORBIDDEN));
    }
  }

  /** Why a request with these headers is refused; null where it is not. */
  static String refusal(Function<String, String> headers) {
    String host = headers.apply(HOST);
    if (host != null && isLocal(host) == false) {
      return "the embedded node answers to localhost and to addresses, not to the name ["
          + host
          + "]";
    }
    String site = headers.apply(SITE);
    return site == null || OWN.contains(site)
        ? null
        : "the embedded node takes no requests from the web pages of other sites";
  }

  /**
   * No page has an address of this machine for its name: a name is what can be made to lead here.
   */
  private static boolean isLocal(String host) {
    String name = host.replaceFirst(":\\d*$", "");
    return name.equals("localhost")
        || name.endsWith(".localhost")
        || InetAddresses.isInetAddress(name.replaceAll("^\\[|]$", ""));
  }
}
