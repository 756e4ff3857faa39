package org.peaks.embedded.model;

import java.io.IOException;
import org.elasticsearch.common.bytes.BytesReference;
import org.elasticsearch.xcontent.ObjectParser;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xcontent.ToXContentObject;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentParser;

/** One stored part of a model's file, as the document that machine learning keeps it in. */
final class DefinitionPart implements ToXContentObject {

  static final String DOC_TYPE = "trained_model_definition_doc";

  private static final ParseField DATA = new ParseField("binary_definition");
  private static final ParseField TOTAL_LENGTH = new ParseField("total_definition_length");
  private static final ParseField LAST = new ParseField("eos");
  // Elasticsearch's number for "compressed or native bytes in a binary field".
  private static final int COMPRESSION_VERSION = 1;

  private static final ObjectParser<DefinitionPart, Void> PARSER =
      new ObjectParser<>(DOC_TYPE, true, DefinitionPart::new);

  static {
    PARSER.declareField(
        (part, value) -> part.data = value,
        XContentParser::binaryValue,
        DATA,
        ObjectParser.ValueType.VALUE);
    PARSER.declareLong((part, value) -> part.totalLength = value, TOTAL_LENGTH);
    PARSER.declareBoolean((part, value) -> part.last = value, LAST);
  }

  private String modelId;
  private int number;
  private byte[] data;
  private long totalLength;
  private boolean last;

  private DefinitionPart() {}

  DefinitionPart(String modelId, int number, BytesReference data, long totalLength, boolean last) {
    this.modelId = modelId;
    this.number = number;
    this.data = BytesReference.toBytes(data);
    this.totalLength = totalLength;
    this.last = last;
  }

  static DefinitionPart parse(XContentParser parser) throws IOException {
    return PARSER.parse(parser, null);
  }

  static String documentId(String modelId, int number) {
    return DOC_TYPE + "-" + modelId + "-" + number;
  }

  byte[] data() {
    return data;
  }

  long totalLength() {
    return totalLength;
  }

  boolean isLast() {
    return last;
  }

  @Override
  public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
    builder.startObject();
    builder.field("doc_type", DOC_TYPE);
    builder.field("model_id", modelId);
    builder.field("doc_num", number);
    builder.field("definition_length", data.length);
    builder.field(TOTAL_LENGTH.getPreferredName(), totalLength);
    builder.field("compression_version", COMPRESSION_VERSION);
    builder.field(DATA.getPreferredName(), data);
    builder.field(LAST.getPreferredName(), last);
    return builder.endObject();
  }
}
