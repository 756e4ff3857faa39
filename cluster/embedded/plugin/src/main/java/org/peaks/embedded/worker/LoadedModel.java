package org.peaks.embedded.worker;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.common.CheckedSupplier;
import org.elasticsearch.rest.RestStatus;

/** A model that the inference worker has loaded and runs for us. Requests may overlap. */
public final class LoadedModel implements Closeable {

  private final WorkerConnection connection;
  private final Map<Long, ActionListener<double[]>> waiting = new ConcurrentHashMap<>();
  private final AtomicLong requests = new AtomicLong();
  private volatile boolean closed;

  private LoadedModel(WorkerConnection connection) {
    this.connection = connection;
  }

  /**
   * Sends a model to the worker and waits until it runs. Blocks: not for a transport thread.
   *
   * @param socket the path of the worker's Unix socket
   * @param settings the worker's {@code load} message
   * @param parts gives the model's bytes in order, null after the last
   * @throws ModelRefusedException when the worker will not run this model
   * @throws LoadingEndedException when only the process that loads the model goes
   * @throws IOException when the worker is not there, or goes
   */
  public static LoadedModel load(
      String socket, Map<String, Object> settings, CheckedSupplier<byte[], IOException> parts)
      throws IOException, ModelRefusedException {
    WorkerConnection connection = WorkerConnection.open(socket);
    try {
      connection.send(new Frame(settings));
      for (byte[] part = parts.get(); part != null; part = parts.get()) {
        connection.send(new Frame(Map.of("type", "part"), part));
      }
      connection.send(new Frame(Map.of("type", "start")));
      Frame answer = awaitAnswer(connection, socket);
      if (answer.type().equals("loaded") == false) {
        throw new ModelRefusedException(answer.text("reason"));
      }
      return new LoadedModel(connection);
    } catch (IOException | ModelRefusedException | RuntimeException e) {
      connection.close();
      throw e;
    }
  }

  private static Frame awaitAnswer(WorkerConnection connection, String socket) throws IOException {
    try {
      return connection.receive();
    } catch (IOException e) {
      WorkerConnection.open(socket).close(); // or the worker is gone as a whole
      throw new LoadingEndedException(e);
    }
  }

  /**
   * Hands every answer to its listener until the connection ends; the requests still open then
   * fail. Blocks: needs a thread of its own.
   */
  public void listen() {
    Exception end;
    try {
      while (true) {
        dispatch(connection.receive());
      }
    } catch (IOException | RuntimeException e) {
      end = e;
    }
    close();
    for (Long request : waiting.keySet()) {
      fail(request, workerGone(end));
    }
  }

  /**
   * @param body the request as the ML node's process gets it, without its id
   */
  public void infer(RequestBody body, ActionListener<double[]> listener) {
    long request = requests.incrementAndGet();
    waiting.put(request, listener);
    try {
      connection.send(new Frame(Map.of("type", "infer"), body.toBytes(request)));
    } catch (IOException | RuntimeException e) {
      fail(request, workerGone(e));
    }
    if (closed) {
      fail(request, workerGone(null));
    }
  }

  /** Tells the worker how many requests to run at a time from now on, in how many bytes. */
  public void resize(int allocations, long memory) throws IOException {
    connection.send(
        new Frame(Map.of("type", "resize", "allocations", allocations, "memory", memory)));
  }

  @Override
  public void close() {
    closed = true;
    connection.close();
  }

  private void dispatch(Frame frame) {
    long request = Long.parseLong(frame.text("request_id"));
    if (frame.type().equals("error")) {
      fail(
          request,
          new ElasticsearchStatusException(
              "Error in inference process: [" + frame.text("reason") + "]",
              RestStatus.INTERNAL_SERVER_ERROR));
      return;
    }
    ActionListener<double[]> listener = waiting.remove(request);
    if (listener != null) {
      listener.onResponse(widen(frame.body()));
    }
  }

  private void fail(Long request, Exception reason) {
    ActionListener<double[]> listener = waiting.remove(request);
    if (listener != null) {
      listener.onFailure(reason);
    }
  }

  private static IOException workerGone(Exception cause) {
    return new IOException("the inference worker went away", cause);
  }

  private static double[] widen(byte[] body) {
    FloatBuffer values = ByteBuffer.wrap(body).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    double[] vector = new double[values.remaining()];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = values.get(i);
    }
    return vector;
  }
}
