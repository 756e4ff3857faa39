package org.peaks.embedded.template;

import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.search.MultiSearchResponse;

/** Puts the templates that did not render into their places among the answers of those that did. */
final class TemplateFailures {

  private TemplateFailures() {}

  /** Answers with the failures alone. */
  static void respond(
      MultiSearchResponse.Item[] failures, ActionListener<MultiSearchResponse> listener) {
    ActionListener.respondAndRelease(listener, new MultiSearchResponse(failures, 0L));
  }

  /**
   * @param failures one place a line of the request; null where the line was sent on
   */
  static ActionListener<MultiSearchResponse> merge(
      MultiSearchResponse.Item[] failures, ActionListener<MultiSearchResponse> listener) {
    return listener.delegateFailureAndWrap(
        (delegate, answered) -> {
          MultiSearchResponse.Item[] items = failures.clone();
          int next = 0;
          for (int i = 0; i < items.length; i++) {
            if (items[i] == null) {
              items[i] = keep(answered.getResponses()[next++]);
            }
          }
          ActionListener.respondAndRelease(
              delegate, new MultiSearchResponse(items, answered.getTook().millis()));
        });
  }

  /** The merged response releases its items when it goes, and so does the one they came in. */
  private static MultiSearchResponse.Item keep(MultiSearchResponse.Item item) {
    if (item.getResponse() != null) {
      item.getResponse().mustIncRef();
    }
    return item;
  }
}
