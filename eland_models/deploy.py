"""A model into Elasticsearch through Eland, started and answering."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from eland_models.checkpoint import Checkpoint
from eland_models.errors import ModelError
from eland_models.export import (
    ExportedModel,
    Precision,
    describe_limits,
    export,
    model_fingerprint,
    read_exported,
)
from eland_models.recipes import RECIPES_FILE
from eland_models.utf8 import carrier_vocabulary

if TYPE_CHECKING:
    from eland.ml.pytorch import NlpTrainedModelConfig, PyTorchModel
    from elasticsearch import Elasticsearch

# bytes of a text that reach the model: 63 tokens of the longest scripts, or a recipe with all its names
MAX_SEQUENCE_LENGTH = 2048
# int8 weights are packed for this processor family; Elasticsearch then starts the model nowhere else
INT8_PLATFORM = "linux-x86_64"
CHUNK_BYTES = 4 * 1024 * 1024
START_TIMEOUT_SECONDS = 300
ANSWER_TIMEOUT_SECONDS = 60
# not ready or overloaded; anything else will not pass by waiting
PASSING_STATUSES = (408, 409, 429, 500, 503)
# int8 kernels of another processor may round otherwise; another model or vocabulary is far below this
LEAST_COSINE = 0.995

Say = Callable[[str], None]
Outcome = Literal["imported", "restarted", "unchanged"]


@dataclass(frozen=True)
class Deployment:
    """How a model is to run.

    Attributes:
        number_of_allocations: copies that answer side by side, 1 or more.
        threads_per_allocation: threads of each for one text, a power of two up to 32.
        clear_previous: replace a model of the same id and another fingerprint.
    """

    number_of_allocations: int = 1
    threads_per_allocation: int = 1
    clear_previous: bool = False


def deploy(
    client: Elasticsearch,
    exported: ExportedModel,
    model_id: str,
    deployment: Deployment,
    say: Say = lambda line: None,
) -> Outcome:
    """Put an exported model into the cluster, start it, and wait until it gives the right answer.

    Does nothing for a model of the same fingerprint that already runs so.

    Args:
        client: of an Elasticsearch 8.19 or 9.x with machine learning.
        exported: what `export` wrote.
        model_id: in Elasticsearch.
        deployment: how it is to run.
        say: gets one line a step.

    Raises:
        ModelError: another model has the id, or the started model does not answer as the file does.
        elasticsearch.ApiError, elastic_transport.TransportError: the cluster refuses or cannot be reached.
    """
    present = find_model(client, model_id)
    if present and is_same(present, exported):
        return run_as_asked(client, model_id, exported, deployment, say)
    if present:
        require_clearing(present, exported, model_id, deployment)
    if present or deployment.clear_previous:
        say(f"Removing the previous {model_id}")
        remove(client, model_id)
    say(f"Importing {model_id} ({exported.path.stat().st_size / 1e6:,.0f} MB)")
    import_model(eland_model(client, model_id), exported)
    start(client, model_id, deployment, say)
    wait_for_answer(client, model_id, exported)
    return "imported"


def exported_in_cache(
    checkpoint: Checkpoint,
    precision: Precision,
    cache: Path | None,
    recipes_file: Path | None = None,
    say: Say = lambda line: None,
) -> ExportedModel:
    """Export a checkpoint into the cache folder, or take the file of the same fingerprint that lies there.

    Args:
        checkpoint: opened with its text tower.
        precision: as for `export`.
        cache: the folder; None for ``~/.cache/peaks``, by the XDG base directory rules.
        recipes_file: YAML in the form of eland_models/recipes.yaml; None for that file.
        say: gets one line a step.
    """
    cache = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "peaks"
    recipes_file = recipes_file or RECIPES_FILE
    fingerprint = model_fingerprint(checkpoint, precision, recipes_file)
    path = cache / f"{checkpoint.model_id}-{precision}-{fingerprint}.pt"
    if path.is_file():
        try:
            exported = read_exported(path)
            return replace(exported, metadata={**exported.metadata, **describe_limits(checkpoint)})
        except ModelError:
            say(f"The facts beside {path} are damaged")
    say(f"Exporting {checkpoint.name} as {precision}")
    return export(checkpoint, precision, path, recipes_file)


def eland_model(client: Elasticsearch, model_id: str) -> PyTorchModel:
    """Eland's handle of the model."""
    from eland.ml.pytorch import PyTorchModel

    return PyTorchModel(client, model_id)


def find_model(client: Elasticsearch, model_id: str) -> dict[str, Any] | None:
    """The configuration of the model in the cluster, if there is one."""
    from elasticsearch import NotFoundError

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
    """Stop and delete the model, if it is there."""
    quiet = client.options(ignore_status=404)
    quiet.ml.stop_trained_model_deployment(model_id=model_id, force=True)
    quiet.ml.delete_trained_model(model_id=model_id, force=True)


def import_model(model: PyTorchModel, exported: ExportedModel) -> None:
    """Upload configuration, definition and vocabulary through Eland."""
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "vocabulary.json"
        # Eland opens the file in the locale's encoding: ASCII reads the same in all of them
        vocabulary.write_text(json.dumps(carrier_vocabulary(), ensure_ascii=True), encoding="ascii")
        model.import_model(
            model_path=str(exported.path),
            config_path=None,
            vocab_path=str(vocabulary),
            config=configuration(exported),
            chunk_size=CHUNK_BYTES,
        )


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


def run_as_asked(
    client: Elasticsearch, model_id: str, exported: ExportedModel, deployment: Deployment, say: Say
) -> Outcome:
    """Start a model that is there already, again if it runs with other threads or allocations."""
    running = running_deployment(client, model_id)
    wanted = (deployment.number_of_allocations, deployment.threads_per_allocation)
    if running is not None and running == wanted:
        wait_for_answer(client, model_id, exported)
        return "unchanged"
    if running is not None:
        client.ml.stop_trained_model_deployment(model_id=model_id, force=True)
    start(client, model_id, deployment, say)
    wait_for_answer(client, model_id, exported)
    return "restarted"


def running_deployment(client: Elasticsearch, model_id: str) -> tuple[int, int] | None:
    """Allocations and threads of the model's deployment; None when it is not deployed."""
    stats = client.ml.get_trained_models_stats(model_id=model_id)["trained_model_stats"]
    found = next((entry["deployment_stats"] for entry in stats if entry.get("deployment_stats")), None)
    if found is None or found.get("state") in ("stopping", "failed"):
        return None
    return found.get("number_of_allocations", 1), found.get("threads_per_allocation", 1)


def start(client: Elasticsearch, model_id: str, deployment: Deployment, say: Say) -> None:
    """Start the deployment and wait until every allocation runs."""
    say(f"Starting {model_id}")
    client.options(request_timeout=START_TIMEOUT_SECONDS + 10).ml.start_trained_model_deployment(
        model_id=model_id,
        wait_for="started",
        timeout=f"{START_TIMEOUT_SECONDS}s",
        number_of_allocations=deployment.number_of_allocations,
        threads_per_allocation=deployment.threads_per_allocation,
    )


def wait_for_answer(client: Elasticsearch, model_id: str, exported: ExportedModel) -> None:
    """Ask for the probe's vector until there is one, and compare it with the file's own.

    Raises:
        ModelError: the cluster gives another vector.
        elasticsearch.ApiError: it gives none, for a reason that does not pass or has not passed in a minute.
    """
    from elasticsearch import ApiError

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
