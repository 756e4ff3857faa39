package org.peaks.embedded.worker;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;

/**
 * A connection to the inference worker. The worker keeps one model for each connection, and drops
 * the model when the connection ends.
 */
final class WorkerConnection implements Closeable {

  private final SocketChannel channel;
  private final DataInputStream in;
  private final Object writing = new Object();

  private WorkerConnection(SocketChannel channel) {
    this.channel = channel;
    this.in =
        new DataInputStream(new BufferedInputStream(Channels.newInputStream(channel), 1 << 16));
  }

  /**
   * @param socket the path of the worker's Unix socket
   * @throws IOException when nobody listens there
   */
  static WorkerConnection open(String socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
    return new WorkerConnection(channel);
  }

  void send(Frame frame) throws IOException {
    ByteBuffer bytes = frame.toBytes();
    synchronized (writing) {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }
  }

  /** Waits for the next message. Only one thread may. */
  Frame receive() throws IOException {
    return Frame.read(in);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // The socket is gone either way.
    }
  }
}
