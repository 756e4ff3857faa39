"""Vectors of texts, made in the cluster one plain text at a time, and recipes composed of them here.

A recipe is finished inside the deployed graph, so its parts cannot be told apart there. Plain texts can: a
text without a recipe's prefix is encoded as it stands, and the average of the prompts minus the anti-concept
(eland_models/recipes.py) is done here, with as many of its parts as an ablation leaves.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from elasticsearch import Elasticsearch

from loader.batches import batched
from loader.elastic.models import embed_texts
from loader.errors import PeaksError
from loader.vision.vectors import Vectors

if TYPE_CHECKING:
    from eland_models.recipes import Recipe

TEXTS_A_REQUEST = 16
PLACE = "{name}"
# Cosine of a recipe composed here with the graph's own, below which the deployed recipes are not these.
SAME_RECIPE = 0.9999


@dataclass(frozen=True)
class Prompts:
    """A recipe, or what an ablation leaves of it.

    Attributes:
        name: of the recipe, as a text begins with it.
        prompts: each with ``{name}`` once.
        anti_concept: the text that is subtracted; "" for none.
        weight: of the anti-concept's unit vector.
        most_names: names beyond these are not read.
    """

    name: str
    prompts: tuple[str, ...]
    anti_concept: str
    weight: float
    most_names: int

    @property
    def first_prompt(self) -> Prompts:
        """The same with its first prompt alone."""
        return replace(self, prompts=self.prompts[:1])

    @property
    def bare_name(self) -> Prompts:
        """The same with the name as it stands in place of the prompts."""
        return replace(self, prompts=(PLACE,))

    def weigh(self, weight: float) -> Prompts:
        """The same with another weight of the anti-concept."""
        return replace(self, weight=weight)


def read_prompts() -> dict[str, Prompts]:
    """Read the recipes that models are deployed with (eland_models/recipes.yaml), by name."""
    from eland_models.recipes import MOST_NAMES, read_recipes  # brings torch

    return {recipe.name: _prompts(recipe, MOST_NAMES) for recipe in read_recipes()}


def _prompts(recipe: Recipe, most_names: int) -> Prompts:
    return Prompts(recipe.name, recipe.prompts, recipe.anti_concept, recipe.weight, most_names)


class TextEncoder:
    """The deployed text model; every text is asked for once.

    Args:
        client: of the cluster.
        model_id: of the deployed model.
    """

    def __init__(self, client: Elasticsearch, model_id: str) -> None:
        self._client, self._model_id = client, model_id
        self._known: dict[str, Vectors] = {}

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return float32 ``(len(texts), dims)``, rows of length 1."""
        self._learn(texts)
        return np.stack([self._known[text] for text in texts])

    def compose(self, prompts: Prompts, names: Sequence[str]) -> Vectors:
        """Return what a recipe makes of names: float32 ``(dims,)`` of length 1."""
        kept = names[: prompts.most_names]
        parts = self.encode([prompt.replace(PLACE, name) for name in kept for prompt in prompts.prompts])
        vector = parts.astype(np.float64).mean(axis=0)
        if prompts.anti_concept and prompts.weight:
            vector = vector - prompts.weight * self.encode([prompts.anti_concept])[0]
        unit: Vectors = (vector / np.linalg.norm(vector)).astype(np.float32)
        return unit

    def compose_all(self, prompts: Prompts, names: Iterable[Sequence[str]]) -> Vectors:
        """Return one row for each sequence of names: float32 ``(n, dims)``."""
        listed = [tuple(group) for group in names]
        names_in_prompts = (
            prompt.replace(PLACE, name)
            for group in listed
            for name in group[: prompts.most_names]
            for prompt in prompts.prompts
        )
        self._learn(names_in_prompts)  # full requests, before they are asked for one by one
        return np.stack([self.compose(prompts, group) for group in listed])

    def check_recipe(self, prompts: Prompts, names: Sequence[str]) -> None:
        """See that the deployed graph finishes a recipe as it is composed here.

        Raises:
            PeaksError: it carries other recipes than eland_models/recipes.yaml.
        """
        inside = self.encode([f"{prompts.name}: {' | '.join(names)}"])[0]
        cosine = float(inside @ self.compose(prompts, names))
        if cosine < SAME_RECIPE:
            raise PeaksError(
                f"The deployed model {self._model_id} carries another recipe `{prompts.name}` than "
                f"eland_models/recipes.yaml (cosine {cosine:.4f}): deploy it again with `peaks model deploy "
                "--clear-previous`."
            )

    def _learn(self, texts: Iterable[str]) -> None:
        wanted = dict.fromkeys(text for text in texts if text not in self._known)
        for batch in batched(wanted, TEXTS_A_REQUEST):
            for text, vector in zip(batch, embed_texts(self._client, self._model_id, batch), strict=True):
                self._known[text] = np.asarray(vector, dtype=np.float32)
