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
 * The byte-level tokenization {@code roberta} without special tokens and prefix space, giving the
 * ids that Elasticsearch gives for the same vocabulary.
 */
public final class RobertaTokenizer {

  private static final String UNKNOWN = "<unk>";
  private static final String PADDING = "<pad>";

  private final Map<String, Integer> ids = new HashMap<>();
  private final PairMerger merger;
  private final int maxLength;

  /**
   * @param vocabulary the pieces; a piece's place is its id
   * @throws org.elasticsearch.ElasticsearchStatusException 409 when {@code <unk>} or {@code <pad>}
   *     is missing
   */
  public RobertaTokenizer(
      List<String> vocabulary, List<String> merges, RobertaTokenization settings) {
    for (int id = 0; id < vocabulary.size(); id++) {
      ids.put(vocabulary.get(id), id);
    }
    this.merger = new PairMerger(merges);
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
  }

  /**
   * @throws org.elasticsearch.ElasticsearchStatusException 400 for too long a text when {@code
   *     truncate} is none
   */
  public Tokens tokenize(String text, Tokenization.Truncate truncate) {
    int[] all = encode(text).toArray();
    boolean tooLong = all.length > maxLength;
    if (tooLong && truncate == Tokenization.Truncate.NONE) {
      throw ExceptionsHelper.badRequestException(
          "Input too large. The tokenized input length [{}] exceeds the maximum sequence length [{}]",
          all.length,
          maxLength);
    }
    return new Tokens(tooLong ? Arrays.copyOf(all, maxLength) : all, tooLong);
  }

  private IntStream encode(String text) {
    IntStream.Builder tokens = IntStream.builder();
    for (String part : MaskSplitter.split(text)) {
      if (part.equals(MaskSplitter.MASK)) {
        tokens.add(idOf(part));
        continue;
      }
      WordReader words = new WordReader(part);
      for (String word = words.next(); word != null; word = words.next()) {
        merger.merge(ByteAlphabet.encode(word)).forEach(piece -> tokens.add(idOf(piece)));
      }
    }
    return tokens.build();
  }

  private int idOf(String piece) {
    return ids.getOrDefault(piece, ids.get(UNKNOWN));
  }
}
