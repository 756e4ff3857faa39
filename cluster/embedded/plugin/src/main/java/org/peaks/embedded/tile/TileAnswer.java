package org.peaks.embedded.tile;

import com.wdtinc.mapbox_vector_tile.VectorTile.Tile;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.common.geo.GeoPoint;
import org.elasticsearch.common.geo.SimpleFeatureFactory;
import org.elasticsearch.common.xcontent.ChunkedToXContent;
import org.elasticsearch.geometry.Rectangle;
import org.elasticsearch.search.SearchHits;
import org.elasticsearch.search.aggregations.InternalAggregation;
import org.elasticsearch.search.aggregations.InternalAggregations;
import org.elasticsearch.search.aggregations.bucket.geogrid.InternalGeoGrid;
import org.elasticsearch.search.aggregations.bucket.geogrid.InternalGeoGridBucket;
import org.elasticsearch.search.aggregations.metrics.InternalGeoBounds;

/**
 * Draws what a tile's search found: a layer {@code aggs} with a feature for each cell of the grid,
 * if any has documents, and a layer {@code meta} with one feature whose tags are the rest of the
 * answer.
 */
final class TileAnswer {

  private static final Set<String> DRAWN = Set.of(TileSearch.GRID, TileSearch.BOUNDS);

  private final TileRequest request;
  private final SimpleFeatureFactory geometries;

  TileAnswer(TileRequest request) {
    this.request = request;
    this.geometries = request.tile().geometries(request.extent());
  }

  /** The vector tile's bytes. */
  byte[] encode(SearchResponse found) throws IOException {
    Tile.Builder tile = Tile.newBuilder();
    InternalAggregations aggregations =
        found.hasAggregations() ? found.getAggregations() : InternalAggregations.EMPTY;
    InternalGeoGrid<?> grid = aggregations.get(TileSearch.GRID);
    if (grid != null && grid.getBuckets().isEmpty() == false) {
      tile.addLayers(cells(grid));
    }
    InternalGeoBounds bounds = aggregations.get(TileSearch.BOUNDS);
    return tile.addLayers(meta(found, bounds)).build().toByteArray();
  }

  private Tile.Layer cells(InternalGeoGrid<?> grid) throws IOException {
    TileLayer layer = new TileLayer("aggs", request.extent());
    for (InternalGeoGridBucket cell : grid.getBuckets()) {
      TileLayer.Feature feature =
          layer
              .feature(request.gridType().draw(cell, geometries))
              .tag("_key", cell.getKeyAsString())
              .tag("_count", cell.getDocCount());
      for (InternalAggregation metric : cell.getAggregations()) {
        if (metric.getName().startsWith(TileSearch.INTERNAL_PREFIX) == false) {
          feature.tagAll(metric);
        }
      }
    }
    return layer.build();
  }

  private Tile.Layer meta(SearchResponse found, InternalGeoBounds bounds) throws IOException {
    TileLayer layer = new TileLayer("meta", request.extent());
    SearchResponse rest = withoutDrawn(found);
    try {
      layer.feature(outline(bounds)).tagAll(ChunkedToXContent.wrapAsToXContent(rest));
    } finally {
      rest.decRef();
    }
    return layer.build();
  }

  /** The box around the documents where one was asked for and there are any, else the tile. */
  private byte[] outline(InternalGeoBounds bounds) throws IOException {
    if (bounds == null || bounds.topLeft() == null) {
      Rectangle tile = request.tile().box();
      return geometries.box(tile.getMinLon(), tile.getMaxLon(), tile.getMinLat(), tile.getMaxLat());
    }
    GeoPoint northWest = bounds.topLeft();
    GeoPoint southEast = bounds.bottomRight();
    return geometries.box(northWest.lon(), southEast.lon(), southEast.lat(), northWest.lat());
  }

  private static SearchResponse withoutDrawn(SearchResponse found) {
    return new SearchResponse(
        SearchHits.empty(found.getHits().getTotalHits(), found.getHits().getMaxScore()),
        found.hasAggregations() ? withoutDrawn(found.getAggregations()) : null,
        found.getSuggest(),
        found.isTimedOut(),
        found.isTerminatedEarly(),
        null,
        found.getNumReducePhases(),
        found.getScrollId(),
        found.getTotalShards(),
        found.getSuccessfulShards(),
        found.getSkippedShards(),
        found.getTook().millis(),
        found.getShardFailures(),
        found.getClusters());
  }

  private static InternalAggregations withoutDrawn(InternalAggregations aggregations) {
    List<InternalAggregation> rest =
        aggregations.asList().stream()
            .filter(aggregation -> DRAWN.contains(aggregation.getName()) == false)
            .toList();
    return InternalAggregations.from(rest);
  }
}
