package org.peaks.embedded.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.RobertaTokenization;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.Tokenization.Truncate;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class RobertaTokenizerTest {

  @BeforeAll
  static void giveExceptionsTheirLoggers() {
    LogConfigurator.configureESLogging();
  }

  private static final int MASK_ID = 260;
  private static final List<String> SPECIAL = List.of("<s>", "</s>", "<unk>", "<pad>", "<mask>");

  /** The carrier: id = byte, and one merge of two bytes that UTF-8 never has. */
  private static RobertaTokenizer carrier(int maxLength) {
    List<String> vocabulary = new ArrayList<>();
    for (int value = 0; value < 256; value++) {
      vocabulary.add(String.valueOf(ByteAlphabet.character(value)));
    }
    vocabulary.addAll(SPECIAL);
    return new RobertaTokenizer(
        vocabulary,
        List.of("À Á"),
        new RobertaTokenization(false, false, maxLength, Truncate.FIRST, -1));
  }

  private static int[] ids(RobertaTokenizer tokenizer, String text) {
    return tokenizer.tokenize(text, Truncate.FIRST).ids();
  }

  private static int[] bytes(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int[] values = new int[utf8.length];
    for (int i = 0; i < utf8.length; i++) {
      values[i] = utf8[i] & 0xFF;
    }
    return values;
  }

  @Test
  void everyCodePointArrivesAsItsBytes() {
    RobertaTokenizer tokenizer = carrier(1024);
    for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
      if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
        continue;
      }
      String text = Character.toString(point);
      assertArrayEquals(bytes(text), ids(tokenizer, text), text);
    }
  }

  @Test
  void mixedTextsArriveAsTheirBytes() {
    RobertaTokenizer tokenizer = carrier(1024);
    String alphabet = "  \t\n\u00a0'srtevl dm09aZé漢字ह<>|&\uD83C\uDFD4.\u2028";
    int[] points = alphabet.codePoints().toArray();
    Random random = new Random(7);
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = random.nextInt(24); i > 0; i--) {
        text.appendCodePoint(points[random.nextInt(points.length)]);
      }
      assertArrayEquals(bytes(text.toString()), ids(tokenizer, text.toString()), text.toString());
    }
  }

  @Test
  void loneSurrogateIsAQuestionMark() {
    assertArrayEquals(new int[] {'a', '?', 'b'}, ids(carrier(1024), "a\uD83Cb"));
  }

  @Test
  void emptyTextHasNoTokens() {
    assertArrayEquals(new int[0], ids(carrier(1024), ""));
  }

  @Test
  void maskIsOneTokenAndTakesTheSpaceBeforeIt() {
    RobertaTokenizer tokenizer = carrier(1024);
    assertArrayEquals(new int[] {MASK_ID}, ids(tokenizer, "<mask>"));
    assertArrayEquals(new int[] {'a', MASK_ID, ' ', 'b'}, ids(tokenizer, "a <mask> b"));
    assertArrayEquals(new int[] {'a', ' ', MASK_ID}, ids(tokenizer, "a  <mask>"));
    assertArrayEquals(new int[] {'<', MASK_ID, '.'}, ids(tokenizer, "<<mask>."));
    assertArrayEquals(new int[] {MASK_ID, MASK_ID}, ids(tokenizer, "<mask><mask>"));
    assertArrayEquals(bytes("<masks>"), ids(tokenizer, "<masks>"));
  }

  @Test
  void tooLongTextIsCutAndSaysSo() {
    Tokens cut = carrier(4).tokenize("abcdef", Truncate.FIRST);
    assertArrayEquals(bytes("abcd"), cut.ids());
    assertTrue(cut.truncated());
    assertFalse(carrier(4).tokenize("abcd", Truncate.FIRST).truncated());
  }

  @Test
  void tooLongTextIsRefusedWithoutTruncation() {
    RobertaTokenizer tokenizer = carrier(4);
    var error =
        assertThrows(
            ElasticsearchStatusException.class, () -> tokenizer.tokenize("abcdef", Truncate.NONE));
    assertEquals(400, error.status().getStatus());
  }

  @Test
  void missingSpecialTokenIsNamed() {
    var settings = new RobertaTokenization(false, false, 8, Truncate.FIRST, -1);
    var error =
        assertThrows(
            ElasticsearchStatusException.class,
            () -> new RobertaTokenizer(List.of("a"), List.of("a b"), settings));
    assertEquals("stored vocabulary is missing required [<unk>] token", error.getMessage());
  }

  @Test
  void mergesFollowTheirRanksWithinWords() {
    List<String> vocabulary = new ArrayList<>(List.of("<pad>", "<unk>", "l", "o", "w"));
    vocabulary.addAll(List.of("lo", "low", "Ġ", "Ġlow"));
    var settings = new RobertaTokenization(false, false, 64, Truncate.FIRST, -1);
    var tokenizer = new RobertaTokenizer(vocabulary, List.of("l o", "lo w", "Ġ low"), settings);
    assertArrayEquals(new int[] {6, 8, 1, 5}, ids(tokenizer, "low low!lo"));
  }
}
