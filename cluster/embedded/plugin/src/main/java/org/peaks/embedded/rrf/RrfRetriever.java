package org.peaks.embedded.rrf;

import static org.elasticsearch.xcontent.ConstructingObjectParser.constructorArg;
import static org.elasticsearch.xcontent.ConstructingObjectParser.optionalConstructorArg;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.lucene.search.ScoreDoc;
import org.elasticsearch.index.query.QueryBuilder;
import org.elasticsearch.license.License;
import org.elasticsearch.license.LicenseUtils;
import org.elasticsearch.license.LicensedFeature;
import org.elasticsearch.search.rank.RankBuilder;
import org.elasticsearch.search.rank.RankDoc;
import org.elasticsearch.search.retriever.RetrieverBuilder;
import org.elasticsearch.search.retriever.RetrieverParserContext;
import org.elasticsearch.xcontent.ConstructingObjectParser;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xpack.core.XPackPlugin;
import org.peaks.embedded.stack.StackRetriever;

/** The {@code rrf} retriever: fuses what its retrievers find by their ranks. */
public final class RrfRetriever extends StackRetriever<RrfRetriever> {

  /** The retriever's name in a search. */
  public static final String NAME = "rrf";

  private static final int DEFAULT_CONSTANT = 60;
  private static final ParseField RETRIEVERS = new ParseField("retrievers");
  private static final ParseField CONSTANT = new ParseField("rank_constant");
  private static final LicensedFeature.Momentary FEATURE =
      LicensedFeature.momentary(null, "rank-rrf", License.OperationMode.ENTERPRISE);

  @SuppressWarnings("unchecked")
  private static final ConstructingObjectParser<RrfRetriever, RetrieverParserContext> PARSER =
      new ConstructingObjectParser<>(
          NAME,
          false,
          given ->
              new RrfRetriever(
                  ((List<RetrieverBuilder>) given[0]).stream().map(RetrieverSource::from).toList(),
                  given[1] == null ? RankBuilder.DEFAULT_RANK_WINDOW_SIZE : (int) given[1],
                  given[2] == null ? DEFAULT_CONSTANT : (int) given[2]));

  static {
    PARSER.declareObjectArray(constructorArg(), RrfRetriever::parseChild, RETRIEVERS);
    PARSER.declareInt(optionalConstructorArg(), RANK_WINDOW_SIZE_FIELD);
    PARSER.declareInt(optionalConstructorArg(), CONSTANT);
    declareCommonFields(NAME, PARSER);
  }

  private final int constant;

  private RrfRetriever(List<RetrieverSource> children, int window, int constant) {
    super(new ArrayList<>(children), window);
    this.constant = constant;
  }

  /**
   * @throws org.elasticsearch.ElasticsearchSecurityException 403 without an Enterprise or trial
   *     licence
   */
  public static RrfRetriever parse(XContentParser parser, RetrieverParserContext context) {
    if (FEATURE.check(XPackPlugin.getSharedLicenseState()) == false) {
      throw LicenseUtils.newComplianceException("Reciprocal Rank Fusion (RRF)");
    }
    return PARSER.apply(parser, context);
  }

  private static RetrieverBuilder parseChild(XContentParser parser, RetrieverParserContext context)
      throws IOException {
    parser.nextToken();
    String name = parser.currentName();
    RetrieverBuilder child = parser.namedObject(RetrieverBuilder.class, name, context);
    trackUsage(child, context);
    parser.nextToken();
    return child;
  }

  @Override
  public String getName() {
    return NAME;
  }

  @Override
  protected RrfRetriever clone(List<RetrieverSource> children, List<QueryBuilder> preFilters) {
    RrfRetriever clone = new RrfRetriever(children, rankWindowSize, constant);
    clone.preFilterQueryBuilders = preFilters;
    clone.retrieverName = retrieverName;
    return clone;
  }

  @Override
  protected RankDoc[] combineInnerRetrieverResults(List<ScoreDoc[]> results, boolean explain) {
    return new RankFusion(constant, rankWindowSize).fuse(results);
  }

  @Override
  protected void doToXContent(XContentBuilder builder, Params params) throws IOException {
    builder.startArray(RETRIEVERS.getPreferredName());
    for (RetrieverSource child : innerRetrievers) {
      child.retriever().toXContent(builder, params);
    }
    builder.endArray();
    builder.field(RANK_WINDOW_SIZE_FIELD.getPreferredName(), rankWindowSize);
    builder.field(CONSTANT.getPreferredName(), constant);
  }

  @Override
  public boolean doEquals(Object other) {
    return super.doEquals(other) && constant == ((RrfRetriever) other).constant;
  }

  @Override
  public int doHashCode() {
    return Objects.hash(super.doHashCode(), constant);
  }
}
