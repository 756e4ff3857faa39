"""Captions of a scene: what can be said of it in which language, and whether it is true.

A caption carries the conditions under which it is true (a peak, a sky, things in the foreground), so that in
training every caption that is true of an image counts as its positive, not only the one drawn with it.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import read_catalogue

if TYPE_CHECKING:
    from eland_models.recipes import Recipe

HERE = Path(__file__).parent

# Which script a language writes the names of peaks in; all others write them in Latin letters.
SCRIPTS = {"ne": ("DEVANAGARI",), "hi": ("DEVANAGARI",), "ja": ("KATAKANA",), "zh": ("CJK",)}
NON_LATIN = ("DEVANAGARI", "KATAKANA", "CJK")


@dataclass(frozen=True)
class Attributes:
    """What a scene shows: one peak (id), one sky (id) and any number of things (ids)."""

    peak: str
    sky: str
    things: frozenset[str]


@dataclass(frozen=True)
class Caption:
    """A text and the conditions under which it is true of a scene; an `absent` one is true of none."""

    text: str
    kind: str
    language: str
    peak: str | None = None
    sky: str | None = None
    things: frozenset[str] = frozenset()
    absent: bool = False

    def is_true_of(self, scene: Attributes) -> bool:
        """Whether every part of the caption holds for the scene."""
        return (
            not self.absent
            and self.peak in (None, scene.peak)
            and self.sky in (None, scene.sky)
            and self.things <= scene.things
        )


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The words of captions.yaml and the peaks' names of peaks.yaml."""

    peaks: dict[str, list[str]]
    words: dict[str, Any]

    @cached_property
    def recipes(self) -> dict[str, Recipe]:
        """The text model's recipes, so that the checkpoint learns the very prompts it will be asked with."""
        from eland_models.recipes import read_recipes  # brings torch, which drawing does not need

        return {recipe.name: recipe for recipe in read_recipes()}

    @cached_property
    def languages(self) -> list[str]:
        """Language codes in the order of captions.yaml."""
        return list(self.words["order"])

    def peak_names(self, peak: str, language: str) -> list[str]:
        """The peak's names in the language's script; its Latin names where it has none in that script."""
        scripts = SCRIPTS.get(language)
        latin = [name for name in self.peaks[peak] if not is_written_in(name, NON_LATIN)]
        if scripts is None:
            return latin
        return [name for name in self.peaks[peak] if is_written_in(name, scripts)] or latin

    def names(self, group: str, key: str, language: str) -> list[str]:
        """Names of a thing or a sky (`group` is "things" or "skies") in a language."""
        found: list[str] = self.words[group][key][language]["names"]
        return found

    def phrase(self, group: str, key: str, language: str) -> str:
        """A thing or a sky as it stands inside a longer caption."""
        found: str = self.words[group][key][language]["phrase"]
        return found

    def combine(self, language: str, peak: str, sky: str, things: Sequence[str]) -> str:
        """Put the parts of a longer caption in the language's order; empty parts leave no double blank."""
        text = self.words["order"][language].format(peak=peak, sky=sky, things=" ".join(things))
        return " ".join(text.split())


def is_written_in(text: str, scripts: Sequence[str]) -> bool:
    """Whether any letter of the text belongs to one of the scripts (first words of their Unicode names)."""
    return any(unicodedata.name(character, "").startswith(tuple(scripts)) for character in text)


@lru_cache(maxsize=1)
def load_vocabulary() -> Vocabulary:
    """Read captions.yaml and peaks.yaml."""
    words = yaml.safe_load((HERE / "captions.yaml").read_text(encoding="utf-8"))
    peaks = read_catalogue(HERE / "peaks.yaml", Peak)
    return Vocabulary({peak.id: list(peak.names) for peak in peaks}, words)


def single_captions(vocabulary: Vocabulary) -> Iterator[Caption]:
    """Every caption that names exactly one peak, thing or sky, without a frame around it."""
    for language in vocabulary.languages:
        for peak in vocabulary.peaks:
            for name in vocabulary.peak_names(peak, language):
                yield Caption(name, "peak", language, peak=peak)
        for thing in vocabulary.words["things"]:
            for name in vocabulary.names("things", thing, language):
                yield Caption(name, "thing", language, things=frozenset([thing]))
        for sky in vocabulary.words["skies"]:
            for name in vocabulary.names("skies", sky, language):
                yield Caption(name, "sky", language, sky=sky)


def recipe_captions(vocabulary: Vocabulary) -> Iterator[Caption]:
    """The recipes' prompts as the text model will ask them: peaks by every name, the rest by every word."""
    for peak, names in vocabulary.peaks.items():
        for name in names:
            for prompt in vocabulary.recipes["peak"].prompts:
                yield Caption(prompt.replace("{name}", name), "peak", "en", peak=peak)
    for caption in single_captions(vocabulary):
        for prompt in vocabulary.recipes["photo"].prompts:
            text = prompt.replace("{name}", caption.text)
            yield Caption(text, caption.kind, caption.language, caption.peak, caption.sky, caption.things)


def absent_captions(vocabulary: Vocabulary) -> Iterator[Caption]:
    """Captions that are true of no scene."""
    for text in vocabulary.words["absent"]:
        yield Caption(text, "absent", "en", absent=True)


def combined_caption(vocabulary: Vocabulary, scene: Attributes, rng: random.Random) -> Caption:
    """A caption that joins two or three facts of the scene, in a random language."""
    language = rng.choice(vocabulary.languages)
    facts = ["peak", "sky", *sorted(scene.things)]
    chosen = rng.sample(facts, min(len(facts), rng.choice((2, 2, 3))))
    things = [fact for fact in chosen if fact not in ("peak", "sky")]
    peak = rng.choice(vocabulary.peak_names(scene.peak, language)) if "peak" in chosen else ""
    sky = vocabulary.phrase("skies", scene.sky, language) if "sky" in chosen else ""
    phrases = [vocabulary.phrase("things", thing, language) for thing in things]
    return Caption(
        vocabulary.combine(language, peak, sky, phrases),
        "combination",
        language,
        peak=scene.peak if peak else None,
        sky=scene.sky if sky else None,
        things=frozenset(things),
    )


def framed(vocabulary: Vocabulary, caption: Caption, rng: random.Random) -> Caption:
    """The caption inside one of its language's frames ("a photo of …"), the conditions unchanged."""
    text = rng.choice(vocabulary.words["frames"][caption.language]).format(text=caption.text)
    return Caption(
        text, caption.kind, caption.language, caption.peak, caption.sky, caption.things, caption.absent
    )
