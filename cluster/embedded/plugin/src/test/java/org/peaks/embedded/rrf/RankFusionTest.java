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

  private static int[] docs(FusedDoc[] fused) {
    return Arrays.stream(fused).mapToInt(doc -> doc.doc).toArray();
  }

  @Test
  void scoresAreSumsOfReciprocalRanks() {
    FusedDoc[] fused = new RankFusion(60, 10).fuse(List.of(list(1, 2), list(2, 3)), false);
    assertArrayEquals(new int[] {2, 1, 3}, docs(fused));
    assertEquals(1f / 62 + 1f / 61, fused[0].score);
    assertEquals(1f / 61, fused[1].score);
    assertEquals(1f / 62, fused[2].score);
    assertArrayEquals(
        new int[] {1, 2, 3}, Arrays.stream(fused).mapToInt(doc -> doc.rank).toArray());
  }

  @Test
  void tiesGoToTheSmallerDocument() {
    FusedDoc[] fused = new RankFusion(60, 10).fuse(List.of(list(9), list(4)), false);
    assertArrayEquals(new int[] {4, 9}, docs(fused));
  }

  @Test
  void windowCutsTheTail() {
    FusedDoc[] fused = new RankFusion(60, 2).fuse(List.of(list(1, 2, 3), list(3)), false);
    assertArrayEquals(new int[] {3, 1}, docs(fused));
  }

  @Test
  void documentsOfDifferentShardsAreDifferent() {
    ScoreDoc[] other = {new ScoreDoc(1, 1f, 1)};
    assertEquals(2, new RankFusion(60, 10).fuse(List.of(list(1), other), false).length);
  }

  @Test
  void explainedDocumentsRememberTheirRanks() {
    FusedDoc[] fused = new RankFusion(60, 10).fuse(List.of(list(1, 2), list(2)), true);
    assertArrayEquals(new int[] {2, 1}, fused[0].ranks());
    assertArrayEquals(new int[] {1, RankDoc.NO_RANK}, fused[1].ranks());
  }

  @Test
  void nothingFoundIsNothing() {
    assertEquals(0, new RankFusion(60, 10).fuse(List.of(list(), list()), false).length);
  }
}
