package org.peaks.embedded.text;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.RobertaTokenization;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.Tokenization;
import org.elasticsearch.xpack.core.ml.utils.ExceptionsHelper;

/**
 * The byte-level tokenization {@code roberta}, giving the ids that Elasticsearch gives for the same
 * vocabulary.
 */
public final class RobertaTokenizer {

  private static final String UNKNOWN = "<unk>";
  private static final String PADDING = "<pad>";
  private static final String CLASS = "<s>";
  private static final String SEPARATOR = "</s>";

  private final Map<String, Integer> ids = new HashMap<>();
  private final PairMerger merger;
  private final boolean prefixSpace;
  private final boolean special;
  private final int maxLength;

  /**
   * @param vocabulary the pieces; a piece's place is its id
   * @throws org.elasticsearch.ElasticsearchStatusException 409 when a special token is missing
   */
  public RobertaTokenizer(
      List<String> vocabulary, List<String> merges, RobertaTokenization settings) {
    for (int id = 0; id < vocabulary.size(); id++) {
      ids.put(vocabulary.get(id), id);
    }
    this.merger = new PairMerger(merges);
    this.prefixSpace = settings.isAddPrefixSpace();
    this.special = settings.withSpecialTokens();
    this.maxLength = settings.maxSequenceLength();
    requireTokens();
  }

  private void requireTokens() {
    for (String token : List.of(UNKNOWN, PADDING)) {
      if (ids.containsKey(token) == false) {
        throw ExceptionsHelper.conflictStatusException(
            "stored vocabulary is missing required [{}] token", token);
      }
    }
    if (special && ids.keySet().containsAll(List.of(CLASS, SEPARATOR)) == false) {
      throw ExceptionsHelper.conflictStatusException(
          "stored vocabulary is missing required {} token(s)", List.of(CLASS, SEPARATOR));
    }
  }

  /**
   * @throws org.elasticsearch.ElasticsearchStatusException 400 for too long a text when {@code
   *     truncate} is none
   */
  public Tokens tokenize(String text, Tokenization.Truncate truncate) {
    int[] all = encode(text).toArray();
    int extra = special ? 2 : 0;
    int length = all.length + extra;
    boolean tooLong = length > maxLength;
    if (tooLong && truncate == Tokenization.Truncate.NONE) {
      throw ExceptionsHelper.badRequestException(
          "Input too large. The tokenized input length [{}] exceeds the maximum sequence length [{}]",
          length,
          maxLength);
    }
    int[] kept = tooLong ? Arrays.copyOf(all, maxLength - extra) : all;
    return new Tokens(special ? wrap(kept) : kept, tooLong);
  }

  private int[] wrap(int[] tokens) {
    IntStream start = IntStream.of(ids.get(CLASS));
    IntStream end = IntStream.of(ids.get(SEPARATOR));
    return IntStream.concat(IntStream.concat(start, Arrays.stream(tokens)), end).toArray();
  }

  private IntStream encode(String text) {
    IntStream.Builder tokens = IntStream.builder();
    boolean first = true;
    for (String part : MaskSplitter.split(text)) {
      if (part.equals(MaskSplitter.MASK)) {
        tokens.add(idOf(part));
        first = false;
        continue;
      }
      WordReader words = new WordReader(part);
      for (String word = words.next(); word != null; word = words.next()) {
        boolean needsSpace = first && prefixSpace && word.startsWith(" ") == false;
        String bytes = ByteAlphabet.encode(needsSpace ? " " + word : word);
        merger.merge(bytes).forEach(piece -> tokens.add(idOf(piece)));
        first = false;
      }
    }
    return tokens.build();
  }

  private int idOf(String piece) {
    return ids.getOrDefault(piece, ids.get(UNKNOWN));
  }
}
