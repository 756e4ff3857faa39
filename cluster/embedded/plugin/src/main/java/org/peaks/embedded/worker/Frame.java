package org.peaks.embedded.worker;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.elasticsearch.common.Strings;
import org.elasticsearch.common.xcontent.XContentHelper;
import org.elasticsearch.xcontent.XContentBuilder;
import org.elasticsearch.xcontent.XContentFactory;
import org.elasticsearch.xcontent.json.JsonXContent;

/**
 * One message between the node and the inference worker: two big-endian 32-bit lengths, a header in
 * JSON, a body of bytes.
 *
 * @param header what the message is; never without {@code type}
 * @param body what it carries; empty for most types
 */
record Frame(Map<String, Object> header, byte[] body) {

  private static final byte[] NOTHING = new byte[0];
  private static final int LENGTHS = 2 * Integer.BYTES;
  private static final int LONGEST = 1 << 20; // an answer is one vector, and no memory for more

  Frame(Map<String, Object> header) {
    this(header, NOTHING);
  }

  String type() {
    return text("type");
  }

  String text(String name) {
    return String.valueOf(header.get(name));
  }

  /** The message as it goes over the socket. */
  ByteBuffer toBytes() throws IOException {
    byte[] json;
    try (XContentBuilder builder = XContentFactory.jsonBuilder()) {
      json = Strings.toString(builder.map(header)).getBytes(StandardCharsets.UTF_8);
    }
    ByteBuffer bytes = ByteBuffer.allocate(LENGTHS + json.length + body.length);
    return bytes.putInt(json.length).putInt(body.length).put(json).put(body).flip();
  }

  /**
   * @throws java.io.EOFException when the other side has closed the connection
   * @throws IOException when what comes is no message
   */
  static Frame read(DataInputStream in) throws IOException {
    int headerLength = in.readInt();
    int bodyLength = in.readInt();
    if (headerLength < 0 || headerLength > LONGEST || bodyLength < 0 || bodyLength > LONGEST) {
      throw new IOException("the inference worker does not speak this plugin's protocol");
    }
    String json = new String(in.readNBytes(headerLength), StandardCharsets.UTF_8);
    byte[] body = in.readNBytes(bodyLength);
    if (body.length < bodyLength) {
      throw new IOException("the inference worker stopped in the middle of a message");
    }
    return new Frame(XContentHelper.convertToMap(JsonXContent.jsonXContent, json, false), body);
  }
}
