package org.peaks.embedded.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Takes the literal {@code <mask>}, which is one token whatever stands around it, out of a text.
 */
final class MaskSplitter {

  static final String MASK = "<mask>";

  private MaskSplitter() {}

  /**
   * @return the text between the masks and the masks themselves, in order; empty for an empty text
   */
  static List<String> split(String text) {
    List<String> parts = new ArrayList<>();
    int after = 0;
    int start;
    while ((start = text.indexOf(MASK, after)) >= 0) {
      if (after < start) {
        parts.add(between(text, after, start));
      }
      parts.add(MASK);
      after = start + MASK.length();
    }
    if (after < text.length()) {
      parts.add(text.substring(after));
    }
    return withoutSpacesBeforeMasks(parts);
  }

  /**
   * Elasticsearch takes the end of the text between two masks for its length, so that what follows
   * is read twice or, where the text is too short for it, the request fails. It does here, too.
   */
  private static String between(String text, int after, int start) {
    return text.substring(after, after + start);
  }

  /**
   * One space before a mask is the mask's; the rule counts masks, and so may take the last space.
   */
  private static List<String> withoutSpacesBeforeMasks(List<String> parts) {
    int masks = 0;
    for (int i = 0; i < parts.size(); i++) {
      String part = parts.get(i);
      if (part.equals(MASK)) {
        masks++;
      } else if (masks < parts.size() - 1 && part.endsWith(" ")) {
        parts.set(i, part.substring(0, part.length() - 1));
      }
    }
    return parts;
  }
}
