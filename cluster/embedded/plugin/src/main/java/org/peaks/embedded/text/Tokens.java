package org.peaks.embedded.text;

/**
 * One tokenized text.
 *
 * @param ids the token ids, possibly none
 * @param truncated whether the text was longer than the model takes
 */
public record Tokens(int[] ids, boolean truncated) {}
