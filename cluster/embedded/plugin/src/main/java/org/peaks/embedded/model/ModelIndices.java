package org.peaks.embedded.model;

import java.util.List;
import org.elasticsearch.indices.SystemIndexDescriptor;
import org.elasticsearch.xpack.core.ClientHelper;
import org.elasticsearch.xpack.core.ml.inference.persistence.InferenceIndexConstants;
import org.peaks.embedded.stack.Calls;

/** The system indices in which machine learning keeps its models. */
public final class ModelIndices {

  static final String CONFIGURATIONS = InferenceIndexConstants.LATEST_INDEX_NAME;
  static final String DEFINITIONS = InferenceIndexConstants.nativeDefinitionStore();

  private ModelIndices() {}

  public static List<SystemIndexDescriptor> descriptors() {
    return List.of(
        descriptor(".ml-inference-0*", CONFIGURATIONS, "Configurations of trained models"),
        descriptor(".ml-inference-native-*", DEFINITIONS, "PyTorch models and vocabularies"));
  }

  private static SystemIndexDescriptor descriptor(
      String pattern, String index, String description) {
    return Calls.systemIndex()
        .setIndexPattern(pattern)
        .setPrimaryIndex(index)
        .setDescription(description)
        .setMappings(InferenceIndexConstants.mapping())
        .setSettings(InferenceIndexConstants.settings())
        .setOrigin(ClientHelper.ML_ORIGIN)
        .build();
  }
}
