"""A SigLIP-2 checkpoint on disk: where it lies, what it is, and its fingerprint.

A checkpoint is a Hugging Face folder (config.json, model.safetensors, tokenizer.json,
tokenizer_config.json, preprocessor_config.json) or a hub id. SigLIP-2 (Tschannen et al. 2025,
arXiv:2502.14786) keeps SigLIP's architecture, hence `model_type: siglip`, and changes the tokenizer to
Gemma's; the tokenizer is therefore what tells the two generations apart.

Both sides of the project open checkpoints here (the text tower on its way into Elasticsearch, the vision
tower in the loader), so nothing heavy is imported: no torch, no transformers.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from eland_models.errors import ModelError
from eland_models.weights import SUGGESTION, read_scalar

Tower = Literal["text", "vision", "both"]

# transformers' SiglipTextConfig and SiglipVisionConfig leave these out of config.json when they are the
# default
DEFAULT_HIDDEN_SIZE = 768
DEFAULT_IMAGE_SIZE = 224

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
HUB_FILES = [
    "config.json",
    "*.safetensors",
    "*.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "preprocessor_config.json",
]
# not of the hub: which photos a checkpoint was made for, and what to tell people about others
LIMITS_FILE = "limits.json"
# the longest id that Elasticsearch takes for a trained model
LONGEST_MODEL_ID = 64


@dataclass(frozen=True)
class Checkpoint:
    """One SigLIP-2 checkpoint.

    Attributes:
        folder: holds config.json, the weights and the tokenizer.
        name: the hub id, or the folder's own name.
        model_id: id of the text model in Elasticsearch, by Eland's convention.
        dims: length of its vectors, text and image alike.
        image_size: side of the square image that the vision tower takes, pixels.
        logit_scale: natural logarithm of the factor t' of SigLIP's probability σ(exp(t')·cos + b).
        logit_bias: the b of the same formula.
        limits: the only ``camera`` whose photos it was made for, and the ``sentence`` for people who ask
            about others; None for a checkpoint without `LIMITS_FILE`.
    """

    folder: Path
    name: str
    model_id: str
    dims: int
    image_size: int
    logit_scale: float
    logit_bias: float
    limits: dict[str, Any] | None = None

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits of SHA-256 over config.json, the weights and tokenizer.json.

        They are read when this is first asked for, some seconds for a large checkpoint.

        Raises:
            ModelError: a file is missing or cannot be read.
        """
        folder = self.folder
        return fingerprint([folder / "config.json", *weight_files(folder), folder / "tokenizer.json"])


def open_checkpoint(folder_or_hub_id: str, *, tower: Tower) -> Checkpoint:
    """Find a checkpoint, fetch it from the hub when it is not a folder, and read its settings.

    Args:
        folder_or_hub_id: a folder, or an id such as ``google/siglip2-base-patch16-224``.
        tower: what the caller will use; only that tower's own files are required and checked.

    Raises:
        ModelError: it cannot be found or fetched, or is not a fixed-resolution SigLIP-2 checkpoint.
    """
    folder = find_folder(folder_or_hub_id)
    config = read_config(folder)
    require_files(folder, tower)
    if tower != "vision":
        require_gemma_tokenizer(folder)
    weights = weight_files(folder)
    return Checkpoint(
        folder=folder,
        name=checkpoint_name(folder_or_hub_id),
        model_id=model_id(folder_or_hub_id),
        dims=vector_length(folder, config),
        image_size=int(config.get("vision_config", {}).get("image_size", DEFAULT_IMAGE_SIZE)),
        logit_scale=read_scalar(weights, "logit_scale"),
        logit_bias=read_scalar(weights, "logit_bias"),
        limits=read_json(folder / LIMITS_FILE) if (folder / LIMITS_FILE).is_file() else None,
    )


def find_folder(folder_or_hub_id: str) -> Path:
    """Return the checkpoint's folder, downloading a hub id into Hugging Face's own cache.

    Raises:
        ModelError: neither a folder nor something that the hub gives us.
    """
    path = Path(folder_or_hub_id).expanduser()
    if path.is_dir():
        return path
    near = similar_folders(path)
    if near or path.exists() or not HUB_ID.fullmatch(folder_or_hub_id):
        raise ModelError(describe_missing(path, near))
    return download(folder_or_hub_id)


def similar_folders(path: Path) -> list[Path]:
    """The folder beside a missing path whose name is much like its own, if there is one."""
    try:
        beside = {each.name: each for each in path.parent.iterdir() if each.is_dir()}
    except OSError:
        return []
    return [beside[name] for name in get_close_matches(path.name, beside, n=1)]


def describe_missing(path: Path, near: list[Path]) -> str:
    """Say why a path is no checkpoint's folder, and which one may be meant."""
    if path.exists():
        return f"{path} is a file: give the folder of the checkpoint that it belongs to."
    fix = f"did you mean {near[0]}?" if near else f"{SUGGESTION}."
    return f"There is no folder {path}: {fix}"


def download(hub_id: str) -> Path:
    """Fetch the files of a checkpoint from the hub, or find them in its cache."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        return Path(snapshot_download(hub_id, allow_patterns=HUB_FILES))
    except RepositoryNotFoundError:
        raise ModelError(
            f"{hub_id} is neither a folder here nor a model on the Hugging Face hub: "
            f"{SUGGESTION}, or set HF_TOKEN for a private one."
        ) from None
    except Exception as error:  # the hub client raises requests', httpx's and its own kinds
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"{hub_id} is no folder here, and could not be fetched from the Hugging Face hub ({reason}): try "
            "again, or give the folder of a copy."
        ) from error


def checkpoint_name(folder_or_hub_id: str) -> str:
    """The hub id, or the folder's own name."""
    path = Path(folder_or_hub_id).expanduser()
    return path.resolve().name if path.is_dir() else folder_or_hub_id


def model_id(folder_or_hub_id: str) -> str:
    """The id in Elasticsearch: a hub id with ``/`` as ``__`` (Eland's convention) or a folder's name.

    Elasticsearch takes small letters, digits, ``-``, ``_`` and ``.``, and a letter or digit at both ends.
    """
    name = checkpoint_name(folder_or_hub_id).replace("/", "__")
    allowed = re.sub(r"[^a-z0-9._-]", "_", name.lower())[-LONGEST_MODEL_ID:].strip("._-")
    if not allowed:
        raise ModelError(
            f"The folder {folder_or_hub_id} has no letter or digit to name the model by: rename it."
        )
    return allowed


def read_config(folder: Path) -> dict[str, Any]:
    """Read config.json and refuse what is not a fixed-resolution SigLIP model."""
    config = read_json(folder / "config.json")
    model_type = config.get("model_type")
    if model_type == "siglip2":
        raise ModelError(
            f"{folder} is a NaFlex checkpoint (model_type siglip2), which takes images of any shape: "
            "use a fixed-resolution one such as google/siglip2-base-patch16-224."
        )
    if model_type != "siglip":
        raise ModelError(f"{folder} is not a SigLIP-2 checkpoint (model_type {model_type}): {SUGGESTION}.")
    return config


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file of the checkpoint."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path.parent} has no {path.name}, so it is no checkpoint: {SUGGESTION}.") from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read ({error}): fetch the checkpoint again.") from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} does not hold a JSON object: fetch the checkpoint again.")
    return value


def require_files(folder: Path, tower: Tower) -> None:
    """Refuse a folder without the files that the tower needs; the fingerprint needs tokenizer.json always."""
    needed = ["tokenizer.json"]
    if tower != "text":
        needed.append("preprocessor_config.json")
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        raise ModelError(f"{folder} has no {' and no '.join(missing)}: copy the whole checkpoint.")


def require_gemma_tokenizer(folder: Path) -> None:
    """Refuse a tokenizer that is not Gemma's byte-fallback BPE, SigLIP-1's Unigram above all."""
    model = read_json(folder / "tokenizer.json").get("model") or {}
    kind = model.get("type")
    if kind != "BPE":
        generation = " (SigLIP, the first generation, has that)" if kind == "Unigram" else ""
        raise ModelError(
            f"{folder} has a {kind} tokenizer{generation} where SigLIP-2 has Gemma's BPE: {SUGGESTION}."
        )
    if not model.get("byte_fallback"):
        raise ModelError(f"{folder} has a BPE tokenizer without byte fallback, so not Gemma's: {SUGGESTION}.")


def vector_length(folder: Path, config: dict[str, Any]) -> int:
    """Length of the vectors: the text head's output, which must be the vision tower's width."""
    text = config.get("text_config", {})
    width = text.get("hidden_size", DEFAULT_HIDDEN_SIZE)
    dims = text.get("projection_size") or width
    vision = config.get("vision_config", {}).get("hidden_size", DEFAULT_HIDDEN_SIZE)
    if dims != vision:
        raise ModelError(
            f"{folder} makes text vectors of {dims} and image vectors of {vision} numbers, "
            f"which cannot be compared: {SUGGESTION}."
        )
    return int(dims)


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of the checkpoint, in the order of their names.

    Raises:
        ModelError: there is none, or the index names one that is not there.
    """
    index = folder / "model.safetensors.index.json"
    names = (
        sorted(set(read_json(index).get("weight_map", {}).values()))
        if index.is_file()
        else ["model.safetensors"]
    )
    missing = [name for name in names if not (folder / name).is_file()]
    if missing or not names:
        raise ModelError(
            f"{folder} has no {', '.join(missing) or 'weights'}: copy the whole checkpoint, "
            "with its weights as safetensors."
        )
    return [folder / name for name in names]


def fingerprint(paths: list[Path]) -> str:
    """16 hex digits of SHA-256 over the names and contents of the files, each read once in pieces."""
    digest = hashlib.sha256()
    try:
        for path in paths:
            digest.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            for piece in pieces(path):
                digest.update(piece)
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read ({error.strerror}): fetch it again.") from error
    return digest.hexdigest()[:16]


def pieces(path: Path, size: int = 1 << 22) -> Iterator[bytes]:
    """The contents of a file, `size` bytes at a time."""
    with path.open("rb") as file:
        while piece := file.read(size):
            yield piece
