package org.peaks.embedded.tile;

import java.util.Set;
import org.elasticsearch.common.geo.GeoBoundingBox;
import org.elasticsearch.common.geo.GeoPoint;
import org.elasticsearch.geometry.Rectangle;
import org.elasticsearch.index.query.GeoShapeQueryBuilder;
import org.elasticsearch.index.query.QueryBuilder;
import org.elasticsearch.index.query.QueryBuilders;
import org.elasticsearch.search.aggregations.MultiBucketConsumerService;
import org.elasticsearch.search.aggregations.bucket.geogrid.GeoGridAggregationBuilder;
import org.elasticsearch.search.aggregations.bucket.geogrid.GeoTileGridAggregationBuilder;
import org.elasticsearch.search.aggregations.metrics.GeoBoundsAggregationBuilder;
import org.elasticsearch.search.aggregations.metrics.GeoCentroidAggregationBuilder;
import org.elasticsearch.search.aggregations.pipeline.StatsBucketPipelineAggregationBuilder;
import org.elasticsearch.search.aggregations.support.ValuesSourceAggregationBuilder.MetricsAggregationBuilder;
import org.elasticsearch.search.builder.SearchSourceBuilder;

/** The search behind a vector tile; aggregations have the names that Elasticsearch gives them. */
final class TileSearch {

  static final String GRID = "grid";
  static final String BOUNDS = "bounds";
  static final String COUNT = "_count";
  static final String INTERNAL_PREFIX = "_mvt_";
  static final String CENTROID = INTERNAL_PREFIX + "centroid";

  private TileSearch() {}

  /**
   * Asks for the documents in the tile that the request's query finds: a grid over them with the
   * request's metrics, statistics over the grid's cells, and, if wanted, the box around them.
   *
   * @throws IllegalArgumentException for a metric with a name of this class
   */
  static SearchSourceBuilder of(TileRequest request) {
    SearchSourceBuilder search =
        new SearchSourceBuilder()
            .size(0)
            .fetchSource(false)
            .trackTotalHitsUpTo(request.trackTotalHitsUpTo())
            .runtimeMappings(request.runtimeMappings())
            .query(within(request));
    request.sorts().forEach(search::sort);
    if (request.gridPrecision() > 0) {
      search.aggregation(grid(request));
      search.aggregation(statistics(COUNT, GRID + "." + COUNT));
      request.metrics().forEach(metric -> addStatistics(search, metric));
    }
    if (request.exactBounds()) {
      search.aggregation(
          new GeoBoundsAggregationBuilder(BOUNDS).field(request.field()).wrapLongitude(false));
    }
    return search;
  }

  private static QueryBuilder within(TileRequest request) {
    QueryBuilder inTile = new GeoShapeQueryBuilder(request.field(), request.tile().box());
    return request.query() == null
        ? inTile
        : QueryBuilders.boolQuery().filter(request.query()).filter(inTile);
  }

  private static GeoGridAggregationBuilder grid(TileRequest request) {
    Rectangle box = request.tile().box();
    GeoGridAggregationBuilder grid =
        new GeoTileGridAggregationBuilder(GRID)
            .field(request.field())
            .precision(request.tile().gridZoom(request.gridPrecision()))
            .setGeoBoundingBox(
                new GeoBoundingBox(
                    new GeoPoint(box.getMaxLat(), box.getMinLon()),
                    new GeoPoint(box.getMinLat(), box.getMaxLon())))
            .size(MultiBucketConsumerService.DEFAULT_MAX_BUCKETS);
    if (request.gridType() == GridType.CENTROID) {
      grid.subAggregation(new GeoCentroidAggregationBuilder(CENTROID).field(request.field()));
    }
    for (MetricsAggregationBuilder<?> metric : request.metrics()) {
      grid.subAggregation(ownName(metric));
    }
    return grid;
  }

  private static MetricsAggregationBuilder<?> ownName(MetricsAggregationBuilder<?> metric) {
    if (metric.getName().startsWith(INTERNAL_PREFIX)) {
      throw new IllegalArgumentException(
          "Invalid aggregation name ["
              + metric.getName()
              + "]. Aggregation names cannot start with prefix '"
              + INTERNAL_PREFIX
              + "'");
    }
    return metric;
  }

  /** One for each value of the metric; an average has one, {@code stats} has five. */
  private static void addStatistics(
      SearchSourceBuilder search, MetricsAggregationBuilder<?> metric) {
    String path = GRID + ">" + metric.getName();
    Set<String> values = metric.metricNames();
    for (String value : values) {
      String name = values.size() == 1 ? metric.getName() : metric.getName() + "." + value;
      // Names with a dot, such as the percentile 99.9, are quoted with brackets.
      String quoted = value.contains(".") ? "[" + value + "]" : "." + value;
      search.aggregation(statistics(name, path + quoted));
    }
  }

  private static StatsBucketPipelineAggregationBuilder statistics(String name, String path) {
    return new StatsBucketPipelineAggregationBuilder(name, path);
  }
}
