package org.peaks.embedded.worker;

/**
 * What the model answered for one text.
 *
 * @param vector the first row of the result; each value is a float32 of the model's
 * @param milliseconds the time that the model took
 */
public record InferenceResult(double[] vector, double milliseconds) {}
