package org.peaks.embedded.tile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.wdtinc.mapbox_vector_tile.VectorTile.Tile;
import java.io.IOException;
import java.util.List;
import org.elasticsearch.xcontent.ToXContentObject;
import org.junit.jupiter.api.Test;

class TileLayerTest {

  private static byte[] middle() throws IOException {
    return new TileAddress(0, 0, 0).geometries(4096).point(0, 0);
  }

  @Test
  void pointLiesWhereTheTileSays() throws IOException {
    TileLayer layer = new TileLayer("aggs", 4096);
    layer.feature(middle());
    Tile.Layer read = Tile.Layer.parseFrom(layer.build().toByteArray());
    assertEquals("aggs", read.getName());
    assertEquals(2, read.getVersion());
    assertEquals(4096, read.getExtent());
    assertEquals(Tile.GeomType.POINT, read.getFeatures(0).getType());
    // MoveTo once (1 | 1 << 3), then 2048 zigzag-encoded, twice: the specification, section 4.3.
    assertEquals(List.of(9, 4096, 4096), read.getFeatures(0).getGeometryList());
  }

  @Test
  void featuresShareKeysAndValues() throws IOException {
    TileLayer layer = new TileLayer("aggs", 4096);
    layer.feature(middle()).tag("_key", "8/1/2").tag("_count", 7L);
    layer.feature(middle()).tag("_key", "8/1/3").tag("_count", 7L);
    Tile.Layer built = layer.build();
    assertEquals(List.of("_key", "_count"), built.getKeysList());
    assertEquals(3, built.getValuesCount());
    assertEquals(List.of(0, 0, 1, 1), built.getFeatures(0).getTagsList());
    assertEquals(List.of(0, 2, 1, 1), built.getFeatures(1).getTagsList());
    assertEquals(7, built.getValues(1).getSintValue());
  }

  @Test
  void objectsAreFlattened() throws IOException {
    TileLayer layer = new TileLayer("meta", 4096);
    ToXContentObject object =
        (builder, params) ->
            builder
                .startObject()
                .startObject("hits")
                .field("total", 3)
                .nullField("max_score")
                .endObject()
                .field("timed_out", false)
                .endObject();
    layer.feature(middle()).tagAll(object);
    Tile.Layer built = layer.build();
    assertEquals(List.of("hits.total", "timed_out"), built.getKeysList());
    assertEquals(3, built.getValues(0).getSintValue());
    assertEquals(true, built.getValues(1).hasBoolValue());
  }

  @Test
  void refusesWhatATileCannotHold() throws IOException {
    TileLayer.Feature feature = new TileLayer("aggs", 4096).feature(middle());
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> feature.tag("a", new int[0]));
    assertEquals("Unsupported vector tile type for field [a] : [I", error.getMessage());
  }
}
