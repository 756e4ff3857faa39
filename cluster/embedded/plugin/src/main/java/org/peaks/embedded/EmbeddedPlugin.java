package org.peaks.embedded;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.elasticsearch.action.support.ActionFilter;
import org.elasticsearch.cluster.NamedDiff;
import org.elasticsearch.common.io.stream.NamedWriteableRegistry;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.SystemIndexDescriptor;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.ingest.Processor;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.IngestPlugin;
import org.elasticsearch.plugins.ScriptPlugin;
import org.elasticsearch.plugins.SearchPlugin;
import org.elasticsearch.plugins.SystemIndexPlugin;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestHeaderDefinition;
import org.elasticsearch.script.ScriptContext;
import org.elasticsearch.script.ScriptEngine;
import org.elasticsearch.xcontent.NamedXContentRegistry;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xpack.core.ml.inference.MlInferenceNamedXContentProvider;
import org.elasticsearch.xpack.core.ml.inference.assignment.TrainedModelAssignmentMetadata;
import org.elasticsearch.xpack.core.ml.vectors.TextEmbeddingQueryVectorBuilder;
import org.peaks.embedded.analysis.CommonAnalysis;
import org.peaks.embedded.guests.PageFilter;
import org.peaks.embedded.ingest.InferenceProcessor;
import org.peaks.embedded.ingest.RemoveProcessor;
import org.peaks.embedded.ingest.SetProcessor;
import org.peaks.embedded.model.ModelApi;
import org.peaks.embedded.model.ModelIndices;
import org.peaks.embedded.model.ModelServices;
import org.peaks.embedded.permission.Permission;
import org.peaks.embedded.root.RootHandler;
import org.peaks.embedded.rrf.RrfRetriever;
import org.peaks.embedded.stack.CustomMetadata;
import org.peaks.embedded.stack.StackPlugin;
import org.peaks.embedded.template.RenderTemplateHandler;
import org.peaks.embedded.template.SearchTemplateHandler;
import org.peaks.embedded.template.TemplateEngine;

/**
 * Gives Elastic's minimal distribution what the peaks project uses of the modules that are not in
 * it.
 */
public final class EmbeddedPlugin extends StackPlugin
    implements SystemIndexPlugin, IngestPlugin, ScriptPlugin, SearchPlugin, AnalysisPlugin {

  private final MlInferenceNamedXContentProvider inferenceNames =
      new MlInferenceNamedXContentProvider();
  private PluginServices services;

  @Override
  public Collection<?> createComponents(PluginServices services) {
    this.services = services;
    ModelServices models = new ModelServices(services);
    return List.of(models, models.deployments());
  }

  @Override
  public List<Setting<?>> getSettings() {
    return List.of(TemplateEngine.SIZE_LIMIT, ModelServices.SOCKET);
  }

  @Override
  public String getFeatureName() {
    return "machine_learning";
  }

  @Override
  public String getFeatureDescription() {
    return "Trained models of the embedded node";
  }

  @Override
  public Collection<SystemIndexDescriptor> getSystemIndexDescriptors(Settings settings) {
    return ModelIndices.descriptors();
  }

  @Override
  public List<NamedXContentRegistry.Entry> getNamedXContent() {
    List<NamedXContentRegistry.Entry> entries =
        new ArrayList<>(inferenceNames.getNamedXContentParsers());
    entries.add(
        new NamedXContentRegistry.Entry(
            CustomMetadata.CATEGORY,
            new ParseField(TrainedModelAssignmentMetadata.NAME),
            TrainedModelAssignmentMetadata::fromXContent));
    return entries;
  }

  @Override
  public List<NamedWriteableRegistry.Entry> getNamedWriteables() {
    List<NamedWriteableRegistry.Entry> entries =
        new ArrayList<>(inferenceNames.getNamedWriteables());
    entries.add(
        new NamedWriteableRegistry.Entry(
            CustomMetadata.CATEGORY,
            TrainedModelAssignmentMetadata.NAME,
            TrainedModelAssignmentMetadata::fromStream));
    entries.add(
        new NamedWriteableRegistry.Entry(
            NamedDiff.class,
            TrainedModelAssignmentMetadata.NAME,
            TrainedModelAssignmentMetadata::readDiffFrom));
    return entries;
  }

  @Override
  public List<QueryVectorBuilderSpec<?>> getQueryVectorBuilders() {
    return List.of(
        new QueryVectorBuilderSpec<>(
            TextEmbeddingQueryVectorBuilder.NAME,
            TextEmbeddingQueryVectorBuilder::new,
            TextEmbeddingQueryVectorBuilder.PARSER));
  }

  @Override
  public List<RetrieverSpec<?>> getRetrievers() {
    return List.of(new RetrieverSpec<>(RrfRetriever.NAME, RrfRetriever::parse));
  }

  @Override
  public Map<String, AnalysisProvider<CharFilterFactory>> getCharFilters() {
    return CommonAnalysis.charFilters();
  }

  @Override
  public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
    return CommonAnalysis.tokenFilters();
  }

  @Override
  public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
    return CommonAnalysis.tokenizers();
  }

  @Override
  @SuppressWarnings("rawtypes") // 9.5 has no type parameters here
  protected List<ActionHandler> actions() {
    return Stream.concat(ModelApi.actions().stream(), Permission.actions().stream()).toList();
  }

  @Override
  public Collection<ActionFilter> getActionFilters() {
    return List.of(new PageFilter(services.threadPool().getThreadContext()));
  }

  @Override
  public Collection<RestHeaderDefinition> getRestHeaders() {
    return PageFilter.headers();
  }

  @Override
  public ScriptEngine getScriptEngine(Settings settings, Collection<ScriptContext<?>> contexts) {
    return new TemplateEngine(settings);
  }

  @Override
  public Map<String, Processor.Factory> getProcessors(Processor.Parameters parameters) {
    return Map.of(
        SetProcessor.TYPE, new SetProcessor.Factory(parameters.scriptService),
        RemoveProcessor.TYPE, new RemoveProcessor.Factory(parameters.scriptService),
        InferenceProcessor.TYPE, new InferenceProcessor.Factory(parameters.client));
  }

  @Override
  protected Collection<RestHandler> restHandlers(Predicate<NodeFeature> features) {
    List<RestHandler> handlers = new ArrayList<>();
    handlers.add(new RootHandler(services.clusterService()));
    handlers.add(new SearchTemplateHandler(services.scriptService(), features));
    handlers.add(new RenderTemplateHandler(services.scriptService()));
    handlers.addAll(ModelApi.handlers());
    return handlers;
  }
}
