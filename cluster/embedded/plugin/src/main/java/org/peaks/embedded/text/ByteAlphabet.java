package org.peaks.embedded.text;

import java.nio.charset.StandardCharsets;

/**
 * GPT-2's printable character for each of the 256 bytes: itself where it is printable Latin-1, else
 * the next one from U+0100 on.
 */
final class ByteAlphabet {

  private static final char[] CHARACTERS = build();

  private ByteAlphabet() {}

  /**
   * @return one character for each byte of the text's UTF-8; a lone surrogate counts as {@code ?}
   */
  static String encode(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    char[] encoded = new char[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      encoded[i] = CHARACTERS[bytes[i] & 0xFF];
    }
    return new String(encoded);
  }

  /**
   * @param value 0 to 255
   */
  static char character(int value) {
    return CHARACTERS[value];
  }

  private static char[] build() {
    char[] characters = new char[256];
    char next = 256;
    for (int value = 0; value < 256; value++) {
      characters[value] = isPrintable(value) ? (char) value : next++;
    }
    return characters;
  }

  private static boolean isPrintable(int value) {
    return (value >= '!' && value <= '~')
        || (value >= 0xA1 && value <= 0xAC)
        || (value >= 0xAE && value <= 0xFF);
  }
}
