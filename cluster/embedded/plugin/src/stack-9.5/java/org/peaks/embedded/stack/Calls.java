package org.peaks.embedded.stack;

import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.indices.SystemIndexDescriptor;
import org.elasticsearch.inference.InferenceResults;
import org.elasticsearch.xpack.core.ml.inference.results.MlDenseEmbeddingResults;

/** Single calls that the lines name or type in different ways. */
public final class Calls {

  private Calls() {}

  /** How many documents a search found. */
  public static long totalHits(SearchResponse response) {
    return response.getHits().getTotalHits().value();
  }

  /** A text's vector as the answer to a request for inference. */
  public static InferenceResults embedding(String field, double[] vector, boolean isTruncated) {
    return new MlDenseEmbeddingResults(field, vector, isTruncated);
  }

  /** A system index whose mapping tells its version. */
  public static SystemIndexDescriptor.Builder systemIndex() {
    return SystemIndexDescriptor.builder();
  }
}
