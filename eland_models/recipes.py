"""Recipes: prompt ensembles with an anti-concept, read from recipes.yaml and carried inside the graph.

Averaging the vectors of several prompts is CLIP's prompt ensembling (Radford et al. 2021, arXiv:2103.00020,
§3.1.4); subtracting what a photo is not (a painting, a map) pushes such pictures down.
"""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor, nn

from eland_models.errors import ModelError

RECIPES_FILE = Path(__file__).with_name("recipes.yaml")
PLACE = "{name}"
RECIPE_NAME = re.compile(r"[a-z][a-z0-9_-]*")
SEPARATOR = ord("|")
# blanks that are taken off both ends of a name
BLANKS = "\t\n\v\f\r \u00a0\u3000"
# names beyond these are not read, so that no text costs more than this many encodings a prompt
MOST_NAMES = 16


@dataclass(frozen=True)
class Recipe:
    """One prompt ensemble.

    Attributes:
        name: what a text begins with, before a colon.
        prompts: each with ``{name}`` once.
        anti_concept: the text whose vector is subtracted; empty for none.
        weight: times that unit vector, 0 or more.
    """

    name: str
    prompts: tuple[str, ...]
    anti_concept: str
    weight: float


def read_recipes(path: Path = RECIPES_FILE) -> list[Recipe]:
    """Read recipes from YAML.

    Raises:
        ModelError: the file or a recipe in it is not as it must be.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ModelError(f"The recipes {path} cannot be read: {' '.join(str(error).split())}.") from error
    if not isinstance(content, dict):
        raise ModelError(f"The recipes {path} must map names to prompts, as eland_models/recipes.yaml does.")
    return [recipe(path, str(name), entry) for name, entry in content.items()]


def recipe(path: Path, name: str, entry: Any) -> Recipe:
    """Check one entry of the file."""
    try:
        prompts = tuple(entry["prompts"])
        anti = entry.get("anti_concept") or {"text": "", "weight": 0}
        made = Recipe(name, prompts, anti["text"], float(anti["weight"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"Recipe {name} in {path} needs prompts, and an anti_concept with text and weight "
            f"if any ({error!r})."
        ) from error
    if not RECIPE_NAME.fullmatch(name):
        raise ModelError(f"Recipe {name} in {path} must have a name of small letters, digits, - and _.")
    if not prompts or any(not isinstance(prompt, str) or prompt.count(PLACE) != 1 for prompt in prompts):
        raise ModelError(f"Each prompt of recipe {name} in {path} must hold {PLACE} exactly once.")
    if made.weight < 0:
        raise ModelError(f"The anti-concept's weight in recipe {name} in {path} must not be negative.")
    return made


class RecipeReader(nn.Module):
    """One recipe inside the graph: recognises its prefix and writes out every name in every prompt."""

    def __init__(self, recipe: Recipe, anti_vector: Tensor) -> None:
        """Take a recipe and its anti-concept times its weight, [dims] float32."""
        super().__init__()
        self.separator, self.most_names = SEPARATOR, MOST_NAMES
        self.register_buffer("prefix", code_points(recipe.name + ":"))
        self.register_buffer("blanks", code_points(BLANKS))
        self.register_buffer("anti_vector", anti_vector)
        self.prompts = nn.ModuleList(Prompt(prompt) for prompt in recipe.prompts)

    def matches(self, text: Tensor) -> bool:
        """Whether [n] code points begin with the recipe's name and a colon."""
        size = self.prefix.size(0)
        same = 0
        if text.size(0) >= size:
            same = int((text[:size] == self.prefix).sum())
        found: bool = same == size
        return found

    def forward(self, text: Tensor) -> tuple[Tensor, Tensor, int]:
        """Write the names of a text into the prompts.

        Args:
            text: [n] code points, beginning with the prefix; names are separated by ``|``.

        Returns:
            prompts: [m] code points of all prompts, one behind the other.
            owner: [m] int64 the prompt that each belongs to, from 0.
            count: how many prompts there are; 0 where no name is left.
        """
        text = text[self.prefix.size(0) :]
        bars = torch.arange(text.size(0))[text == self.separator]
        ends = torch.cat([bars, torch.full([1], text.size(0), dtype=torch.int64)])
        prompts, owner = text[:0], text[:0]
        count, names, begin = 0, 0, 0
        for number in range(ends.size(0)):
            name = self.strip(text[begin : int(ends[number])])
            begin = int(ends[number]) + 1
            if name.size(0) > 0 and names < self.most_names:
                names = names + 1
                for prompt in self.prompts:
                    filled = prompt(name)
                    prompts = torch.cat([prompts, filled])
                    owner = torch.cat([owner, torch.full_like(filled, count)])
                    count = count + 1
        return prompts, owner, count

    def strip(self, name: Tensor) -> Tensor:
        """Take blanks off both ends of [n] code points."""
        blank = (name.unsqueeze(1) == self.blanks.unsqueeze(0)).sum(1)
        inked = torch.arange(name.size(0))[blank == 0]
        begin, end = 0, 0
        if inked.size(0) > 0:
            begin, end = int(inked.min()), int(inked.max()) + 1
        return name[begin:end]


class Prompt(nn.Module):
    """One prompt as code points before and behind the name."""

    def __init__(self, prompt: str) -> None:
        super().__init__()
        before, behind = prompt.split(PLACE)
        self.register_buffer("before", code_points(before))
        self.register_buffer("behind", code_points(behind))

    def forward(self, name: Tensor) -> Tensor:
        """[n] code points of a name to [m] of the prompt."""
        return torch.cat([self.before, name, self.behind])


def code_points(text: str) -> Tensor:
    """[n] int64."""
    return torch.tensor([ord(character) for character in text], dtype=torch.int64)
