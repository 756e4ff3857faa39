package org.peaks.embedded.text;

import static java.lang.Character.isDigit;
import static java.lang.Character.isLetter;
import static java.lang.Character.isWhitespace;

/**
 * Cuts a text into the words within which pairs are merged: runs of letters, of digits, of other
 * characters (each with one space before it), of whitespace, and English contractions.
 *
 * <p>This is GPT-2's regular expression as Elasticsearch's reader approximates it, UTF-16 unit by
 * unit; where the two differ, Elasticsearch's way is taken.
 */
final class WordReader {

  private final String text;
  private int position;

  WordReader(String text) {
    this.text = text;
  }

  /** The next word, or null at the end. The words put together are the text. */
  String next() {
    if (position == text.length()) {
      return null;
    }
    int start = position;
    position = endOfWord(start);
    return text.substring(start, position);
  }

  private int endOfWord(int start) {
    char first = text.charAt(start);
    if (first == '\'') {
      return endOfContraction(start);
    }
    if (first != ' ') {
      return isWhitespace(first) ? endOfWhitespace(start + 1) : endOfRun(start);
    }
    int second = start + 1;
    if (second == text.length()) {
      return second;
    }
    if (isWhitespace(text.charAt(second)) == false) {
      return endOfRun(second);
    }
    return belongsToWhitespace(second) ? endOfWhitespace(second + 1) : second;
  }

  private int endOfContraction(int apostrophe) {
    char first = charAt(apostrophe + 1);
    if (first == 's' || first == 't' || first == 'm' || first == 'd') {
      return apostrophe + 2;
    }
    char second = charAt(apostrophe + 2);
    boolean two =
        (first == 'r' || first == 'v' || first == 'l') && (second == 'e' || second == 'l');
    return two ? apostrophe + 3 : apostrophe + 1;
  }

  private int endOfRun(int start) {
    char first = text.charAt(start);
    int end = start + 1;
    while (end < text.length() && sameKind(first, text.charAt(end))) {
      end++;
    }
    return end;
  }

  private int endOfWhitespace(int from) {
    int end = from;
    while (end < text.length() && belongsToWhitespace(end)) {
      end++;
    }
    return end;
  }

  /** A space before a word is that word's, any other whitespace belongs to its run. */
  private boolean belongsToWhitespace(int at) {
    char c = text.charAt(at);
    if (c != ' ') {
      return isWhitespace(c);
    }
    return at + 1 == text.length() || isWhitespace(text.charAt(at + 1));
  }

  private char charAt(int at) {
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private static boolean sameKind(char a, char b) {
    if (isLetter(a)) {
      return isLetter(b);
    }
    if (isDigit(a)) {
      return isDigit(b);
    }
    return isSymbol(b);
  }

  private static boolean isSymbol(char c) {
    return isLetter(c) == false && isDigit(c) == false && isWhitespace(c) == false;
  }
}
