package org.peaks.embedded.tile;

import org.elasticsearch.common.geo.SimpleFeatureFactory;
import org.elasticsearch.geometry.Rectangle;
import org.elasticsearch.search.aggregations.bucket.geogrid.GeoTileUtils;

/**
 * A tile of the web's map: column {@code x} from the west, row {@code y} from the north, of
 * 2<sup>z</sup> each.
 */
record TileAddress(int z, int x, int y) {

  /**
   * @throws IllegalArgumentException for a zoom beyond 0 to 29, or no such column or row
   */
  TileAddress {
    GeoTileUtils.toBoundingBox(x, y, z);
  }

  /** The tile's edges in degrees. */
  Rectangle box() {
    return GeoTileUtils.toBoundingBox(x, y, z);
  }

  /** The zoom of a grid whose cells halve the tile's sides {@code levels} times. */
  int gridZoom(int levels) {
    return Math.min(GeoTileUtils.MAX_ZOOM, z + levels);
  }

  /** Turns degrees into the tile's own coordinates, {@code extent} to a side. */
  SimpleFeatureFactory geometries(int extent) {
    return new SimpleFeatureFactory(z, x, y, extent);
  }
}
