package org.peaks.embedded.tile;

import com.google.protobuf.InvalidProtocolBufferException;
import com.wdtinc.mapbox_vector_tile.VectorTile.Tile;
import com.wdtinc.mapbox_vector_tile.build.MvtLayerProps;
import com.wdtinc.mapbox_vector_tile.encoding.MvtValue;
import java.io.IOException;
import java.util.Map;
import org.elasticsearch.common.util.Maps;
import org.elasticsearch.common.xcontent.XContentHelper;
import org.elasticsearch.xcontent.ToXContent;
import org.elasticsearch.xcontent.XContentType;

/** A layer of a vector tile (Mapbox's specification, version 2), filled feature by feature. */
final class TileLayer {

  private final Tile.Layer.Builder layer;
  // The features of a layer share its keys and values and refer to them by number.
  private final MvtLayerProps shared = new MvtLayerProps();

  TileLayer(String name, int extent) {
    layer = Tile.Layer.newBuilder().setVersion(2).setName(name).setExtent(extent);
  }

  Feature feature(byte[] geometry) throws InvalidProtocolBufferException {
    return new Feature(layer.addFeaturesBuilder().mergeFrom(geometry));
  }

  Tile.Layer build() {
    layer.clearKeys().addAllKeys(shared.getKeys());
    layer.clearValues();
    shared.getVals().forEach(value -> layer.addValues(MvtValue.toValue(value)));
    return layer.build();
  }

  /** One feature of the layer, in the layer as soon as it is made. */
  final class Feature {

    private final Tile.Feature.Builder feature;

    private Feature(Tile.Feature.Builder feature) {
      this.feature = feature;
    }

    /**
     * @param value a number, a text or a truth
     * @throws IllegalArgumentException for what a vector tile cannot hold
     */
    Feature tag(String key, Object value) {
      int number = shared.addValue(value);
      if (number < 0) {
        throw new IllegalArgumentException(
            "Unsupported vector tile type for field [" + key + "] : " + value.getClass().getName());
      }
      feature.addTags(shared.addKey(key)).addTags(number);
      return this;
    }

    /** Tags the feature with everything in a JSON object: {@code {"a":{"b":1}}} as a.b = 1. */
    Feature tagAll(ToXContent content) throws IOException {
      XContentType binary = XContentType.CBOR;
      Map<String, Object> object =
          XContentHelper.convertToMap(
                  XContentHelper.toXContent(content, binary, false), true, binary)
              .v2();
      Maps.flatten(object, true, true)
          .forEach(
              (key, value) -> {
                if (value != null) {
                  tag(key, value);
                }
              });
      return this;
    }
  }
}
