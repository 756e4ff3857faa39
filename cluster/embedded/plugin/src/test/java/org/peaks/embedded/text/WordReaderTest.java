package org.peaks.embedded.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class WordReaderTest {

  private static List<String> words(String text) {
    WordReader reader = new WordReader(text);
    List<String> words = new ArrayList<>();
    for (String word = reader.next(); word != null; word = reader.next()) {
      words.add(word);
    }
    return words;
  }

  @Test
  void runsTakeOneSpaceBeforeThem() {
    assertEquals(List.of("Ama", " Dablam", " 6812", "m", "!?"), words("Ama Dablam 6812m!?"));
  }

  @Test
  void whitespaceLeavesTheLastSpaceToTheNextWord() {
    assertEquals(List.of("a", " ", " b"), words("a  b"));
    assertEquals(List.of("a", "  ", " b"), words("a   b"));
    assertEquals(List.of("a", "\n\t", " b"), words("a\n\t b"));
    assertEquals(List.of("a", "  "), words("a  "));
  }

  @Test
  void contractionsAreWords() {
    assertEquals(List.of("it", "'s", " we", "'ll", " I", "'m"), words("it's we'll I'm"));
    assertEquals(List.of("rock", "'", "n", "'", " roll"), words("rock'n' roll"));
    assertEquals(List.of("a", " '", "s"), words("a 's"));
  }
}
