"""Text to photo: queries in every language, what they find, and how well a cut-off tells "no match"."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from evaluation.dataset import Dataset, Entries
from evaluation.labels import Labels
from evaluation.metrics import (
    RECALL_DEPTHS,
    Bools,
    Floats,
    average_precision,
    balanced_accuracy,
    best_cut_off,
    rank_relevance,
    recall_at,
    reciprocal_rank,
)
from evaluation.text_vectors import Prompts, TextEncoder
from loader.vision.vectors import Vectors


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


@dataclass(frozen=True)
class Finding:
    """What a query found.

    Attributes:
        query: that was asked.
        relevant: how many photos show what it asks for.
        recall: 1 or 0 for each of `RECALL_DEPTHS`.
        reciprocal_rank: of the first relevant photo.
        average_precision: over all relevant photos.
        match: the best cosine over the whole library.
        stranger: the best cosine over the photos that do not show it; None where every photo does.
    """

    query: Query
    relevant: int
    recall: tuple[float, ...]
    reciprocal_rank: float
    average_precision: float
    match: float
    stranger: float | None


def list_queries(entries: Entries, shown: Bools) -> list[Query]:
    """Return a query for each name in each language of the entries that some photo shows.

    Args:
        entries: ``m`` peaks or concepts.
        shown: ``(n, m)``.
    """
    return [
        Query(entries.kind, identifier, language, name)
        for column, identifier in enumerate(entries.ids)
        if shown[:, column].any()
        for language, names in entries.languages[column].items()
        for name in names
    ]


def ask(
    queries: Sequence[Query], vectors: Vectors, photos: Vectors, entries: Entries, shown: Bools
) -> list[Finding]:
    """Rank the photos for each query.

    Args:
        queries: ``q``.
        vectors: float32 ``(q, dims)``, the queries'.
        photos: float32 ``(n, dims)``, all labelled.
        entries: that the queries ask for.
        shown: ``(n, m)``.
    """
    columns = {identifier: column for column, identifier in enumerate(entries.ids)}
    return [
        _find(query, (photos @ vector).astype(np.float64), shown[:, columns[query.entry]])
        for query, vector in zip(queries, vectors, strict=True)
    ]


def _find(query: Query, scores: Floats, relevant: Bools) -> Finding:
    ranked = rank_relevance(scores, relevant)
    return Finding(
        query=query,
        relevant=int(relevant.sum()),
        recall=tuple(recall_at(ranked, depth) for depth in RECALL_DEPTHS),
        reciprocal_rank=reciprocal_rank(ranked),
        average_precision=average_precision(ranked),
        match=float(scores.max()),
        stranger=None if relevant.all() else float(scores[~relevant].max()),
    )


def embed_queries(encoder: TextEncoder, prompts: Prompts, queries: Iterable[Query]) -> Vectors:
    """Return the queries' vectors by a recipe, each of its one name: float32 ``(q, dims)``."""
    return encoder.compose_all(prompts, ([query.text] for query in queries))


def find_all(
    dataset: Dataset, labels: Labels, encoder: TextEncoder, prompts: Mapping[str, Prompts]
) -> list[Finding]:
    """Ask for every labelled peak (recipe `peak`) and concept (recipe `photo`) by each of its names."""
    findings: list[Finding] = []
    for entries, recipe in ((dataset.peaks, prompts["peak"]), (dataset.concepts, prompts["photo"])):
        known, shown = labels.table(dataset.photos.paths, entries)
        queries = list_queries(entries, shown[known])
        if queries:
            vectors = embed_queries(encoder, recipe, queries)
            findings += ask(queries, vectors, dataset.photos.vectors[known], entries, shown[known])
    return findings


@dataclass(frozen=True)
class Summary:
    """The means over some queries."""

    queries: int
    entries: int
    recall: tuple[float, ...]
    reciprocal_rank: float
    average_precision: float


def summarize(findings: Sequence[Finding]) -> Summary:
    """Average findings; at least one."""
    return Summary(
        queries=len(findings),
        entries=len({finding.query.entry for finding in findings}),
        recall=tuple(
            fmean(finding.recall[place] for finding in findings) for place in range(len(RECALL_DEPTHS))
        ),
        reciprocal_rank=fmean(finding.reciprocal_rank for finding in findings),
        average_precision=fmean(finding.average_precision for finding in findings),
    )


def precision_by_entry(findings: Sequence[Finding]) -> dict[str, float]:
    """Return each entry's mean average precision: queries for one thing are no independent trials."""
    by_entry: dict[str, list[float]] = {}
    for finding in findings:
        by_entry.setdefault(finding.query.entry, []).append(finding.average_precision)
    return {entry: fmean(values) for entry, values in by_entry.items()}


@dataclass(frozen=True)
class CutOff:
    """A cosine below which nothing matches.

    Attributes:
        cosine: the cut-off.
        matches_kept: share of queries whose best photo reaches it.
        strangers_refused: share of queries that find nothing once the photos that match are taken away.
    """

    cosine: float
    matches_kept: float
    strangers_refused: float

    @property
    def balanced_accuracy(self) -> float:
        """The mean of the two shares."""
        return (self.matches_kept + self.strangers_refused) / 2


def judge_cut_off(findings: Sequence[Finding], cosine: float) -> CutOff:
    """Tell how well a cut-off tells "there is a match" from "there is none"."""
    matches, strangers = _best_cosines(findings)
    return CutOff(cosine, float((matches >= cosine).mean()), float((strangers < cosine).mean()))


def choose_cut_off(findings: Sequence[Finding]) -> float | None:
    """Return the cosine of the highest balanced accuracy; None without two queries to tell apart."""
    matches, strangers = _best_cosines(findings)
    return best_cut_off(matches, strangers) if len(matches) else None


def cross_validate_cut_off(findings: Sequence[Finding]) -> float:
    """Return the balanced accuracy on things whose own queries had no say in the cut-off."""
    scores = []
    for entry in sorted({finding.query.entry for finding in findings}):
        ours = [finding for finding in findings if finding.query.entry == entry]
        others = [finding for finding in findings if finding.query.entry != entry]
        chosen = choose_cut_off(others)
        matches, strangers = _best_cosines(ours)
        if chosen is not None and len(matches):
            scores.append(balanced_accuracy(matches, strangers, chosen))
    return fmean(scores) if scores else float("nan")


def _best_cosines(findings: Sequence[Finding]) -> tuple[Floats, Floats]:
    pairs = [(finding.match, finding.stranger) for finding in findings if finding.stranger is not None]
    table = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
