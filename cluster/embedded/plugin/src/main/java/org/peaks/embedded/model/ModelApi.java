package org.peaks.embedded.model;

import java.util.List;
import org.elasticsearch.plugins.ActionPlugin.ActionHandler;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.xpack.core.ml.action.CoordinatedInferenceAction;
import org.elasticsearch.xpack.core.ml.action.DeleteTrainedModelAction;
import org.elasticsearch.xpack.core.ml.action.GetTrainedModelsAction;
import org.elasticsearch.xpack.core.ml.action.GetTrainedModelsStatsAction;
import org.elasticsearch.xpack.core.ml.action.InferModelAction;
import org.elasticsearch.xpack.core.ml.action.MlInfoAction;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelAction;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelDefinitionPartAction;
import org.elasticsearch.xpack.core.ml.action.PutTrainedModelVocabularyAction;
import org.elasticsearch.xpack.core.ml.action.StartTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.action.StopTrainedModelDeploymentAction;
import org.elasticsearch.xpack.core.ml.action.UpdateTrainedModelDeploymentAction;

/** Machine learning's actions and paths, as far as this node has them. */
public final class ModelApi {

  private ModelApi() {}

  @SuppressWarnings({"rawtypes", "unchecked"}) // 9.5 has no type parameters here
  public static List<ActionHandler> actions() {
    return List.of(
        new ActionHandler(PutTrainedModelAction.INSTANCE, PutModel.class),
        new ActionHandler(PutTrainedModelDefinitionPartAction.INSTANCE, PutPart.class),
        new ActionHandler(PutTrainedModelVocabularyAction.INSTANCE, PutVocabulary.class),
        new ActionHandler(GetTrainedModelsAction.INSTANCE, GetModels.class),
        new ActionHandler(GetTrainedModelsStatsAction.INSTANCE, GetStats.class),
        new ActionHandler(DeleteTrainedModelAction.INSTANCE, DeleteModel.class),
        new ActionHandler(StartTrainedModelDeploymentAction.INSTANCE, StartDeployment.class),
        new ActionHandler(StopTrainedModelDeploymentAction.INSTANCE, StopDeployment.class),
        new ActionHandler(UpdateTrainedModelDeploymentAction.INSTANCE, UpdateDeployment.class),
        new ActionHandler(MlInfoAction.INSTANCE, GetInfo.class),
        new ActionHandler(InferModelAction.INSTANCE, Infer.class),
        new ActionHandler(InferModelAction.EXTERNAL_INSTANCE, Infer.External.class),
        new ActionHandler(CoordinatedInferenceAction.INSTANCE, CoordinatedInfer.class));
  }

  public static List<RestHandler> handlers() {
    return List.of(
        ModelHandlers.put(),
        ModelHandlers.putPart(),
        ModelHandlers.putVocabulary(),
        ModelHandlers.get(),
        ModelHandlers.stats(),
        ModelHandlers.delete(),
        DeploymentHandlers.start(),
        DeploymentHandlers.stop(),
        DeploymentHandlers.update(),
        ModelHandlers.info(),
        DeploymentHandlers.infer());
  }
}
