"""How well the checkpoint finds things, names peaks and recognises skies, on held-out scenes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from demo.captions import Attributes, Vocabulary
from demo.embedding import Embedder, Vectors

TOP = 5

# Words for one thing to a vector of shape (1, dims).
Query = Callable[[Sequence[str]], Vectors]


def measure(
    embedder: Embedder, pictures: Vectors, shown: Sequence[Attributes], vocabulary: Vocabulary
) -> dict[str, Any]:
    """All figures: by recipe, as the search templates ask, and by plain words in each language."""

    def recipe(name: str) -> Query:
        settings = vocabulary.recipes[name]
        return lambda names: embedder.recipe(settings.prompts, names, settings.anti_concept, settings.weight)

    def plain(names: Sequence[str]) -> Vectors:
        return embedder.texts([names[0]])

    return {
        "scenes": len(shown),
        **figures(recipe("photo"), recipe("peak"), pictures, shown, vocabulary),
        "by_language": {
            language: figures(plain, plain, pictures, shown, vocabulary, language)
            for language in vocabulary.languages
        },
    }


def figures(
    query: Query, peak_query: Query, pictures: Vectors, shown: Sequence[Attributes], vocabulary: Vocabulary,
    language: str | None = None,
) -> dict[str, float]:
    """Mean precision@5 over the things, and the shares of pictures whose nearest peak and sky are their own.

    Without a language, peaks are asked for by all names, things and skies in English.
    """
    hits = []
    for thing in vocabulary.words["things"]:
        scores = pictures @ query(vocabulary.names("things", thing, language or "en")[:1])[0]
        hits += [thing in shown[row].things for row in np.argsort(-scores)[:TOP]]
    peaks = {peak: vocabulary.peak_names(peak, language) if language else names
             for peak, names in vocabulary.peaks.items()}
    skies = {sky: vocabulary.names("skies", sky, language or "en")[:1] for sky in vocabulary.words["skies"]}
    return {
        "concept_precision_at_5": round(float(np.mean(hits)), 4),
        "peak_top1": accuracy(peak_query, pictures, peaks, (scene.peak for scene in shown)),
        "sky_accuracy": accuracy(query, pictures, skies, (scene.sky for scene in shown)),
    }


def accuracy(
    query: Query, pictures: Vectors, names: dict[str, list[str]], truth: Iterable[str]
) -> float:
    """Share of pictures whose nearest key is the true one."""
    keys, prototypes = list(names), np.concatenate([query(words) for words in names.values()])
    answers = (pictures @ prototypes.T).argmax(axis=1)
    right = [keys[answer] == true for answer, true in zip(answers, truth, strict=True)]
    return round(float(np.mean(right)), 4)
