package org.peaks.embedded.stack;

import java.util.List;
import org.elasticsearch.search.retriever.CompoundRetrieverBuilder;
import org.elasticsearch.search.retriever.RetrieverBuilder;
import org.elasticsearch.search.retriever.RetrieverParserContext;
import org.elasticsearch.xcontent.AbstractObjectParser;

/** A retriever over others. */
public abstract class StackRetriever<T extends StackRetriever<T>>
    extends CompoundRetrieverBuilder<T> {

  protected StackRetriever(List<RetrieverSource> children, int window) {
    super(children, window);
  }

  /** Declares what every retriever takes: {@code filter}, {@code min_score}, {@code _name}. */
  protected static void declareCommonFields(
      String name,
      AbstractObjectParser<? extends RetrieverBuilder, RetrieverParserContext> parser) {
    RetrieverBuilder.declareBaseParserFields(parser);
  }

  /** Counts a retriever among those that searches use. */
  protected static void trackUsage(RetrieverBuilder retriever, RetrieverParserContext context) {
    context.trackRetrieverUsage(retriever);
  }
}
