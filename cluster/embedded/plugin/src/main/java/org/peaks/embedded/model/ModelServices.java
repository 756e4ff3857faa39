package org.peaks.embedded.model;

import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.common.settings.Setting.Property;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.threadpool.ThreadPool;

/** What the transport actions of machine learning share. */
public final class ModelServices {

  /** The path of the Unix socket on which the inference worker listens. */
  public static final Setting<String> SOCKET =
      Setting.simpleString("peaks.inference.socket", "", Property.NodeScope);

  private final ClusterService cluster;
  private final ThreadPool threads;
  private final Capacity capacity;
  private final ModelStore store;
  private final Assignments assignments;
  private final Deployments deployments;

  public ModelServices(Plugin.PluginServices services) {
    this.cluster = services.clusterService();
    this.threads = services.threadPool();
    this.store = new ModelStore(services.client(), services.xContentRegistry());
    this.capacity = new Capacity(cluster);
    this.assignments = new Assignments(cluster, capacity);
    String socket = SOCKET.get(services.environment().settings());
    this.deployments = new Deployments(cluster, store, assignments, threads, socket);
  }

  ClusterService cluster() {
    return cluster;
  }

  ThreadPool threads() {
    return threads;
  }

  Capacity capacity() {
    return capacity;
  }

  ModelStore store() {
    return store;
  }

  Assignments assignments() {
    return assignments;
  }

  /** Started and stopped with the node. */
  public Deployments deployments() {
    return deployments;
  }
}
