package org.peaks.embedded.tile;

import java.io.IOException;
import java.util.Locale;
import org.elasticsearch.common.geo.GeoPoint;
import org.elasticsearch.common.geo.SimpleFeatureFactory;
import org.elasticsearch.geometry.Rectangle;
import org.elasticsearch.search.aggregations.bucket.geogrid.GeoTileUtils;
import org.elasticsearch.search.aggregations.bucket.geogrid.InternalGeoGridBucket;
import org.elasticsearch.search.aggregations.metrics.InternalGeoCentroid;

/** What a cell of the grid is drawn as. */
enum GridType {
  /** The cell's outline. */
  GRID {
    @Override
    byte[] draw(InternalGeoGridBucket cell, SimpleFeatureFactory geometries) throws IOException {
      Rectangle box = GeoTileUtils.toBoundingBox(cell.getKeyAsString());
      return geometries.box(box.getMinLon(), box.getMaxLon(), box.getMinLat(), box.getMaxLat());
    }
  },
  /** The middle of the cell. */
  POINT {
    @Override
    byte[] draw(InternalGeoGridBucket cell, SimpleFeatureFactory geometries) throws IOException {
      GeoPoint middle = (GeoPoint) cell.getKey();
      return geometries.point(middle.lon(), middle.lat());
    }
  },
  /** The mean place of the cell's documents. */
  CENTROID {
    @Override
    byte[] draw(InternalGeoGridBucket cell, SimpleFeatureFactory geometries) throws IOException {
      Rectangle box = GeoTileUtils.toBoundingBox(cell.getKeyAsString());
      InternalGeoCentroid centroid = cell.getAggregations().get(TileSearch.CENTROID);
      // A mean of points at the cell's very edge may round to a place beyond it.
      return geometries.point(
          between(box.getMinLon(), centroid.centroid().getX(), box.getMaxLon()),
          between(box.getMinLat(), centroid.centroid().getY(), box.getMaxLat()));
    }
  };

  /** The geometry of a vector tile's feature, encoded. */
  abstract byte[] draw(InternalGeoGridBucket cell, SimpleFeatureFactory geometries)
      throws IOException;

  /**
   * @throws IllegalArgumentException for a name that is no grid type
   */
  static GridType named(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "grid" -> GRID;
      case "point" -> POINT;
      case "centroid" -> CENTROID;
      default -> throw new IllegalArgumentException("Invalid grid type [" + name + "]");
    };
  }

  private static double between(double least, double value, double most) {
    return Math.min(Math.max(value, least), most);
  }
}
