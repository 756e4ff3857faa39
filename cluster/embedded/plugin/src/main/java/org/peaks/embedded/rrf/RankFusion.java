package org.peaks.embedded.rrf;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.lucene.search.ScoreDoc;
import org.elasticsearch.search.rank.RankDoc;
import org.elasticsearch.search.rank.RankDoc.RankKey;

/**
 * Reciprocal rank fusion: a document's score is the sum of 1 / (constant + rank) over the lists
 * that hold it (Cormack, Clarke and Büttcher, SIGIR 2009). Sums are float32, as in Elasticsearch.
 *
 * @param constant how little the first ranks stand out; 60 in the paper
 * @param window how many documents to keep
 */
record RankFusion(int constant, int window) {

  /**
   * @param lists each in order of rank
   * @return the best documents, at most {@code window}, ties by shard and document
   */
  RankDoc[] fuse(List<ScoreDoc[]> lists) {
    Map<RankKey, Float> scores = new LinkedHashMap<>();
    for (ScoreDoc[] docs : lists) {
      for (int place = 0; place < docs.length; place++) {
        RankKey key = new RankKey(docs[place].doc, docs[place].shardIndex);
        scores.merge(key, 1.0f / (constant + place + 1), Float::sum);
      }
    }
    RankDoc[] fused =
        scores.entrySet().stream()
            .map(entry -> toDoc(entry.getKey(), entry.getValue()))
            .sorted()
            .limit(window)
            .toArray(RankDoc[]::new);
    for (int place = 0; place < fused.length; place++) {
      fused[place].rank = place + 1;
    }
    return fused;
  }

  private static RankDoc toDoc(RankKey key, float score) {
    return new RankDoc(key.doc(), score, key.shardIndex());
  }
}
