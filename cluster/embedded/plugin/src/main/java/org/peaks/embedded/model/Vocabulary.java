package org.peaks.embedded.model;

import java.io.IOException;
import java.util.List;
import org.elasticsearch.xcontent.ConstructingObjectParser;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xcontent.ToXContentObject;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentParser;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.RobertaTokenization;
import org.peaks.embedded.text.RobertaTokenizer;

/** A model's stored vocabulary. */
record Vocabulary(List<String> pieces, List<String> merges) implements ToXContentObject {

  private static final ParseField VOCABULARY = new ParseField("vocabulary");
  private static final ParseField MERGES = new ParseField("merges");

  @SuppressWarnings("unchecked")
  private static final ConstructingObjectParser<Vocabulary, Void> PARSER =
      new ConstructingObjectParser<>(
          "vocabulary",
          true,
          given ->
              new Vocabulary(
                  (List<String>) given[0], given[1] == null ? List.of() : (List<String>) given[1]));

  static {
    PARSER.declareStringArray(ConstructingObjectParser.constructorArg(), VOCABULARY);
    PARSER.declareStringArray(ConstructingObjectParser.optionalConstructorArg(), MERGES);
  }

  static Vocabulary parse(XContentParser parser) throws IOException {
    return PARSER.parse(parser, null);
  }

  RobertaTokenizer tokenizer(RobertaTokenization settings) {
    return new RobertaTokenizer(pieces, merges, settings);
  }

  @Override
  public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
    builder.startObject();
    builder.field(VOCABULARY.getPreferredName(), pieces);
    builder.field(MERGES.getPreferredName(), merges);
    return builder.endObject();
  }
}
