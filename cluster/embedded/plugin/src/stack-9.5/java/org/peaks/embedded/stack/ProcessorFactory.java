package org.peaks.embedded.stack;

import java.util.Map;
import org.elasticsearch.cluster.metadata.ProjectId;
import org.elasticsearch.ingest.Processor;

/** Reads a processor from a pipeline. */
public interface ProcessorFactory extends Processor.Factory {

  Processor create(String tag, String description, Map<String, Object> config);

  @Override
  default Processor create(
      Map<String, Processor.Factory> registry,
      String tag,
      String description,
      Map<String, Object> config,
      ProjectId project) {
    return create(tag, description, config);
  }
}
