package org.peaks.embedded.model;

import java.io.IOException;
import java.util.Map;
import org.elasticsearch.ExceptionsHelper;
import org.elasticsearch.ResourceAlreadyExistsException;
import org.elasticsearch.ResourceNotFoundException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.DocWriteRequest;
import org.elasticsearch.action.get.GetResponse;
import org.elasticsearch.action.index.IndexRequest;
import org.elasticsearch.action.support.WriteRequest.RefreshPolicy;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.common.bytes.BytesReference;
import org.elasticsearch.common.xcontent.LoggingDeprecationHandler;
import org.elasticsearch.common.xcontent.XContentHelper;
import org.elasticsearch.core.CheckedFunction;
import org.elasticsearch.index.IndexNotFoundException;
import org.elasticsearch.index.engine.VersionConflictEngineException;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.ToXContent;
import org.elasticsearch.xcontent.ToXContentObject;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentFactory;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentParserConfiguration;
import org.elasticsearch.xcontent.XContentType;
import org.elasticsearch.xpack.core.ml.utils.ToXContentParams;

/** Documents of machine learning's own indices, in the form that they are stored in. */
final class ModelDocuments {

  private static final ToXContent.Params FOR_STORAGE =
      new ToXContent.MapParams(Map.of(ToXContentParams.FOR_INTERNAL_STORAGE, "true"));

  private final Client client;
  private final XContentParserConfiguration parsing;

  ModelDocuments(Client client, NamedXContentRegistry registry) {
    this.client = client;
    this.parsing =
        XContentParserConfiguration.EMPTY
            .withRegistry(registry)
            .withDeprecationHandler(LoggingDeprecationHandler.INSTANCE);
  }

  /** Stores a new document; fails with 400 and the sentence `exists` where there is one. */
  void create(
      String index,
      String id,
      ToXContentObject content,
      RefreshPolicy refresh,
      String exists,
      ActionListener<Void> listener) {
    IndexRequest request =
        new IndexRequest(index)
            .id(id)
            .opType(DocWriteRequest.OpType.CREATE)
            .source(toSource(content))
            .setRefreshPolicy(refresh);
    client.index(
        request,
        ActionListener.wrap(
            stored -> listener.onResponse(null),
            e -> {
              boolean conflict =
                  ExceptionsHelper.unwrapCause(e) instanceof VersionConflictEngineException;
              listener.onFailure(conflict ? new ResourceAlreadyExistsException(exists) : e);
            }));
  }

  /** Reads a document; fails with 404 and the sentence `missing` where there is none. */
  <T> void get(
      String index,
      String id,
      CheckedFunction<XContentParser, T, IOException> parser,
      String missing,
      ActionListener<T> listener) {
    client
        .prepareGet(index, id)
        .execute(
            ActionListener.wrap(
                found -> listener.onResponse(parseFound(found, parser, missing)),
                e -> {
                  boolean none = ExceptionsHelper.unwrapCause(e) instanceof IndexNotFoundException;
                  listener.onFailure(none ? new ResourceNotFoundException(missing) : e);
                }));
  }

  private <T> T parseFound(
      GetResponse found, CheckedFunction<XContentParser, T, IOException> parser, String missing)
      throws IOException {
    if (found.isExists() == false) {
      throw new ResourceNotFoundException(missing);
    }
    return parse(found.getSourceAsBytesRef(), parser);
  }

  <T> T parse(BytesReference source, CheckedFunction<XContentParser, T, IOException> reader)
      throws IOException {
    try (XContentParser parser =
        XContentHelper.createParserNotCompressed(parsing, source, XContentType.JSON)) {
      return reader.apply(parser);
    }
  }

  static XContentBuilder toSource(ToXContentObject content) {
    try {
      return content.toXContent(XContentFactory.jsonBuilder(), FOR_STORAGE);
    } catch (IOException e) {
      throw new IllegalStateException("a model's document cannot be written", e);
    }
  }
}
