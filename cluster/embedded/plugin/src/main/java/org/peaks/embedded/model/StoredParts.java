package org.peaks.embedded.model;

import java.io.IOException;
import org.elasticsearch.action.support.PlainActionFuture;
import org.peaks.embedded.worker.ModelParts;

/** Reads a model's parts one after the other, so that a large model never stands in the heap. */
final class StoredParts implements ModelParts {

  private final ModelStore store;
  private final String modelId;
  private int next;
  private boolean ended;

  StoredParts(ModelStore store, String modelId) {
    this.store = store;
    this.modelId = modelId;
  }

  @Override
  public byte[] next() throws IOException {
    if (ended) {
      return null;
    }
    PlainActionFuture<DefinitionPart> read = new PlainActionFuture<>();
    store.part(modelId, next++, read);
    DefinitionPart part = read.actionGet();
    ended = part.isLast();
    return part.data();
  }
}
