package org.peaks.embedded.tile;

import static org.elasticsearch.search.internal.SearchContext.DEFAULT_TRACK_TOTAL_HITS_UP_TO;
import static org.elasticsearch.search.internal.SearchContext.TRACK_TOTAL_HITS_ACCURATE;
import static org.elasticsearch.search.internal.SearchContext.TRACK_TOTAL_HITS_DISABLED;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.elasticsearch.common.Strings;
import org.elasticsearch.common.geo.SimpleVectorTileFormatter;
import org.elasticsearch.core.Booleans;
import org.elasticsearch.index.query.AbstractQueryBuilder;
import org.elasticsearch.index.query.QueryBuilder;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.search.aggregations.AggregationBuilder;
import org.elasticsearch.search.aggregations.AggregatorFactories;
import org.elasticsearch.search.aggregations.PipelineAggregationBuilder;
import org.elasticsearch.search.aggregations.support.ValuesSourceAggregationBuilder.MetricsAggregationBuilder;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.fetch.subphase.FieldAndFormat;
import org.elasticsearch.search.sort.SortBuilder;
import org.elasticsearch.xcontent.ObjectParser;
import org.elasticsearch.xcontent.ObjectParser.ValueType;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xcontent.XContentParser;

/**
 * What a vector tile shall show. Names, defaults, limits and refusals are those of Elasticsearch's
 * vector tile search API; what the embedded node does not supply is refused by {@link #supplied}.
 */
final class TileRequest {

  private static final ParseField GRID_AGG = new ParseField("grid_agg");
  private static final ParseField GRID_PRECISION = new ParseField("grid_precision");
  private static final ParseField GRID_TYPE = new ParseField("grid_type");
  private static final ParseField EXTENT = new ParseField("extent");
  private static final ParseField BUFFER = new ParseField("buffer");
  private static final ParseField EXACT_BOUNDS = new ParseField("exact_bounds");
  private static final ParseField WITH_LABELS = new ParseField("with_labels");
  private static final int MOST_PRECISION = 8;

  private static final ObjectParser<TileRequest, Void> BODY = new ObjectParser<>("vector-tile");

  static {
    declareSearch();
    declareHits();
    declareGrid();
  }

  private final String[] indices;
  private final String field;
  private final TileAddress tile;
  private int size = 10_000;
  private int trackTotalHitsUpTo = DEFAULT_TRACK_TOTAL_HITS_UP_TO;
  private QueryBuilder query;
  private Map<String, Object> runtimeMappings = Map.of();
  private List<MetricsAggregationBuilder<?>> metrics = List.of();
  private List<SortBuilder<?>> sorts = List.of();
  private String gridAggregation = "geotile";
  private int gridPrecision = MOST_PRECISION;
  private GridType gridType = GridType.GRID;
  private int extent = SimpleVectorTileFormatter.DEFAULT_EXTENT;
  private boolean exactBounds;
  private boolean withLabels;

  TileRequest(String[] indices, String field, TileAddress tile) {
    this.indices = indices;
    this.field = field;
    this.tile = tile;
  }

  /**
   * Reads a request's path, body and URL parameters; these count more than the body.
   *
   * @throws IllegalArgumentException for what Elasticsearch refuses too, and for what the embedded
   *     node does not supply
   */
  static TileRequest parse(RestRequest rest) throws IOException {
    TileRequest request =
        new TileRequest(
            Strings.splitStringByCommaToArray(rest.param("index")),
            rest.param("field"),
            new TileAddress(number(rest, "z"), number(rest, "x"), number(rest, "y")));
    if (rest.hasContentOrSourceParam()) {
      try (XContentParser parser = rest.contentOrSourceParamParser()) {
        request.readBody(parser);
      }
    }
    request.readParameters(rest);
    return request.supplied();
  }

  private static int number(RestRequest rest, String parameter) {
    return Integer.parseInt(rest.param(parameter));
  }

  private static void declareSearch() {
    BODY.declareInt(TileRequest::size, SearchSourceBuilder.SIZE_FIELD);
    BODY.declareField(
        TileRequest::trackTotalHits,
        TileRequest::readTotalHits,
        SearchSourceBuilder.TRACK_TOTAL_HITS_FIELD,
        ValueType.VALUE);
    BODY.declareField(
        (request, query) -> request.query = query,
        (parser, nothing) -> AbstractQueryBuilder.parseTopLevelQuery(parser),
        SearchSourceBuilder.QUERY_FIELD,
        ValueType.OBJECT);
    BODY.declareField(
        (request, mappings) -> request.runtimeMappings = mappings,
        (parser, nothing) -> parser.map(),
        SearchSourceBuilder.RUNTIME_MAPPINGS_FIELD,
        ValueType.OBJECT);
    BODY.declareField(
        TileRequest::metrics,
        (parser, nothing) -> AggregatorFactories.parseAggregators(parser),
        SearchSourceBuilder.AGGS_FIELD,
        ValueType.OBJECT);
  }

  /** There are no hits: their order and their fields are only checked. */
  private static void declareHits() {
    BODY.declareField(
        (request, sorts) -> request.sorts = sorts,
        (parser, nothing) -> SortBuilder.fromXContent(parser),
        SearchSourceBuilder.SORT_FIELD,
        ValueType.OBJECT_ARRAY);
    BODY.declareObjectArray(
        (request, fields) -> {},
        (parser, nothing) -> FieldAndFormat.fromXContent(parser),
        SearchSourceBuilder.FETCH_FIELDS_FIELD);
  }

  private static void declareGrid() {
    BODY.declareString(TileRequest::gridAggregation, GRID_AGG);
    BODY.declareInt(TileRequest::gridPrecision, GRID_PRECISION);
    BODY.declareString(TileRequest::gridType, GRID_TYPE);
    BODY.declareInt(TileRequest::extent, EXTENT);
    BODY.declareInt(TileRequest::buffer, BUFFER);
    BODY.declareBoolean((request, exact) -> request.exactBounds = exact, EXACT_BOUNDS);
    BODY.declareBoolean((request, labels) -> request.withLabels = labels, WITH_LABELS);
  }

  void readBody(XContentParser parser) throws IOException {
    BODY.parse(parser, this, null);
  }

  private void readParameters(RestRequest rest) {
    String total = SearchSourceBuilder.TRACK_TOTAL_HITS_FIELD.getPreferredName();
    size(rest.paramAsInt(SearchSourceBuilder.SIZE_FIELD.getPreferredName(), size));
    if (rest.hasParam(total)) {
      String wanted = rest.param(total);
      trackTotalHits(Booleans.isBoolean(wanted) ? totalHits(wanted) : rest.paramAsInt(total, 0));
    }
    gridAggregation(rest.param(GRID_AGG.getPreferredName(), gridAggregation));
    gridPrecision(rest.paramAsInt(GRID_PRECISION.getPreferredName(), gridPrecision));
    gridType(rest.param(GRID_TYPE.getPreferredName(), gridType.name()));
    extent(rest.paramAsInt(EXTENT.getPreferredName(), extent));
    buffer(rest.paramAsInt(BUFFER.getPreferredName(), 0));
    exactBounds = rest.paramAsBoolean(EXACT_BOUNDS.getPreferredName(), exactBounds);
    withLabels = rest.paramAsBoolean(WITH_LABELS.getPreferredName(), withLabels);
  }

  /**
   * @throws IllegalArgumentException for what Elasticsearch answers and the embedded node does not
   */
  TileRequest supplied() {
    if (size > 0) {
      throw missing("no hits in vector tiles", "[size] 0");
    }
    if (gridAggregation.equals("geohex")) {
      throw missing("no hexagons in vector tiles", "[grid_agg] geotile");
    }
    if (withLabels) {
      throw missing("no labels in vector tiles", "[with_labels] false");
    }
    return this;
  }

  private static IllegalArgumentException missing(String what, String instead) {
    return new IllegalArgumentException(
        "The embedded node supplies " + what + ": ask with " + instead + ".");
  }

  String[] indices() {
    return indices;
  }

  String field() {
    return field;
  }

  TileAddress tile() {
    return tile;
  }

  int trackTotalHitsUpTo() {
    return trackTotalHitsUpTo;
  }

  /** The body's query, or null. */
  QueryBuilder query() {
    return query;
  }

  Map<String, Object> runtimeMappings() {
    return runtimeMappings;
  }

  List<MetricsAggregationBuilder<?>> metrics() {
    return metrics;
  }

  List<SortBuilder<?>> sorts() {
    return sorts;
  }

  /** How many times the grid's cells halve the tile's sides, 0 to 8; 0 is no grid. */
  int gridPrecision() {
    return gridPrecision;
  }

  GridType gridType() {
    return gridType;
  }

  /** The tile's own coordinates to a side. */
  int extent() {
    return extent;
  }

  boolean exactBounds() {
    return exactBounds;
  }

  private void size(int size) {
    this.size = notNegative("size", size);
  }

  private void trackTotalHits(int upTo) {
    trackTotalHitsUpTo = upTo;
  }

  private void gridAggregation(String name) {
    String known = name.toLowerCase(Locale.ROOT);
    if (known.equals("geotile") == false && known.equals("geohex") == false) {
      throw new IllegalArgumentException("Invalid agg type [" + name + "]");
    }
    gridAggregation = known;
  }

  private void gridPrecision(int precision) {
    if (notNegative("gridPrecision", precision) > MOST_PRECISION) {
      throw new IllegalArgumentException(
          "[gridPrecision] parameter cannot be bigger than "
              + MOST_PRECISION
              + ", found ["
              + precision
              + "]");
    }
    gridPrecision = precision;
  }

  private void gridType(String name) {
    gridType = GridType.named(name);
  }

  private void extent(int extent) {
    this.extent = notNegative("extent", extent);
  }

  /** How far shapes of hits reach beyond the tile: there are none, it is only checked. */
  private void buffer(int pixels) {
    notNegative("buffer", pixels);
  }

  private void metrics(AggregatorFactories.Builder wanted) {
    List<MetricsAggregationBuilder<?>> found = new ArrayList<>();
    for (AggregationBuilder aggregation : wanted.getAggregatorFactories()) {
      if (aggregation instanceof MetricsAggregationBuilder<?> metric) {
        found.add(metric);
      } else {
        throw new IllegalArgumentException(
            "Unsupported aggregation of type ["
                + aggregation.getType()
                + "].Only metric aggregations are supported.");
      }
    }
    for (PipelineAggregationBuilder aggregation : wanted.getPipelineAggregatorFactories()) {
      throw new IllegalArgumentException(
          "Unsupported pipeline aggregation of type [" + aggregation.getType() + "]");
    }
    metrics = found;
  }

  private static int notNegative(String parameter, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(
          "[" + parameter + "] parameter cannot be negative, found [" + value + "]");
    }
    return value;
  }

  private static int readTotalHits(XContentParser parser, Void nothing) throws IOException {
    boolean yesOrNo =
        parser.currentToken() == XContentParser.Token.VALUE_BOOLEAN
            || Booleans.isBoolean(parser.text());
    return yesOrNo ? totalHits(parser.text()) : parser.intValue();
  }

  private static int totalHits(String yesOrNo) {
    return Booleans.parseBoolean(yesOrNo) ? TRACK_TOTAL_HITS_ACCURATE : TRACK_TOTAL_HITS_DISABLED;
  }
}
