package org.peaks.embedded.worker;

import java.io.IOException;
import java.util.Arrays;
import org.elasticsearch.common.bytes.BytesReference;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentFactory;

/**
 * One text's tokens, as the ML node's {@code pytorch_inference} gets them from the {@code roberta}
 * tokenization: {@code {"request_id": "1", "tokens": [[…]], "arg_1": [[1, …]]}}.
 *
 * @param tokens the ids of the one row, possibly none
 */
public record RequestBody(int[] tokens) {

  byte[] toBytes(long request) throws IOException {
    int[] attention = new int[tokens.length];
    Arrays.fill(attention, 1);
    try (XContentBuilder json = XContentFactory.jsonBuilder()) {
      json.startObject().field("request_id", String.valueOf(request));
      json.startArray("tokens").value(tokens).endArray();
      json.startArray("arg_1").value(attention).endArray();
      return BytesReference.toBytes(BytesReference.bytes(json.endObject()));
    }
  }
}
