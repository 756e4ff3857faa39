package org.peaks.embedded.model;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.elasticsearch.ElasticsearchStatusException;
import org.elasticsearch.ExceptionsHelper;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.support.ContextPreservingActionListener;
import org.elasticsearch.cluster.node.DiscoveryNode;
import org.elasticsearch.common.util.concurrent.EsRejectedExecutionException;
import org.elasticsearch.core.Releasable;
import org.elasticsearch.core.Releasables;
import org.elasticsearch.core.TimeValue;
import org.elasticsearch.inference.InferenceResults;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.tasks.TaskCancelledException;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction.TaskParams;
import org.elasticsearch.xpack.core.ml.inference.TrainedModelConfig;
import org.elasticsearch.xpack.core.ml.inference.assignment.AssignmentStats;
import org.elasticsearch.xpack.core.ml.inference.assignment.RoutingState;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.InferenceConfig;
import org.elasticsearch.xpack.core.ml.inference.trainedmodel.TextEmbeddingConfig;
import org.peaks.embedded.text.Tokens;
import org.peaks.embedded.worker.LoadedModel;
import org.peaks.embedded.worker.LoadingEndedException;
import org.peaks.embedded.worker.ModelRefusedException;
import org.peaks.embedded.worker.RequestBody;

/**
 * A model on this node: loads itself into the inference worker, does so again whenever the worker
 * comes back, and answers requests in between.
 */
final class Deployment {

  /** Told when the deployment's state changes. */
  interface Observer {
    void routed(String deploymentId, RoutingState state, String reason);
  }

  private static final Logger logger = LogManager.getLogger(Deployment.class);
  private static final TimeValue BEFORE_NEXT_TRY = TimeValue.timeValueMillis(500);

  private final TaskParams parameters;
  private final ModelStore store;
  private final ThreadPool threads;
  private final String socket;
  private final Observer observer;
  private final boolean patient;

  private volatile ModelFacts facts;
  private volatile LoadedModel model;
  private final Statistics statistics = new Statistics();
  private final WorkQueue queue;
  private volatile int allocations;
  private volatile RoutingState state = RoutingState.STARTING;
  private volatile String reason = "";
  private volatile boolean stopped;

  /**
   * @param socket the path of the worker's Unix socket
   * @param patient whether to wait for a worker that was never there, as after a restart
   */
  Deployment(
      TaskParams parameters,
      ModelStore store,
      ThreadPool threads,
      String socket,
      boolean patient,
      Observer observer) {
    this.parameters = parameters;
    this.store = store;
    this.threads = threads;
    this.socket = socket;
    this.patient = patient;
    this.observer = observer;
    this.allocations = parameters.getNumberOfAllocations();
    this.queue = new WorkQueue(threads.generic(), parameters.getQueueCapacity(), allocations);
  }

  void start() {
    threads.generic().execute(this::run);
  }

  void stop() {
    stopped = true;
    LoadedModel loaded = model;
    if (loaded != null) {
      loaded.close();
    }
  }

  /** Changes the number of allocations of a deployment that may be at work. */
  void resize(int wanted) {
    if (wanted != allocations) {
      allocations = wanted;
      threads.generic().execute(this::resizeBoth);
    }
  }

  // Two changes may run in either order: each takes the latest number.
  private synchronized void resizeBoth() {
    LoadedModel loaded = model;
    try {
      if (loaded != null) {
        loaded.resize(allocations, Capacity.memoryOf(parameters, allocations));
      }
    } catch (IOException e) {
      logger.debug("the worker went; the next one is told by [load]", e);
    }
    queue.resize(allocations);
  }

  AssignmentStats.NodeStats stats(DiscoveryNode node) {
    if (model == null) {
      return AssignmentStats.NodeStats.forNotStartedState(node, state, reason);
    }
    return statistics.of(node, queue.size(), parameters.getThreadsPerAllocation(), allocations);
  }

  /** The model's configuration; null before it was read for the first time. */
  TrainedModelConfig config() {
    ModelFacts known = facts;
    return known == null ? null : known.config();
  }

  /**
   * Answers with the text's vector, as soon as an allocation is free.
   *
   * @param applied the model's configuration with the request's changes
   * @param urgent whether the text goes before those that wait and are not
   * @param timeout how long to wait for the answer; the time in the queue counts
   * @param abandoned whether the caller has gone, so that the text need not be run any more
   */
  void infer(
      String text,
      InferenceConfig applied,
      boolean urgent,
      TimeValue timeout,
      BooleanSupplier abandoned,
      ActionListener<InferenceResults> listener) {
    if (model == null) {
      listener.onFailure(unavailable());
      return;
    }
    // The answer comes on the thread that listens to the worker, which knows nothing of the caller.
    ActionListener<InferenceResults> atHome =
        ContextPreservingActionListener.wrapPreservingContext(listener, threads.getThreadContext());
    Inference inference = new Inference(threads, timeout, statistics, atHome);
    try {
      queue.put(
          () -> {
            if (abandoned.getAsBoolean()) {
              inference.onFailure(new TaskCancelledException("the caller has gone"));
            }
            send(text, (TextEmbeddingConfig) applied, inference);
          },
          urgent);
    } catch (EsRejectedExecutionException e) {
      statistics.rejected();
      inference.onFailure(e);
    }
  }

  private void send(String text, TextEmbeddingConfig settings, Inference inference) {
    Releasable allocation = Releasables.releaseOnce(queue::done);
    if (inference.isDone()) {
      allocation.close();
      return;
    }
    ActionListener.run(
        ActionListener.runBefore(inference, allocation::close),
        next -> {
          LoadedModel loaded = model;
          if (loaded == null) {
            throw unavailable();
          }
          Tokens tokens =
              facts.tokenizer().tokenize(text, settings.getTokenization().getTruncate());
          long sent = System.nanoTime();
          loaded.infer(
              new RequestBody(tokens.ids()),
              ActionListener.wrap(
                  vector -> {
                    statistics.answered(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sent));
                    next.onResponse(Inference.results(vector, settings, tokens.truncated()));
                  },
                  e -> next.onFailure(explain(loaded, e))));
        });
  }

  private Exception explain(LoadedModel loaded, Exception e) {
    if (stopped == false && model == loaded && e instanceof IOException == false) {
      statistics.failed();
      return e;
    }
    return unavailable();
  }

  private ElasticsearchStatusException unavailable() {
    return new ElasticsearchStatusException(
        "Trained model deployment [{}] cannot answer: {}",
        state == RoutingState.FAILED ? RestStatus.CONFLICT : RestStatus.SERVICE_UNAVAILABLE,
        parameters.getDeploymentId(),
        whyUnavailable());
  }

  private String whyUnavailable() {
    if (stopped) {
      return "it is stopping";
    }
    String why = state == RoutingState.STARTED ? workerIsDown() : reason;
    return why.isEmpty() ? "it is still loading" : why;
  }

  private void run() {
    boolean everLoaded = false;
    observer.routed(parameters.getDeploymentId(), state, reason);
    while (stopped == false) {
      try {
        serve();
        everLoaded = true;
        become(RoutingState.STARTING, workerIsDown());
      } catch (IOException e) {
        boolean onlyLoading = e instanceof LoadingEndedException;
        String why = onlyLoading ? e.getMessage() : workerIsDown();
        if (everLoaded == false && (patient == false || onlyLoading)) {
          become(RoutingState.FAILED, why);
          return;
        }
        become(RoutingState.STARTING, why);
      } catch (ModelRefusedException | RuntimeException e) {
        // Right after a restart the stored model's shard may still be on its way.
        boolean passes = ExceptionsHelper.status(e) == RestStatus.SERVICE_UNAVAILABLE;
        if (patient && everLoaded == false && passes) {
          pause();
          continue;
        }
        logger.warn("deployment [{}] failed", parameters.getDeploymentId(), e);
        become(RoutingState.FAILED, ExceptionsHelper.unwrapCause(e).getMessage());
        return;
      }
      pause();
    }
  }

  /** Loads the model and answers until the worker goes or the deployment stops. */
  private void serve() throws IOException, ModelRefusedException {
    if (facts == null) {
      facts = ModelFacts.read(store, parameters.getModelId());
    }
    LoadedModel loaded =
        LoadedModel.load(
            socket, facts.toLoad(parameters, allocations), store.parts(parameters.getModelId()));
    try (loaded) {
      model = loaded;
      if (stopped) {
        return;
      }
      become(RoutingState.STARTED, "");
      loaded.listen();
    } finally {
      model = null;
    }
  }

  private void become(RoutingState next, String why) {
    if (stopped || (state == next && reason.equals(why))) {
      return;
    }
    logger.info("deployment [{}] is {} {}", parameters.getDeploymentId(), next, why);
    state = next;
    reason = why;
    observer.routed(parameters.getDeploymentId(), next, why);
  }

  private String workerIsDown() {
    return "the inference worker at ["
        + socket
        + "] does not answer; start it with `peaks cluster start`";
  }

  private static void pause() {
    try {
      Thread.sleep(BEFORE_NEXT_TRY.millis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the node is stopping", e);
    }
  }
}
