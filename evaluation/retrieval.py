"""Text to photo: queries in every language, their results, and how well a cut-off finds "no match"."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np
from elasticsearch import Elasticsearch

from evaluation.dataset import Catalogue, Dataset
from evaluation.labels import Labels
from evaluation.metrics import (
    RECALL_DEPTHS,
    average_precision,
    balanced_accuracy,
    best_cut_off,
    rank_relevance,
    recall_at,
    reciprocal_rank,
)
from loader.arrays import Bools, Floats, Vectors
from loader.batches import batched
from loader.elastic.models import embed_texts

TEXTS_A_REQUEST = 16
BY_NAME = "one name"
RECIPES = {"peak": "peak", "concept": "photo"}  # kind of entry to the recipe that asks for it

# Texts to float32 ``(len(texts), dims)``, rows of length 1.
Encode = Callable[[Sequence[str]], Vectors]


def open_encoder(client: Elasticsearch, model_id: str) -> Encode:
    """Return a function that embeds texts with the deployed model."""

    def encode(texts: Sequence[str]) -> Vectors:
        batches = batched(texts, TEXTS_A_REQUEST)
        rows = [vector for batch in batches for vector in embed_texts(client, model_id, batch)]
        return np.asarray(rows, dtype=np.float32)

    return encode


@dataclass(frozen=True)
class Query:
    """One name of a peak or concept, as somebody would type it.

    Attributes:
        kind: "peak" or "concept".
        entry: its id.
        language: BCP 47 primary tag, "und" where nobody said which.
        text: the name.
    """

    kind: str
    entry: str
    language: str
    text: str

    @property
    def prompt(self) -> str:
        """The text with its recipe, as the search templates send it."""
        return f"{RECIPES[self.kind]}: {self.text}"


@dataclass(frozen=True)
class QueryResult:
    """The result of a query.

    Attributes:
        query: that was asked.
        recall: 1 or 0 for each of `RECALL_DEPTHS`.
        reciprocal_rank: of the first relevant photo.
        average_precision: over all relevant photos.
        best: the highest cosine in the whole library.
        best_irrelevant: the highest cosine of the photos that do not show it; None where every photo does.
        chance: that any one photo is relevant, which is what a guess finds first.
    """

    query: Query
    recall: tuple[float, ...]
    reciprocal_rank: float
    average_precision: float
    best: float
    best_irrelevant: float | None
    chance: float


def list_queries(catalogue: Catalogue[Any], shown: Bools) -> list[Query]:
    """Return a query for each name in each language of the entries that some photo shows, ``(n, m)``."""
    return [
        Query(catalogue.kind.noun, entry.id, language, name)
        for entry in (catalogue.entries[row] for row in np.flatnonzero(shown.any(axis=0)))
        for language, names in entry.names_by_language.items()
        for name in names
    ]


def ask(
    queries: Sequence[Query], vectors: Vectors, photos: Vectors, catalogue: Catalogue[Any], shown: Bools
) -> list[QueryResult]:
    """Rank labelled photos, ``(n, dims)``, for queries by their vectors, ``(q, dims)``; shown: ``(n, m)``."""
    return [
        _judge(query, (photos @ vector).astype(np.float64), shown[:, catalogue.ids.index(query.entry)])
        for query, vector in zip(queries, vectors, strict=True)
    ]


def _judge(query: Query, scores: Floats, relevant: Bools) -> QueryResult:
    ranked = rank_relevance(scores, relevant)
    return QueryResult(
        query=query,
        recall=tuple(recall_at(ranked, depth) for depth in RECALL_DEPTHS),
        reciprocal_rank=reciprocal_rank(ranked),
        average_precision=average_precision(ranked),
        best=float(scores.max()),
        best_irrelevant=None if relevant.all() else float(scores[~relevant].max()),
        chance=float(relevant.mean()),
    )


def ask_by_name(
    dataset: Dataset, labels: Labels, catalogue: Catalogue[Any], encode: Encode
) -> list[QueryResult]:
    """Ask for every labelled peak or concept by each of its names, one at a time."""
    rows, shown = labels.table(dataset.photos.paths, catalogue)
    queries = list_queries(catalogue, shown)
    if not queries:
        return []
    vectors = encode([query.prompt for query in queries])
    return ask(queries, vectors, dataset.photos.vectors[rows], catalogue, shown)


def ask_by_prototype(dataset: Dataset, labels: Labels, catalogue: Catalogue[Any]) -> list[QueryResult]:
    """Ask for every labelled peak or concept by its vector of the catalogue."""
    rows, shown = labels.table(dataset.photos.paths, catalogue)
    columns = np.flatnonzero(shown.any(axis=0))
    entries = [catalogue.entries[column] for column in columns]
    queries = [Query(catalogue.kind.noun, entry.id, "und", entry.name) for entry in entries]
    return ask(queries, catalogue.vectors[columns], dataset.photos.vectors[rows], catalogue, shown)


@dataclass(frozen=True)
class SearchRow:
    """The means over the searches of one class.

    Attributes:
        what: was asked for, and how.
        language: of the queries; "" for all.
        queries: how many.
        entries: different things that were asked for.
        recall: the means of `QueryResult.recall`.
        reciprocal_rank: MRR.
        average_precision: mAP.
        chance: the recall@1 of guesses.
    """

    what: str
    language: str
    queries: int
    entries: int
    recall: tuple[float, ...]
    reciprocal_rank: float
    average_precision: float
    chance: float


def summarize(what: str, results: Sequence[QueryResult], language: str = "") -> SearchRow:
    """Average results; at least one."""
    return SearchRow(
        what,
        language,
        queries=len(results),
        entries=len({result.query.entry for result in results}),
        recall=tuple(fmean(column) for column in zip(*(result.recall for result in results), strict=True)),
        reciprocal_rank=fmean(result.reciprocal_rank for result in results),
        average_precision=fmean(result.average_precision for result in results),
        chance=fmean(result.chance for result in results),
    )


def summarize_languages(results: Sequence[QueryResult]) -> tuple[SearchRow, ...]:
    """Average the results of each kind of entry and language."""
    groups: dict[tuple[str, str], list[QueryResult]] = {}
    for result in results:
        groups.setdefault((result.query.kind, result.query.language), []).append(result)
    return tuple(summarize(f"{kind}s", group, language) for (kind, language), group in groups.items())


@dataclass(frozen=True)
class CutOff:
    """A cosine below which nothing matches.

    Attributes:
        cosine: the cut-off.
        matches_kept: share of queries whose best photo reaches it.
        others_refused: share of queries that find nothing once the photos that match are held out.
        balanced_accuracy: the mean of the two shares.
    """

    cosine: float
    matches_kept: float
    others_refused: float
    balanced_accuracy: float


def judge_cut_off(results: Sequence[QueryResult], cosine: float) -> CutOff:
    """Measure how well a cut-off separates queries with a match from queries without one."""
    matches, others = _best_cosines(results)
    kept, refused = float((matches >= cosine).mean()), float((others < cosine).mean())
    return CutOff(cosine, kept, refused, (kept + refused) / 2)


def choose_cut_off(results: Sequence[QueryResult]) -> float | None:
    """Return the cosine of the highest balanced accuracy; None without two queries to separate."""
    matches, others = _best_cosines(results)
    return best_cut_off(matches, others) if len(matches) else None


def cross_validate_cut_off(results: Sequence[QueryResult]) -> float:
    """Return the balanced accuracy on things that were held out of the cut-off's choice; NaN of nothing."""
    scores = []
    for entry in sorted({result.query.entry for result in results}):
        chosen = choose_cut_off([result for result in results if result.query.entry != entry])
        matches, others = _best_cosines([result for result in results if result.query.entry == entry])
        if chosen is not None and len(matches):
            scores.append(balanced_accuracy(matches, others, chosen))
    return fmean(scores) if scores else float("nan")


def _best_cosines(results: Sequence[QueryResult]) -> tuple[Floats, Floats]:
    pairs = [(each.best, each.best_irrelevant) for each in results if each.best_irrelevant is not None]
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@dataclass(frozen=True)
class SearchFigures:
    """Text to photo.

    Attributes:
        classes: peaks and concepts, by one name and by all that is known of them.
        languages: one name at a time, by language.
        cut_offs: "no match" by several cut-offs, by their origin; empty where nothing can be separated.
        cross_validated: balanced accuracy of a cut-off chosen here, on held-out things.
    """

    classes: tuple[SearchRow, ...]
    languages: tuple[SearchRow, ...]
    cut_offs: dict[str, CutOff]
    cross_validated: float


def measure_searches(
    dataset: Dataset, labels: Labels, encode: Encode, cut_off: float | None
) -> SearchFigures:
    """Ask for everything that is shown, by one name at a time and by its vector of the catalogue."""
    classes: list[SearchRow] = []
    results: list[QueryResult] = []
    catalogues: tuple[Catalogue[Any], ...] = (dataset.peaks, dataset.concepts)
    for catalogue in catalogues:
        found = ask_by_name(dataset, labels, catalogue, encode)
        if found:
            whole, things = ask_by_prototype(dataset, labels, catalogue), f"{catalogue.kind.noun}s"
            classes.append(summarize(f"{things}, {BY_NAME}", found))
            classes.append(summarize(f"{things}, vector of the catalogue", whole))
            results += found
    chosen = choose_cut_off(results)
    cosines = {
        "SigLIP's probability of 50 %": dataset.siglip.cosine(0.5),
        "in force (peaks calibrate)": cut_off,
        "best on this library": chosen,
    }
    judged = {
        origin: judge_cut_off(results, cosine)
        for origin, cosine in cosines.items()
        if chosen is not None and cosine is not None
    }
    languages = summarize_languages(results)
    return SearchFigures(tuple(classes), languages, judged, cross_validate_cut_off(results))
