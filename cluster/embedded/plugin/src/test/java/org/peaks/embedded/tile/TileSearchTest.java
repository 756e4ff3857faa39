package org.peaks.embedded.tile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.elasticsearch.common.Strings;
import org.elasticsearch.common.xcontent.XContentHelper;
import org.elasticsearch.xcontent.XContentType;
import org.junit.jupiter.api.Test;

class TileSearchTest {

  private static final TileAddress SOUTH_ATLANTIC = new TileAddress(3, 3, 5);

  private static Map<String, Object> search(TileAddress tile, String body) throws IOException {
    String json = Strings.toString(TileSearch.of(Bodies.request(tile, body)));
    return XContentHelper.convertToMap(XContentType.JSON.xContent(), json, false);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> inside(Map<String, Object> object, String... path) {
    for (String name : path) {
      object = (Map<String, Object>) object.get(name);
    }
    return object;
  }

  private static Map<String, Object> statistics(String path) {
    return Map.of("stats_bucket", Map.of("buckets_path", List.of(path), "gap_policy", "skip"));
  }

  /** The example of Elasticsearch's documentation, "How Elasticsearch translates the request". */
  @Test
  void asksAsTheDocumentationSays() throws IOException {
    Map<String, Object> search = search(SOUTH_ATLANTIC, "{\"size\": 0, \"exact_bounds\": true}");
    Map<String, Object> grid = inside(search, "aggregations", "grid", "geotile_grid");
    assertEquals("gps", grid.get("field"));
    assertEquals(11, grid.get("precision"));
    assertEquals(65536, grid.get("size"));
    assertEquals(
        Map.of("lat", -40.979898069620134, "lon", -45.0), inside(grid, "bounds", "top_left"));
    assertEquals(
        Map.of("lat", -66.51326044311186, "lon", 0.0), inside(grid, "bounds", "bottom_right"));
    assertEquals(
        Map.of("geo_bounds", Map.of("field", "gps", "wrap_longitude", false)),
        inside(search, "aggregations", "bounds"));
    assertEquals(Set.of("grid", "bounds", "_count"), inside(search, "aggregations").keySet());
    Map<String, Object> place = inside(search, "query", "geo_shape", "gps");
    assertEquals("intersects", place.get("relation"));
    assertEquals(
        List.of(List.of(-45.0, -40.979898069620134), List.of(0.0, -66.51326044311186)),
        inside(place, "shape").get("coordinates"));
  }

  @Test
  void queryNarrowsTheTile() throws IOException {
    Map<String, Object> search = search(SOUTH_ATLANTIC, "{\"query\": {\"match_all\": {}}}");
    assertEquals(2, ((List<?>) inside(search, "query", "bool").get("filter")).size());
  }

  @Test
  void eachValueOfAMetricHasStatistics() throws IOException {
    Map<String, Object> search =
        search(
            SOUTH_ATLANTIC,
            """
            {"grid_type": "centroid", "aggs": {"low": {"min": {"field": "a"}},
             "all": {"stats": {"field": "a"}}, "p": {"percentiles": {"field": "a", "percents": [99.9]}}}}""");
    Map<String, Object> aggregations = inside(search, "aggregations");
    assertEquals(
        Set.of(
            "grid", "_count", "low", "all.min", "all.max", "all.sum", "all.avg", "all.count", "p"),
        aggregations.keySet());
    assertEquals(statistics("grid._count"), aggregations.get("_count"));
    assertEquals(statistics("grid>low.value"), aggregations.get("low"));
    assertEquals(statistics("grid>all.avg"), aggregations.get("all.avg"));
    assertEquals(statistics("grid>p[99.9]"), aggregations.get("p"));
    assertEquals(
        Set.of("_mvt_centroid", "low", "all", "p"),
        inside(aggregations, "grid", "aggregations").keySet());
  }

  @Test
  void noPrecisionIsNoGrid() throws IOException {
    assertFalse(search(SOUTH_ATLANTIC, "{\"grid_precision\": 0}").containsKey("aggregations"));
  }

  @Test
  void namesOfItsOwnStayItsOwn() {
    IllegalArgumentException error =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                search(
                    SOUTH_ATLANTIC, "{\"aggs\": {\"_mvt_low\": {\"min\": {\"field\": \"a\"}}}}"));
    assertEquals(
        "Invalid aggregation name [_mvt_low]. Aggregation names cannot start with prefix '_mvt_'",
        error.getMessage());
  }
}
