"""A model into Elasticsearch through Eland, started and answering."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from elasticsearch import ApiError, NotFoundError

from eland_models.capacity import explain_refusal, require_room
from eland_models.deployments import (
    ONE_ALLOCATION,
    DeploymentSettings,
    Outcome,
    bring_up,
    deployments,
    ingest_id,
    lacks_room,
    read_running,
    stop,
    warm_up,
)
from eland_models.errors import ModelError
from eland_models.export import ExportedModel
from eland_models.utf8 import MAX_SEQUENCE_LENGTH, carrier_vocabulary

if TYPE_CHECKING:
    from eland.ml.pytorch import NlpTrainedModelConfig, PyTorchModel
    from elasticsearch import Elasticsearch

# int8 weights are packed for this processor family; Elasticsearch then starts the model nowhere else
INT8_PLATFORM = "linux-x86_64"
CHUNK_BYTES = 1024 * 1024  # as Eland has it; in base64 1.4 MB, of which the embedded node takes 2
ANSWER_TIMEOUT_SECONDS = 60
# not ready or overloaded; anything else will not pass by waiting
PASSING_STATUSES = (408, 409, 429, 500, 503)
# int8 kernels of another processor may round otherwise; another model or vocabulary is far below this
LEAST_COSINE = 0.995

ShowLine = Callable[[str], None]


@dataclass(frozen=True)
class Deployment:
    """How a model is to run.

    Attributes:
        search: the deployment by the model's own id.
        ingest: the deployment for the pipelines, or what happens to the one that may run.
        clear_previous: replace a model of the same id and another fingerprint.
    """

    search: DeploymentSettings = ONE_ALLOCATION
    ingest: DeploymentSettings | Literal["keep", "stop"] = "keep"
    clear_previous: bool = False


def deploy(
    client: Elasticsearch,
    exported: ExportedModel,
    model_id: str,
    deployment: Deployment,
    show_progress: ShowLine = lambda line: None,
    show_memory: ShowLine = lambda line: None,
) -> dict[str, Outcome]:
    """Put an exported model into the cluster, start it, and wait until it gives the right answer.

    Does nothing for a model of the same fingerprint that already runs so.

    Args:
        client: of an Elasticsearch 8.19 or 9.x with machine learning.
        exported: what `export` wrote.
        model_id: in Elasticsearch.
        deployment: how it is to run.
        show_progress: gets one line a step.
        show_memory: gets the memory that is asked for, before anything is done.

    Returns:
        What was done with each deployment, by its id.

    Raises:
        ModelError: another model has the id, the ML nodes have no room, or the started model does not
            answer as the file does.
        elasticsearch.ApiError, elastic_transport.TransportError: the cluster refuses or cannot be reached.
    """
    present, running = find_model(client, model_id), read_running(client, model_id)
    is_new = not (present and is_same(present, exported))
    if present and is_new:
        require_clearing(present, exported, model_id, deployment)
    wanted = list_wanted(model_id, deployment, running)
    if is_new or any(running.get(name) != settings for name, settings in wanted.items()):
        show_memory(require_room(client, exported, wanted))
    if is_new:
        remove(client, model_id)
        show_progress(f"Importing {model_id} ({exported.path.stat().st_size / 1e6:,.0f} MB)")
        import_model(eland_model(client, model_id), exported)
    for unwanted in {*running} & {ingest_id(model_id)} - {*wanted}:
        stop(client, unwanted)
    outcomes: dict[str, Outcome] = {}
    for deployment_id, settings in wanted.items():
        show_progress(f"{deployment_id} is to run {settings}")
        outcomes[deployment_id] = start_and_verify(client, exported, model_id, deployment_id, settings)
    return {**outcomes, model_id: "imported"} if is_new else outcomes


def list_wanted(
    model_id: str, deployment: Deployment, running: Mapping[str, DeploymentSettings]
) -> dict[str, DeploymentSettings]:
    """The deployments that a model is to have, by their ids."""
    wanted, ingest = {model_id: deployment.search}, deployment.ingest
    if ingest == "keep":
        ingest = running.get(ingest_id(model_id), "stop")
    if isinstance(ingest, DeploymentSettings):
        wanted[ingest_id(model_id)] = ingest
    return wanted


def eland_model(client: Elasticsearch, model_id: str) -> PyTorchModel:
    """Eland's handle of the model."""
    from eland.ml.pytorch import PyTorchModel

    return PyTorchModel(client, model_id)


def find_model(client: Elasticsearch, model_id: str) -> dict[str, Any] | None:
    """The configuration of the model in the cluster, if there is one."""
    try:
        found = client.ml.get_trained_models(model_id=model_id, include="definition_status")
    except NotFoundError:
        return None
    configurations: list[dict[str, Any]] = found["trained_model_configs"]
    return configurations[0] if configurations else None


def is_same(present: dict[str, Any], exported: ExportedModel) -> bool:
    """Whether the cluster's model is this one, wholly uploaded."""
    fingerprint = (present.get("metadata") or {}).get("fingerprint")
    return bool(fingerprint == exported.metadata["fingerprint"] and present.get("fully_defined", True))


def require_clearing(
    present: dict[str, Any], exported: ExportedModel, model_id: str, deployment: Deployment
) -> None:
    """Refuse to replace another model unless asked to; half an upload of this one is no other model."""
    fingerprint = (present.get("metadata") or {}).get("fingerprint", "unknown")
    if fingerprint != exported.metadata["fingerprint"] and not deployment.clear_previous:
        raise ModelError(
            f"The cluster has another model {model_id} (fingerprint {fingerprint}, this one "
            f"{exported.metadata['fingerprint']}): add --clear-previous to replace it, and load the "
            "vectors that it made again."
        )


def remove(client: Elasticsearch, model_id: str) -> None:
    """Stop all deployments of the model and delete it, if it is there."""
    for deployment_id, _ in list(deployments(client, model_id)):
        stop(client, deployment_id)
    client.options(ignore_status=404).ml.delete_trained_model(model_id=model_id, force=True)


def import_model(model: PyTorchModel, exported: ExportedModel) -> None:
    """Upload configuration, definition and vocabulary through Eland."""
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocabulary.json"
        # Eland opens the file in the locale's encoding: ASCII reads the same in all of them
        vocabulary.write_text(json.dumps(carrier_vocabulary(), ensure_ascii=True), encoding="ascii")
        # the definition last: once it is whole, nothing is missing
        model.put_config(config=configuration(exported))
        model.put_vocab(str(vocabulary))
        model.put_model(str(exported.path), CHUNK_BYTES)


def configuration(exported: ExportedModel) -> NlpTrainedModelConfig:
    """The model's configuration in Elasticsearch: raw bytes in by way of `roberta`, a vector out."""
    from eland.ml.pytorch import (
        NlpRobertaTokenizationConfig,
        NlpTrainedModelConfig,
        TextEmbeddingInferenceOptions,
    )

    tokenization = NlpRobertaTokenizationConfig(
        add_prefix_space=False,
        with_special_tokens=False,
        max_sequence_length=MAX_SEQUENCE_LENGTH,
        truncate="first",
    )
    checkpoint, precision = exported.metadata["checkpoint"], exported.metadata["precision"]
    config = NlpTrainedModelConfig(
        description=f"SigLIP-2 text encoder {checkpoint} ({precision})",
        inference_config=TextEmbeddingInferenceOptions(
            tokenization=tokenization, embedding_size=exported.dims
        ),
        metadata=exported.metadata,
        prefix_strings=None,
    )
    if precision == "int8":
        # Eland's class has no argument for it, but passes on whatever stands on the object
        config.platform_architecture = INT8_PLATFORM
    return config


def start_and_verify(
    client: Elasticsearch,
    exported: ExportedModel,
    model_id: str,
    deployment_id: str,
    wanted: DeploymentSettings,
) -> Outcome:
    """Have one deployment run, answer as the file does, and be warm.

    Raises:
        ModelError: no ML node has room, or the answer is another.
    """
    try:
        outcome = bring_up(client, model_id, deployment_id, wanted)
    except ApiError as error:
        if lacks_room(error):
            raise ModelError(explain_refusal(client, exported, {deployment_id: wanted})) from error
        raise
    wait_for_answer(client, deployment_id, exported)
    if outcome != "unchanged":
        warm_up(client, deployment_id, wanted.initial)
    return outcome


def wait_for_answer(client: Elasticsearch, model_id: str, exported: ExportedModel) -> None:
    """Ask for the probe's vector until there is one, and compare it with the file's own.

    Raises:
        ModelError: the cluster gives another vector.
        elasticsearch.ApiError: it gives none, for a reason that does not pass or has not passed in a minute.
    """
    deadline = time.monotonic() + ANSWER_TIMEOUT_SECONDS
    while True:
        try:
            answer = client.ml.infer_trained_model(
                model_id=model_id,
                docs=[{"text_field": exported.probe["text"]}],
                timeout=f"{ANSWER_TIMEOUT_SECONDS}s",
            )
            break
        except ApiError as error:
            if error.meta.status not in PASSING_STATUSES or time.monotonic() > deadline:
                raise
            time.sleep(0.5)
    require_probe_vector(answer["inference_results"][0]["predicted_value"], exported, model_id)


def require_probe_vector(vector: list[float], exported: ExportedModel, model_id: str) -> None:
    """Refuse a cluster whose vector of the probe text is not the file's: both are unit vectors."""
    cosine = sum(ours * theirs for ours, theirs in zip(exported.probe["vector"], vector, strict=False))
    if len(vector) != exported.dims or cosine < LEAST_COSINE:
        raise ModelError(
            f"Model {model_id} answers in the cluster with another vector than its file gives (cosine "
            f"{cosine:.4f}): deploy again with --clear-previous."
        )
