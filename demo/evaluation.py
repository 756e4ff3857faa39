"""How well the checkpoint finds things, names peaks and tells skies apart, on scenes it never saw."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from demo.captions import Attributes, Vocabulary
from demo.embedding import Embedder, Vectors

TOP = 5


def measure(
    embedder: Embedder, pictures: Vectors, shown: Sequence[Attributes], vocabulary: Vocabulary
) -> dict[str, Any]:
    """All figures: by recipe, as the search templates ask, and by plain words in each language."""
    return {
        "scenes": len(shown),
        "concept_precision_at_5": concept_precision(
            recipe_query(embedder, vocabulary, "photo"), pictures, shown, vocabulary
        ),
        "peak_top1": peak_top1(recipe_query(embedder, vocabulary, "peak"), pictures, shown, vocabulary),
        "sky_accuracy": sky_accuracy(
            recipe_query(embedder, vocabulary, "photo"), pictures, shown, vocabulary
        ),
        "by_language": {
            language: measure_language(embedder, pictures, shown, vocabulary, language)
            for language in vocabulary.languages
        },
    }


def measure_language(
    embedder: Embedder, pictures: Vectors, shown: Sequence[Attributes], vocabulary: Vocabulary, language: str
) -> dict[str, float]:
    """The same three figures with one language's own words, as they stand, in place of the recipes."""
    query = plain_query(embedder)
    return {
        "concept_precision_at_5": concept_precision(query, pictures, shown, vocabulary, language),
        "peak_top1": peak_top1(query, pictures, shown, vocabulary, language),
        "sky_accuracy": sky_accuracy(query, pictures, shown, vocabulary, language),
    }


Query = Callable[[Sequence[str]], Vectors]


def plain_query(embedder: Embedder) -> Query:
    """Words to a vector of shape (1, dims): the first wording as it stands."""
    return lambda names: embedder.texts([names[0]])


def recipe_query(embedder: Embedder, vocabulary: Vocabulary, recipe: str) -> Query:
    """Words to a vector of shape (1, dims) by a recipe of the text model."""
    settings = vocabulary.recipes[recipe]
    return lambda names: embedder.recipe(settings.prompts, names, settings.anti_concept, settings.weight)


def concept_precision(
    query: Query, pictures: Vectors, shown: Sequence[Attributes], vocabulary: Vocabulary, language: str = "en"
) -> float:
    """Mean precision@5 over the things: the share of the five best pictures that show the thing asked for."""
    shares = []
    for thing in vocabulary.words["things"]:
        scores = pictures @ query(vocabulary.names("things", thing, language)[:1])[0]
        best = np.argsort(-scores)[:TOP]
        shares.append(np.mean([thing in shown[i].things for i in best]))
    return round(float(np.mean(shares)), 4)


def peak_top1(
    query: Query,
    pictures: Vectors,
    shown: Sequence[Attributes],
    vocabulary: Vocabulary,
    language: str | None = None,
) -> float:
    """Share of pictures whose nearest peak is the one they show; without a language, by all names."""
    peaks = list(vocabulary.peaks)
    names = [vocabulary.peak_names(peak, language) if language else vocabulary.peaks[peak] for peak in peaks]
    return accuracy(query, pictures, peaks, names, (scene.peak for scene in shown))


def sky_accuracy(
    query: Query, pictures: Vectors, shown: Sequence[Attributes], vocabulary: Vocabulary, language: str = "en"
) -> float:
    """Share of pictures whose nearest sky is their own."""
    skies = list(vocabulary.words["skies"])
    names = [vocabulary.names("skies", sky, language)[:1] for sky in skies]
    return accuracy(query, pictures, skies, names, (scene.sky for scene in shown))


def accuracy(
    query: Query, pictures: Vectors, keys: Sequence[str], names: Sequence[Sequence[str]], truth: Iterable[str]
) -> float:
    """Share of pictures whose nearest key is the true one."""
    prototypes = np.concatenate([query(words) for words in names])
    answers = (pictures @ prototypes.T).argmax(axis=1)
    return round(
        float(np.mean([keys[answer] == true for answer, true in zip(answers, truth, strict=True)])), 4
    )
