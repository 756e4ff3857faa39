"""Which text model is deployed, and which model's vectors an index holds.

An index belongs to one model: its mapping has the model's id and fingerprints in ``_meta``. They come from
the deployed model when the assets are applied, so that vectors of two models are never mixed without an
error.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from elasticsearch import ApiError, Elasticsearch, NotFoundError

from eland_models.deployments import ingest_id, read_running
from loader.elastic.indices import PHOTOS, require_index
from loader.elastic.retries import with_retries
from loader.errors import PeaksError
from loader.text import list_words

if TYPE_CHECKING:
    from eland_models.checkpoint import Checkpoint

_MOST_MODELS = 1000
INFERENCE_TIMEOUT = "120s"


@dataclass(frozen=True)
class IndexModel:
    """The model whose vectors an index holds, from its mapping (``_meta`` and the vector field's dims).

    Attributes:
        model_id: its id in ``_ml/trained_models``.
        model_fingerprint: identifies weights, tokenizer, recipes and precision.
        checkpoint_fingerprint: identifies the checkpoint, the same for its vision tower.
        dims: length of its vectors.
    """

    model_id: str
    model_fingerprint: str
    checkpoint_fingerprint: str
    dims: int


@dataclass(frozen=True)
class DeployedModel(IndexModel):
    """A text model in the cluster, as `peaks model deploy` described it.

    Attributes:
        logit_scale: natural logarithm of SigLIP's scale; None when the metadata has none.
        logit_bias: SigLIP's bias; None when the metadata has none.
    """

    logit_scale: float | None = None
    logit_bias: float | None = None


def read_deployed_model(client: Elasticsearch, model_id: str) -> DeployedModel:
    """Read a deployed model's dims and fingerprints.

    Raises:
        PeaksError: no such model, or one that `peaks model deploy` did not put there.
    """
    try:
        answer = client.ml.get_trained_models(model_id=model_id)
    except NotFoundError as error:
        raise PeaksError(_describe_missing(client, model_id)) from error
    config = answer["trained_model_configs"][0]
    metadata = config.get("metadata") or {}
    dims = config.get("inference_config", {}).get("text_embedding", {}).get("embedding_size")
    if not (dims and metadata.get("fingerprint") and metadata.get("checkpoint_fingerprint")):
        raise PeaksError(
            f"Model [{model_id}] carries no fingerprint or embedding size: deploy it with `peaks model "
            "deploy --clear-previous`, which writes them."
        )
    return DeployedModel(
        model_id=model_id,
        model_fingerprint=metadata["fingerprint"],
        checkpoint_fingerprint=metadata["checkpoint_fingerprint"],
        dims=int(dims),
        logit_scale=metadata.get("logit_scale"),
        logit_bias=metadata.get("logit_bias"),
    )


def find_ingest_deployment(client: Elasticsearch, model_id: str) -> str:
    """The deployment of a model that pipelines and loading use: its second one where that runs."""
    second = ingest_id(model_id)
    return second if second in read_running(client, model_id) else model_id


def is_started(client: Elasticsearch, model_id: str) -> bool:
    """Whether a model's own deployment runs, which searches use."""
    return model_id in read_running(client, model_id)


def _describe_missing(client: Elasticsearch, model_id: str) -> str:
    """Say that a model is not in the cluster, and which ones that `peaks model deploy` put there are."""
    present = [
        config["model_id"]
        for config in client.ml.get_trained_models(size=_MOST_MODELS)["trained_model_configs"]
        if (config.get("metadata") or {}).get("checkpoint_fingerprint")
    ]
    deploy = "with `peaks model deploy`"
    if not present:
        return f"Model [{model_id}] is not in the cluster, and no other text model is: put it there {deploy}."
    others = f"{list_words([f'[{name}]' for name in present])} {'is' if len(present) == 1 else 'are'}"
    return (
        f"Model [{model_id}] is not in the cluster, but {others}: "
        f"give --es-model-id {present[0]}, or put the other one there {deploy}."
    )


def find_limits(client: Elasticsearch, cameras: Iterable[str | None] | None = None) -> str | None:
    """Return what people must know of the photos' model when it was made for other photos.

    Args:
        client: of the cluster.
        cameras: of the photos that are asked about; None for all of the index.

    Returns:
        One sentence; None where the model was made for these photos, or its limits are not known.
    """
    try:
        model = client.ml.get_trained_models(model_id=read_index_model(client, PHOTOS).model_id)
    except (PeaksError, ApiError):  # a ready vector needs neither the model nor a licence for it
        return None
    limits = (model["trained_model_configs"][0].get("metadata") or {}).get("limits")
    if not limits:
        return None
    camera = limits["camera"]
    if cameras is None:
        others = {"bool": {"must_not": {"term": {"camera": camera}}}}
        is_other = client.count(index=PHOTOS, query=others)["count"] > 0
    else:
        is_other = any(each != camera for each in cameras)
    return str(limits["sentence"]) if is_other else None


def embed_texts(client: Elasticsearch, model_id: str, texts: Sequence[str]) -> list[list[float]]:
    """Have a deployed model embed texts in one request, each to ``dims`` floats of length 1."""
    docs = [{"text_field": escape_masks(text)} for text in texts]
    infer = partial(client.ml.infer_trained_model, model_id=model_id, docs=docs, timeout=INFERENCE_TIMEOUT)
    return [result["predicted_value"] for result in with_retries(infer)["inference_results"]]


def escape_masks(text: str) -> str:
    """The text with every ``<mask>`` in capitals, which the model reads as small letters.

    Elasticsearch's tokenizer takes ``<mask>`` for a token, drops a space before it, and between two of them
    reads a wrong stretch of the text, or answers 500 where the text is too short for it.
    """
    return text.replace("<mask>", "<MASK>")


def read_index_model(client: Elasticsearch, alias: str) -> IndexModel:
    """Read which model the index behind an alias belongs to.

    Raises:
        PeaksError: no such index, several behind the alias, or one that `peaks apply` did not make.
    """
    index = require_index(client, alias)
    return index_model(index.name, index.mappings)


def index_model(name: str, mappings: Mapping[str, Any]) -> IndexModel:
    """Read the model from the mappings of an index.

    Raises:
        PeaksError: the mappings name no model, or have no vector field.
    """
    meta = mappings.get("_meta") or {}
    fields = mappings.get("properties", {}).values()
    dims = [field["dims"] for field in fields if field.get("type") == "dense_vector" and "dims" in field]
    names = [str(meta.get(key) or "") for key in ("model_id", "model_fingerprint", "checkpoint_fingerprint")]
    if not (dims and all(names)):
        raise PeaksError(
            f"Index [{name}] does not say which model its vectors come from: build the next one with "
            "`peaks apply --next` and load again."
        )
    return IndexModel(names[0], names[1], names[2], int(dims[0]))


def refuse_other_model(alias: str, index: IndexModel, model: DeployedModel) -> None:
    """Refuse to mix vectors of two models in one index.

    The photos' vectors come from the checkpoint's vision tower, all others from the deployed text model too.

    Raises:
        PeaksError: dims or fingerprints differ, with the fix.
    """
    same = index.dims == model.dims and index.checkpoint_fingerprint == model.checkpoint_fingerprint
    if same and (alias == PHOTOS or index.model_fingerprint == model.model_fingerprint):
        return
    raise PeaksError(
        f"[{alias}] holds vectors of model [{index.model_id}] ({index.dims} dims, fingerprint "
        f"{index.model_fingerprint}), not of [{model.model_id}] ({model.dims} dims, fingerprint "
        f"{model.model_fingerprint}): name the index's model with --es-model-id, or build the next index "
        f"with `peaks apply --next --index {alias} --es-model-id {model.model_id}` and load again (`peaks "
        "reindex` builds all three while people search)."
    )


def refuse_other_checkpoint(index: IndexModel, alias: str, checkpoint: Checkpoint) -> None:
    """Refuse to mix vectors of two checkpoints in one index.

    Raises:
        PeaksError: one sentence with the fix.
    """
    found = checkpoint.fingerprint
    if index.checkpoint_fingerprint == found and index.dims == checkpoint.dims:
        return
    raise PeaksError(
        f"[{alias}] holds vectors of {index.model_id} ({index.dims} dimensions, checkpoint "
        f"{index.checkpoint_fingerprint}), not of {checkpoint.folder} ({checkpoint.dims} dimensions, "
        f"checkpoint {found}): give that model's --checkpoint, or deploy this one and run "
        "`peaks apply --next`."
    )
