package org.peaks.esql;

import java.util.Optional;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.ActionRequest;
import org.elasticsearch.action.ActionResponse;
import org.elasticsearch.action.support.ActionFilterChain;
import org.elasticsearch.action.support.MappedActionFilter;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.xpack.esql.VerificationException;
import org.elasticsearch.xpack.esql.action.EsqlQueryAction;
import org.elasticsearch.xpack.esql.action.EsqlQueryRequest;
import org.elasticsearch.xpack.esql.common.Failure;
import org.elasticsearch.xpack.esql.common.Failures;
import org.elasticsearch.xpack.esql.core.tree.Node;
import org.elasticsearch.xpack.esql.expression.function.UnresolvedFunction;
import org.elasticsearch.xpack.esql.parser.EsqlParser;
import org.elasticsearch.xpack.esql.plan.logical.ChangePoint;
import org.elasticsearch.xpack.esql.plan.logical.LogicalPlan;

/**
 * Refuses the two constructs of ES|QL that call into x-pack-ml. Without this, asking for that
 * module's classes would be a {@link NoClassDefFoundError}, and Elasticsearch ends the node on
 * errors of that kind.
 */
final class MachineLearningGuard implements MappedActionFilter {

  @Override
  public String actionName() {
    return EsqlQueryAction.NAME;
  }

  @Override
  public <Request extends ActionRequest, Response extends ActionResponse> void apply(
      Task task,
      String action,
      Request request,
      ActionListener<Response> listener,
      ActionFilterChain<Request, Response> chain) {
    Failures failures =
        parse((EsqlQueryRequest) request)
            .map(MachineLearningGuard::findFailures)
            .orElseGet(Failures::new);
    if (failures.hasFailures()) {
      listener.onFailure(new VerificationException(failures));
    } else {
      chain.proceed(task, action, request, listener);
    }
  }

  /** Empty for a statement that does not parse: ES|QL itself says why. */
  private static Optional<LogicalPlan> parse(EsqlQueryRequest request) {
    try {
      return Optional.of(new EsqlParser().createStatement(request.query(), request.params(), null));
    } catch (RuntimeException error) {
      return Optional.empty();
    }
  }

  private static Failures findFailures(LogicalPlan plan) {
    Failures failures = new Failures();
    plan.forEachDown(ChangePoint.class, node -> failures.add(refuse(node, "CHANGE_POINT")));
    plan.forEachExpressionDown(
        UnresolvedFunction.class,
        function -> {
          if (function.name().equalsIgnoreCase("categorize")) {
            failures.add(refuse(function, "CATEGORIZE"));
          }
        });
    return failures;
  }

  private static Failure refuse(Node<?> node, String construct) {
    return Failure.fail(
        node,
        "{} needs Elasticsearch's module x-pack-ml, which this node does not have: run it on a"
            + " full Elasticsearch",
        construct);
  }
}
