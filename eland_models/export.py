"""A checkpoint to one TorchScript file that Elasticsearch can run, with a JSON of its facts beside it.

The file is written under a temporary name, checked by the ML node's rules, run in a process of its own, and
only then given its own name: a file that is there is a file that works.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import torch

from eland_models.check import require_accepted
from eland_models.checkpoint import Checkpoint, read_json
from eland_models.encoder import load_encoder
from eland_models.errors import ModelError
from eland_models.memory import Memory, measure
from eland_models.quantize import quantize
from eland_models.recipes import MOST_NAMES, RECIPES_FILE, read_recipes
from eland_models.text_model import TextModel
from eland_models.tokenizer import GemmaTokenizer
from eland_models.utf8 import MAX_SEQUENCE_LENGTH
from eland_models.vocabulary import read_vocabulary

Precision = Literal["fp32", "int8"]

# rises when the graph changes what a text's vector is, so that older files and vectors are not taken for
# equal
GRAPH_VERSION = 2
# several scripts, a byte fallback, a run of spaces, a recipe's mark where none is meant
PROBE_TEXT = "Ama Dablam  सगरमाथा 珠穆朗玛峰 🏔\U000f0000 | a yak: Straße"
CONTROL_CHARACTERS = "\x01\x02\x03\x04\x05\x06\x07\x08"


@dataclass(frozen=True)
class ExportedModel:
    """A TorchScript file and its facts, which stand in the JSON beside it.

    Attributes:
        path: of the TorchScript file.
        model_id: in Elasticsearch, unless the caller names another.
        dims: length of a vector.
        metadata: what goes into the model's metadata in Elasticsearch.
        probe: a text and its vector, by which a deployed model is recognised.
    """

    path: Path
    model_id: str
    dims: int
    metadata: dict[str, Any]
    probe: dict[str, Any]


def export(
    checkpoint: Checkpoint, precision: Precision, output: Path, recipes_file: Path | None = None
) -> ExportedModel:
    """Write the model and its facts.

    Args:
        checkpoint: opened with its text tower.
        precision: `fp32` is exact; `int8` is smaller and faster, for x86-64 nodes.
        output: the TorchScript file; its facts go to the same name with ``.json``.
        recipes_file: YAML in the form of eland_models/recipes.yaml; None for that file.

    Raises:
        ModelError: the checkpoint, the recipes or the finished file is not as it must be.
    """
    recipes_file = recipes_file or RECIPES_FILE
    model = build(checkpoint, precision, recipes_file)
    with passing_name(output) as passing:
        save(model, passing)
        require_accepted(passing)
        memory = measure(passing, costliest_text(recipes_file))
        exported = ExportedModel(
            path=output,
            model_id=checkpoint.model_id,
            dims=checkpoint.dims,
            metadata=describe(checkpoint, precision, recipes_file, memory),
            probe={"text": PROBE_TEXT, "vector": encode(model, PROBE_TEXT)[0].tolist()},
        )
        write_facts(exported)
    return exported


def exported_in_cache(
    checkpoint: Checkpoint,
    precision: Precision,
    cache: Path | None,
    recipes_file: Path | None = None,
    show_progress: Callable[[str], None] = lambda line: None,
) -> ExportedModel:
    """Export a checkpoint into the cache folder, or take the file of the same fingerprint that lies there.

    Args:
        checkpoint: opened with its text tower.
        precision: as for `export`.
        cache: the folder; None for ``~/.cache/peaks``, by the XDG base directory rules.
        recipes_file: YAML in the form of eland_models/recipes.yaml; None for that file.
        show_progress: gets one line a step.
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
            show_progress(f"The facts beside {path} are damaged")
    show_progress(f"Exporting {checkpoint.name} as {precision}")
    return export(checkpoint, precision, path, recipes_file)


def build(checkpoint: Checkpoint, precision: Precision, recipes_file: Path = RECIPES_FILE) -> TextModel:
    """Put the text model together from a checkpoint."""
    if precision == "int8" and "fbgemm" not in torch.backends.quantized.supported_engines:
        raise ModelError(
            "This machine's PyTorch cannot pack int8 weights for x86-64: export on an x86-64 machine, "
            "or use --precision fp32."
        )
    recipes = read_recipes(recipes_file)
    tokenizer = GemmaTokenizer(read_vocabulary(checkpoint.folder))
    encoder = load_encoder(checkpoint, tokenizer.piece_ids)
    if precision == "int8":
        encoder = quantize(encoder)
    model = TextModel(tokenizer, encoder, recipes)
    model.eval()
    return model


def save(model: TextModel, path: Path) -> None:
    """Compile the model and write it."""
    try:
        torch.jit.save(torch.jit.script(model), path)
    except (OSError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ModelError(
            f"{path.parent} cannot take the model ({reason}): is the disk full or closed to you?"
        ) from error


def encode(model: Any, text: str) -> torch.Tensor:
    """What Elasticsearch would get for a text: [1, dims] float32."""
    octets = torch.tensor([list(text.encode())], dtype=torch.int64)
    with torch.inference_mode():
        vector: torch.Tensor = model(octets, torch.ones_like(octets))
    return vector


def costliest_text(recipes_file: Path) -> str:
    """The text that takes the most memory, as measured over names, lengths and scripts.

    Its names are as many and as long as may be. Control characters have one byte each, so there are most of
    them, and vocabularies lack them, so that each is spelled as a byte.
    """
    recipes = read_recipes(recipes_file)
    if not recipes:
        return CONTROL_CHARACTERS * (MAX_SEQUENCE_LENGTH // len(CONTROL_CHARACTERS))
    largest = max(recipes, key=lambda recipe: len(recipe.prompts))
    length = (MAX_SEQUENCE_LENGTH - len(largest.name)) // MOST_NAMES - len("|")
    name = (CONTROL_CHARACTERS * length)[:length]
    return f"{largest.name}:{'|'.join([name] * MOST_NAMES)}"


def describe(
    checkpoint: Checkpoint, precision: Precision, recipes_file: Path, memory: Memory
) -> dict[str, Any]:
    """The metadata that the model carries in Elasticsearch."""
    return {
        "fingerprint": model_fingerprint(checkpoint, precision, recipes_file),
        "checkpoint_fingerprint": checkpoint.fingerprint,
        "checkpoint": checkpoint.name,
        "precision": precision,
        "logit_scale": checkpoint.logit_scale,
        "logit_bias": checkpoint.logit_bias,
        "recipes": [recipe.name for recipe in read_recipes(recipes_file)],
        **asdict(memory),
        **describe_limits(checkpoint),
    }


def describe_limits(checkpoint: Checkpoint) -> dict[str, Any]:
    """The part of the metadata that does not change the model, so no fingerprint tells of it."""
    return {} if checkpoint.limits is None else {"limits": checkpoint.limits}


def model_fingerprint(checkpoint: Checkpoint, precision: Precision, recipes_file: Path = RECIPES_FILE) -> str:
    """16 hex digits of SHA-256 over weights, tokenizer, recipes, precision and the graph's version."""
    recipes = [asdict(recipe) for recipe in read_recipes(recipes_file)]
    content = json.dumps([checkpoint.fingerprint, precision, recipes, GRAPH_VERSION], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def facts_path(path: Path) -> Path:
    """Where the facts of a TorchScript file stand."""
    return path.with_suffix(".json")


def write_facts(exported: ExportedModel) -> None:
    """Write the JSON beside the model."""
    content = {name: value for name, value in asdict(exported).items() if name != "path"}
    facts_path(exported.path).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_exported(path: Path) -> ExportedModel:
    """Read back what `export` wrote.

    Raises:
        ModelError: there are no facts beside the file, or not these.
    """
    content = read_json(facts_path(path))
    try:
        return ExportedModel(path=path, **content)
    except TypeError as error:
        raise ModelError(
            f"{facts_path(path)} does not hold the facts of an exported model: export it again."
        ) from error


@contextmanager
def passing_name(output: Path) -> Iterator[Path]:
    """Give a name beside `output` to write to; it becomes `output` when the block succeeds, and goes when
    it fails."""
    if output.suffix == ".json":
        raise ModelError(f"{output} would be overwritten by the model's facts: name the model something.pt.")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(
            f"{output.parent} cannot be made ({error.strerror}): choose another folder."
        ) from error
    passing = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        yield passing
        passing.replace(output)
    finally:
        passing.unlink(missing_ok=True)
