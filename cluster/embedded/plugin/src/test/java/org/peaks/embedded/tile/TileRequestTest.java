package org.peaks.embedded.tile;

import static org.elasticsearch.search.internal.SearchContext.TRACK_TOTAL_HITS_ACCURATE;
import static org.elasticsearch.search.internal.SearchContext.TRACK_TOTAL_HITS_DISABLED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.elasticsearch.index.query.QueryBuilders;
import org.elasticsearch.search.aggregations.metrics.MaxAggregationBuilder;
import org.elasticsearch.search.sort.FieldSortBuilder;
import org.elasticsearch.xcontent.XContentParseException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TileRequestTest {

  private static TileRequest read(String body) throws IOException {
    return Bodies.request(new TileAddress(8, 189, 107), body);
  }

  @Test
  void whatIsNotSaidIsAsInElasticsearch() throws IOException {
    TileRequest request = read("{}");
    assertEquals(8, request.gridPrecision());
    assertEquals(GridType.GRID, request.gridType());
    assertEquals(4096, request.extent());
    assertEquals(10_000, request.trackTotalHitsUpTo());
    assertFalse(request.exactBounds());
    assertNull(request.query());
    assertEquals(List.of(), request.metrics());
    assertEquals(Map.of(), request.runtimeMappings());
  }

  @Test
  void bodyOfKibanaIsUnderstood() throws IOException {
    TileRequest request =
        read("""
                {"buffer": 0, "size": 0, "grid_precision": 4, "exact_bounds": false, "extent": 512,
                 "query": {"bool": {"filter": [{"exists": {"field": "gps"}}]}}, "grid_agg": "geotile",
                 "grid_type": "centroid", "aggs": {"highest": {"max": {"field": "altitude_m"}}},
                 "runtime_mappings": {"hour": {"type": "long"}}, "with_labels": false}""")
            .supplied();
    assertEquals(4, request.gridPrecision());
    assertEquals(GridType.CENTROID, request.gridType());
    assertEquals(512, request.extent());
    assertEquals(
        QueryBuilders.boolQuery().filter(QueryBuilders.existsQuery("gps")), request.query());
    assertEquals(
        List.of(new MaxAggregationBuilder("highest").field("altitude_m")), request.metrics());
    assertEquals(Map.of("hour", Map.of("type", "long")), request.runtimeMappings());
  }

  @Test
  void fieldsSortsAndBoundsAreUnderstood() throws IOException {
    TileRequest request =
        read(
            """
            {"size": 0, "exact_bounds": true, "sort": [{"shot_time": "desc"}],
             "fields": ["path", {"field": "shot_time", "format": "epoch_millis"}]}""");
    assertTrue(request.exactBounds());
    assertEquals("shot_time", ((FieldSortBuilder) request.sorts().get(0)).getFieldName());
  }

  @ParameterizedTest
  @CsvSource({
    "true," + TRACK_TOTAL_HITS_ACCURATE,
    "false," + TRACK_TOTAL_HITS_DISABLED,
    "\"true\"," + TRACK_TOTAL_HITS_ACCURATE,
    "7,7"
  })
  void totalsAreCountedUpToWhatIsSaid(String written, int upTo) throws IOException {
    assertEquals(upTo, read("{\"track_total_hits\": " + written + "}").trackTotalHitsUpTo());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'size': -1            | [size] parameter cannot be negative, found [-1]",
        "'extent': -1          | [extent] parameter cannot be negative, found [-1]",
        "'buffer': -1          | [buffer] parameter cannot be negative, found [-1]",
        "'grid_precision': -1  | [gridPrecision] parameter cannot be negative, found [-1]",
        "'grid_precision': 9   | [gridPrecision] parameter cannot be bigger than 8, found [9]",
        "'grid_type': 'cell'   | Invalid grid type [cell]",
        "'grid_agg': 'geohash' | Invalid agg type [geohash]",
        "'aggs': {'a': {'terms': {'field': 'b'}}} "
            + "| Unsupported aggregation of type [terms].Only metric aggregations are supported.",
        "'aggs': {'a': {'max_bucket': {'buckets_path': 'b'}}} "
            + "| Unsupported pipeline aggregation of type [max_bucket]",
      },
      quoteCharacter = '"')
  void refusesWhatElasticsearchRefuses(String body, String sentence) {
    Throwable error =
        assertThrows(Exception.class, () -> read("{" + body.replace('\'', '"') + "}"));
    while (error.getCause() != null) {
      error = error.getCause();
    }
    assertEquals(IllegalArgumentException.class, error.getClass());
    assertEquals(sentence, error.getMessage());
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    XContentParseException error =
        assertThrows(XContentParseException.class, () -> read("{\"colour\": 4}"));
    assertEquals("[1:2] [vector-tile] unknown field [colour]", error.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"size\": 5}",
        "{\"size\": 0, \"grid_agg\": \"geohex\"}",
        "{\"size\": 0, \"with_labels\": true}"
      })
  void refusesWhatTheEmbeddedNodeDoesNotSupply(String body) throws IOException {
    TileRequest request = read(body);
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, request::supplied);
    assertTrue(error.getMessage().startsWith("The embedded node supplies no "), error.getMessage());
  }
}
