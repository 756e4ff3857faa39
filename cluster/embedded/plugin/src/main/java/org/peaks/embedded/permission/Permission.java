package org.peaks.embedded.permission;

import java.util.List;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionRequestValidationException;
import org.elasticsearch.action.ActionResponse.Empty;
import org.elasticsearch.action.ActionType;
import org.elasticsearch.action.CompositeIndicesRequest;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.TransportAction;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.plugins.ActionPlugin.ActionHandler;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.transport.TransportService;

/**
 * Asks for the privileges that Elasticsearch asks for on paths that our handlers serve by
 * themselves: an action of Elastic's name, which security lets through or refuses, and which does
 * nothing.
 */
public final class Permission {

  /** For {@code GET /}. */
  public static final ActionType<Empty> MAIN = new ActionType<>("cluster:monitor/main");

  /**
   * For {@code _search/template} and {@code _render/template}. As in Elasticsearch it counts
   * without indices: the search that follows is asked for by itself.
   */
  public static final ActionType<Empty> SEARCH_TEMPLATE =
      new ActionType<>("indices:data/read/search/template");

  private Permission() {}

  @SuppressWarnings({"rawtypes", "unchecked"}) // 9.5 has no type parameters here
  public static List<ActionHandler> actions() {
    return List.of(
        new ActionHandler(MAIN, ForMain.class),
        new ActionHandler(SEARCH_TEMPLATE, ForSearchTemplate.class));
  }

  /** Says nothing but that somebody asks. */
  public static final class Request extends ActionRequest implements CompositeIndicesRequest {
    @Override
    public ActionRequestValidationException validate() {
      return null;
    }
  }

  private abstract static class Granting extends TransportAction<Request, Empty> {
    Granting(ActionType<Empty> type, TransportService transport, ActionFilters filters) {
      super(type.name(), filters, transport.getTaskManager(), EsExecutors.DIRECT_EXECUTOR_SERVICE);
    }

    @Override
    protected void doExecute(Task task, Request request, ActionListener<Empty> listener) {
      listener.onResponse(Empty.INSTANCE);
    }
  }

  /** Grants {@link #MAIN}. */
  public static final class ForMain extends Granting {
    @Inject
    public ForMain(TransportService transport, ActionFilters filters) {
      super(MAIN, transport, filters);
    }
  }

  /** Grants {@link #SEARCH_TEMPLATE}. */
  public static final class ForSearchTemplate extends Granting {
    @Inject
    public ForSearchTemplate(TransportService transport, ActionFilters filters) {
      super(SEARCH_TEMPLATE, transport, filters);
    }
  }
}
