"""The exported file against transformers, and the recipes against their formula."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from eland_models.check import load
from eland_models.checkpoint import Checkpoint
from eland_models.export import ExportedModel, encode
from eland_models.parity import Reference, parity_texts
from eland_models.recipes import MOST_NAMES, Recipe, read_recipes

TEXTS = [
    "",
    "a yak on a suspension bridge",
    "प्रार्थना झण्डा",
    "エベレスト",
    " spaces ",
    "x" * 300,
    "peaks: none",
    "Peak: Lhotse",
]


@pytest.fixture(scope="module")
def reference(demo_checkpoint: Checkpoint) -> Reference:
    return Reference(demo_checkpoint)


@pytest.fixture(scope="module")
def languages() -> list[str]:
    return [texts[0] for _, texts in parity_texts(1)]


def vectors(exported: ExportedModel, texts: list[str]) -> Tensor:
    model = load(exported.path)
    return torch.cat([encode(model, text) for text in texts])


def cosines(exported: ExportedModel, reference: Reference, texts: list[str]) -> Tensor:
    with torch.inference_mode():
        expected = torch.stack([reference.vector(text) for text in texts])
    return torch.nn.functional.cosine_similarity(vectors(exported, texts).double(), expected.double())


def test_fp32_is_transformers(exported: ExportedModel, reference: Reference, languages: list[str]) -> None:
    assert cosines(exported, reference, [*TEXTS, *languages]).min() >= 0.99999


def test_int8_is_close(exported_int8: ExportedModel, reference: Reference, languages: list[str]) -> None:
    assert cosines(exported_int8, reference, [*TEXTS, *languages]).min() >= 0.999


def test_result_is_a_finished_row(exported: ExportedModel, demo_checkpoint: Checkpoint) -> None:
    vector = encode(load(exported.path), "Lhotse")
    assert (vector.shape, vector.dtype) == ((1, demo_checkpoint.dims), torch.float32)
    assert vector.norm().item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("recipe", read_recipes(), ids=lambda recipe: recipe.name)
def test_recipe_is_its_formula(recipe: Recipe, exported: ExportedModel, reference: Reference) -> None:
    names = ["Mount Everest", "सगरमाथा"]
    with torch.inference_mode():
        each = torch.stack(
            [reference.vector(prompt.replace("{name}", name)) for name in names for prompt in recipe.prompts]
        )
        mixed = each.mean(0) - recipe.weight * reference.vector(recipe.anti_concept)
    expected = mixed / mixed.norm()
    got = vectors(exported, [f"{recipe.name}: Mount Everest|  सगरमाथा \u3000| |"])[0]
    assert torch.allclose(got, expected, atol=1e-5)


@pytest.mark.parametrize("text", ["peak:", "peak: ", "peak: | \t |", "photo:\u00a0"])
def test_recipe_without_a_name_gives_zeros(exported: ExportedModel, text: str) -> None:
    assert vectors(exported, [text]).abs().sum() == 0


def test_names_beyond_the_limit_are_not_read(exported: ExportedModel) -> None:
    names = [f"name {number}" for number in range(MOST_NAMES + 5)]
    both = vectors(exported, ["peak: " + "|".join(names), "peak: " + "|".join(names[:MOST_NAMES])])
    assert torch.equal(both[0], both[1])


def test_an_empty_input_is_the_empty_text(exported: ExportedModel, reference: Reference) -> None:
    empty = torch.zeros([1, 0], dtype=torch.int64)
    with torch.inference_mode():
        assert torch.allclose(load(exported.path)(empty, empty)[0], reference.vector(""), atol=1e-6)
