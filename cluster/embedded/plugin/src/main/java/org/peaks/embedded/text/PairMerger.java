package org.peaks.embedded.text;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Byte-pair encoding's merges: the pair of lowest rank first, the leftmost of equals. */
final class PairMerger {

  private final Map<String, Integer> ranks = new HashMap<>();

  /**
   * @param merges two pieces with a space between, in order of rank
   */
  PairMerger(List<String> merges) {
    for (int rank = 0; rank < merges.size(); rank++) {
      ranks.put(merges.get(rank).replace(" ", ""), rank);
    }
  }

  /** The pieces that the characters of {@code word} merge to. */
  List<String> merge(String word) {
    List<String> pieces = new ArrayList<>(word.length());
    for (int i = 0; i < word.length(); i++) {
      pieces.add(word.substring(i, i + 1));
    }
    int left;
    while ((left = lowestPair(pieces)) >= 0) {
      pieces.set(left, pieces.get(left) + pieces.remove(left + 1));
    }
    return pieces;
  }

  private int lowestPair(List<String> pieces) {
    int best = -1;
    int bestRank = Integer.MAX_VALUE;
    for (int i = 0; i + 1 < pieces.size(); i++) {
      int rank = ranks.getOrDefault(pieces.get(i) + pieces.get(i + 1), Integer.MAX_VALUE);
      if (rank < bestRank) {
        best = i;
        bestRank = rank;
      }
    }
    return best;
  }
}
