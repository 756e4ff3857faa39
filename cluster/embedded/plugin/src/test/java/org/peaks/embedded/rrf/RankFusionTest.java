package org.peaks.embedded.rrf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.apache.lucene.search.ScoreDoc;
import org.elasticsearch.search.rank.RankDoc;
import org.junit.jupiter.api.Test;

class RankFusionTest {

  private static ScoreDoc[] list(int... docs) {
    return Arrays.stream(docs).mapToObj(doc -> new ScoreDoc(doc, 1f, 0)).toArray(ScoreDoc[]::new);
  }

  private static int[] docs(RankDoc[] fused) {
    return Arrays.stream(fused).mapToInt(doc -> doc.doc).toArray();
  }

  @Test
  void scoresAreSumsOfReciprocalRanks() {
    RankDoc[] fused = new RankFusion(60, 10).fuse(List.of(list(1, 2), list(2, 3)));
    assertArrayEquals(new int[] {2, 1, 3}, docs(fused));
    assertEquals(1f / 62 + 1f / 61, fused[0].score);
    assertEquals(1f / 61, fused[1].score);
    assertEquals(1f / 62, fused[2].score);
    assertArrayEquals(
        new int[] {1, 2, 3}, Arrays.stream(fused).mapToInt(doc -> doc.rank).toArray());
  }

  @Test
  void tiesGoToTheSmallerDocument() {
    RankDoc[] fused = new RankFusion(60, 10).fuse(List.of(list(9), list(4)));
    assertArrayEquals(new int[] {4, 9}, docs(fused));
  }

  @Test
  void windowCutsTheTail() {
    RankDoc[] fused = new RankFusion(60, 2).fuse(List.of(list(1, 2, 3), list(3)));
    assertArrayEquals(new int[] {3, 1}, docs(fused));
  }

  @Test
  void documentsOfDifferentShardsAreDifferent() {
    ScoreDoc[] other = {new ScoreDoc(1, 1f, 1)};
    assertEquals(2, new RankFusion(60, 10).fuse(List.of(list(1), other)).length);
  }

  @Test
  void nothingFoundIsNothing() {
    assertEquals(0, new RankFusion(60, 10).fuse(List.of(list(), list())).length);
  }
}
