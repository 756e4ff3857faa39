package org.peaks.embedded.rrf;

import java.io.IOException;
import java.util.Arrays;
import org.apache.lucene.search.Explanation;
import org.elasticsearch.common.io.stream.StreamInput;
import org.elasticsearch.common.io.stream.StreamOutput;
import org.elasticsearch.search.rank.RankDoc;
import org.elasticsearch.xcontent.XContentBuilder;

/** A document with its fused score; when a search is to be explained, also with its ranks. */
public final class FusedDoc extends RankDoc {

  /** The name under which it travels between nodes. */
  public static final String NAME = "rrf_rank_doc";

  private final int rankConstant;
  private final int[] ranks;

  /**
   * @param ranks the rank in each list, counted from 1, or {@link #NO_RANK}; empty when nobody asks
   */
  FusedDoc(int doc, float score, int shardIndex, int rankConstant, int[] ranks) {
    super(doc, score, shardIndex);
    this.rankConstant = rankConstant;
    this.ranks = ranks;
  }

  public FusedDoc(StreamInput in) throws IOException {
    super(in);
    this.rankConstant = in.readVInt();
    this.ranks = in.readIntArray();
  }

  @Override
  public String getWriteableName() {
    return NAME;
  }

  @Override
  protected void doWriteTo(StreamOutput out) throws IOException {
    out.writeVInt(rankConstant);
    out.writeIntArray(ranks);
  }

  int[] ranks() {
    return ranks;
  }

  @Override
  public Explanation explain(Explanation[] sources, String[] queryNames) {
    Explanation[] details = new Explanation[sources.length];
    for (int i = 0; i < details.length; i++) {
      details[i] = explainQuery(i, sources[i], queryNames);
    }
    return Explanation.match(
        score,
        "rrf score: ["
            + score
            + "] computed for initial ranks "
            + Arrays.toString(ranks)
            + " with rankConstant: ["
            + rankConstant
            + "] as sum of [1 / (rank + rankConstant)] for each query",
        details);
  }

  private Explanation explainQuery(int index, Explanation source, String[] queryNames) {
    String name = queryNames == null ? null : queryNames[index];
    String query = "query at index [" + index + "]" + (name == null ? "" : " (" + name + ")");
    if (index >= ranks.length || ranks[index] == NO_RANK) {
      return Explanation.noMatch("rrf score: [0], result not found in " + query, source);
    }
    float part = 1.0f / (rankConstant + ranks[index]);
    return Explanation.match(
        ranks[index],
        "rrf score: ["
            + part
            + "], for rank ["
            + ranks[index]
            + "] in "
            + query
            + " computed as [1 / ("
            + ranks[index]
            + " + "
            + rankConstant
            + ")], for matching query with score",
        source);
  }

  @Override
  protected void doToXContent(XContentBuilder builder, Params params) throws IOException {
    builder.field("ranks", ranks);
    builder.field("rankConstant", rankConstant);
  }

  @Override
  protected boolean doEquals(RankDoc other) {
    FusedDoc that = (FusedDoc) other;
    return rankConstant == that.rankConstant && Arrays.equals(ranks, that.ranks);
  }

  @Override
  protected int doHashCode() {
    return 31 * rankConstant + Arrays.hashCode(ranks);
  }
}
