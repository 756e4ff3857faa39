package org.peaks.embedded.tile;

import java.io.IOException;
import java.util.List;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.search.SearchModule;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xcontent.XContentParserConfiguration;
import org.elasticsearch.xcontent.XContentType;

/** Requests from bodies, with the queries and aggregations that the server knows. */
final class Bodies {

  private static final XContentParserConfiguration PARSING =
      XContentParserConfiguration.EMPTY.withRegistry(
          new NamedXContentRegistry(
              new SearchModule(Settings.EMPTY, List.of()).getNamedXContents()));

  private Bodies() {}

  static TileRequest request(TileAddress tile, String body) throws IOException {
    TileRequest request = new TileRequest(new String[] {"photos"}, "gps", tile);
    try (XContentParser parser = XContentType.JSON.xContent().createParser(PARSING, body)) {
      request.readBody(parser);
    }
    return request;
  }
}
