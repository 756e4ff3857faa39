package org.peaks.embedded.rrf;

import java.util.Arrays;
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
   * @param explain whether the documents shall remember their ranks
   * @return the best documents, at most {@code window}, ties by shard and document
   */
  FusedDoc[] fuse(List<ScoreDoc[]> lists, boolean explain) {
    Map<RankKey, int[]> ranks = new LinkedHashMap<>();
    for (int list = 0; list < lists.size(); list++) {
      ScoreDoc[] docs = lists.get(list);
      for (int place = 0; place < docs.length; place++) {
        RankKey key = new RankKey(docs[place].doc, docs[place].shardIndex);
        ranks.computeIfAbsent(key, unseen -> noRanks(lists.size()))[list] = place + 1;
      }
    }
    FusedDoc[] fused =
        ranks.entrySet().stream()
            .map(entry -> toDoc(entry.getKey(), entry.getValue(), explain))
            .sorted()
            .limit(window)
            .toArray(FusedDoc[]::new);
    for (int place = 0; place < fused.length; place++) {
      fused[place].rank = place + 1;
    }
    return fused;
  }

  private FusedDoc toDoc(RankKey key, int[] ranks, boolean explain) {
    float score = 0;
    for (int rank : ranks) {
      if (rank != RankDoc.NO_RANK) {
        score += 1.0f / (constant + rank);
      }
    }
    return new FusedDoc(key.doc(), score, key.shardIndex(), constant, explain ? ranks : new int[0]);
  }

  private static int[] noRanks(int lists) {
    int[] ranks = new int[lists];
    Arrays.fill(ranks, RankDoc.NO_RANK);
    return ranks;
  }
}
