"""The figures of the report, section by section."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from elasticsearch import Elasticsearch

from evaluation.ablations import Ablation
from evaluation.ann import AnnFigures, measure_ann
from evaluation.bench import Bench
from evaluation.dataset import Entries
from evaluation.identification_figures import (
    Case,
    Confusion,
    Judgement,
    judge,
    try_both,
    try_clues,
    try_picture,
    try_rule,
    worst_pairs,
)
from evaluation.library_figures import LibraryFigures, count_library
from evaluation.retrieval import (
    CutOff,
    Finding,
    Summary,
    choose_cut_off,
    cross_validate_cut_off,
    judge_cut_off,
    summarize,
)
from evaluation.tricks import AlphaRow, Tricks
from evaluation.views import gather_cosines
from loader.batches import Advance
from loader.peaks.identification.rule import siglip_logits
from loader.vision.vectors import Vectors

ANN_QUERIES = 100
SECTIONS = 7  # of the report

Figures = TypeVar("Figures")


@dataclass(frozen=True)
class SearchRow:
    """How searches of one class do: what was asked for, how, in which language ("" for all)."""

    what: str
    language: str
    summary: Summary


@dataclass(frozen=True)
class CutOffRow:
    """A cut-off by its origin, and how well it tells a match from none."""

    origin: str
    cut_off: CutOff


@dataclass(frozen=True)
class SearchFigures:
    """Text to photo.

    Attributes:
        classes: peaks and concepts, by one name and by all that is known of them.
        languages: one name at a time, by language.
        cut_offs: "no match" by several cut-offs; empty where nothing can be told apart.
        cross_validated: balanced accuracy of a cut-off chosen here, on things that had no say in it.
    """

    classes: tuple[SearchRow, ...]
    languages: tuple[SearchRow, ...]
    cut_offs: tuple[CutOffRow, ...]
    cross_validated: float


@dataclass(frozen=True)
class IdentificationFigures:
    """Photo to peak.

    Attributes:
        ways: every way of naming, the picture alone first.
        confusions: by way, the pairs of peaks that are taken for each other.
        rule: where the rule in force comes from.
    """

    ways: tuple[Judgement, ...]
    confusions: dict[str, tuple[Confusion, ...]]
    rule: str


@dataclass(frozen=True)
class ConceptRow:
    """A concept as the rule in force names it: photos that show it, that are given it, and both."""

    concept: str
    shown: int
    named: int
    right: int


@dataclass(frozen=True)
class Evaluation:
    """Everything that was measured.

    Attributes:
        labels: their source.
        are_weak: whether the labels are sight lines.
        strangers: ids in the labels that the cluster does not know.
        left_out: photos that are not judged because they are reference photos.
        references: peaks with reference photos of the run.
        library: what the photos hold.
        searches: text to photo.
        identification: photo to peak.
        concepts: photo to concept.
        ablations: what each trick is worth.
        alphas: names against reference photos.
        ann: approximate against exact search; None where it was left out.
    """

    labels: str
    are_weak: bool
    strangers: tuple[str, ...]
    left_out: int
    references: int
    library: LibraryFigures
    searches: SearchFigures
    identification: IdentificationFigures
    concepts: tuple[ConceptRow, ...]
    ablations: tuple[Ablation, ...]
    alphas: tuple[AlphaRow, ...]
    ann: AnnFigures | None


def evaluate(
    client: Elasticsearch, bench: Bench, ann_copies: int | None, advance: Advance
) -> Evaluation:
    """Measure everything that the labels can honestly say.

    Args:
        client: of the cluster; indices are made in it for approximate search, and deleted.
        bench: what is evaluated.
        ann_copies: jittered copies of each photo's vector that approximate search gets beside them; None
            leaves approximate search out.
        advance: told of each of the `SECTIONS` that is done.
    """

    def done(measured: Figures) -> Figures:
        advance(1)
        return measured

    labels, tricks = bench.labels, Tricks(bench) if bench.can_fit else None
    return Evaluation(
        labels=labels.source,
        are_weak=labels.are_weak,
        strangers=labels.strangers,
        left_out=len(bench.left_out),
        references=len(bench.references),
        library=done(count_library(bench.dataset, bench.views, len(labels.peaks), len(labels.concepts))),
        searches=done(measure_searches(bench)),
        identification=done(measure_identification(bench)),
        concepts=done(count_concepts(bench)),
        ablations=done(tricks.measure() if tricks else ()),
        alphas=done(tricks.sweep_alpha() if tricks else ()),
        ann=done(None if ann_copies is None else _measure_ann(client, bench, ann_copies)),
    )


def _measure_ann(client: Elasticsearch, bench: Bench, copies: int) -> AnnFigures:
    vectors, queries = bench.dataset.photos.vectors, choose_ann_queries(bench)
    return measure_ann(client, vectors, queries, copies, bench.settings.seed)


def measure_searches(bench: Bench) -> SearchFigures:
    """Ask for everything that is shown, by one name at a time and by all that is known."""
    classes: list[SearchRow] = []
    findings: list[Finding] = []
    for entries, recipe in ((bench.dataset.peaks, "peak"), (bench.dataset.concepts, "photo")):
        found = bench.find(entries, bench.prompts[recipe])
        if found:
            queries, rows = bench.whole_queries(entries)
            whole = bench.find_by(entries, queries, entries.vectors[rows])
            classes.append(SearchRow(f"{entries.kind}s, one name", "", summarize(found)))
            classes.append(SearchRow(f"{entries.kind}s, vector of the catalogue", "", summarize(whole)))
            findings += found
    return SearchFigures(
        tuple(classes),
        tuple(_by_language(findings)),
        tuple(_cut_offs(bench, findings)),
        cross_validate_cut_off(findings),
    )


def _by_language(findings: Sequence[Finding]) -> list[SearchRow]:
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.query.kind, finding.query.language), []).append(finding)
    return [SearchRow(f"{kind}s", language, summarize(group)) for (kind, language), group in groups.items()]


def _cut_offs(bench: Bench, findings: Sequence[Finding]) -> list[CutOffRow]:
    chosen = choose_cut_off(findings)
    if chosen is None:
        return []
    siglip = bench.dataset.siglip
    even = -siglip.logit_bias / float(np.exp(siglip.logit_scale))
    rows = [CutOffRow("SigLIP's probability of 50 %", judge_cut_off(findings, even))]
    if bench.calibrated.min_similarity is not None:
        in_force = judge_cut_off(findings, bench.calibrated.min_similarity)
        rows.append(CutOffRow("in force (peaks calibrate)", in_force))
    return [*rows, CutOffRow("best on this library", judge_cut_off(findings, chosen))]


def measure_identification(bench: Bench) -> IdentificationFigures:
    """Name every judged photo by each kind of clue."""
    prototypes, case, sighted = bench.dataset.peaks.vectors, bench.case, bench.sighted
    if not bench.can_fit:
        return IdentificationFigures((), {}, "")
    ways, confusions = [], {}
    names = [listed[0] for listed in bench.dataset.peaks.names]
    if sighted is None or len(sighted.shown) < len(case.shown):
        trial = try_picture(case, prototypes)
        ways.append(judge("picture alone, all labelled photos" if sighted else "picture alone", case, trial))
        confusions["picture alone"] = worst_pairs(case, trial, names)
    if sighted is not None:
        more, confused = _judge_sighted(bench, sighted, prototypes, names)
        ways += more
        confusions |= confused
    return IdentificationFigures(tuple(ways), confusions, describe_rule(bench))


def _judge_sighted(
    bench: Bench, case: Case, prototypes: Vectors, names: Sequence[str]
) -> tuple[list[Judgement], dict[str, tuple[Confusion, ...]]]:
    priors = case.priors()
    trials = {
        "picture alone": try_picture(case, prototypes),
        "sight line alone": try_clues(case, case.clues(prototypes, priors), ("prior",)),
        "picture and position": try_both(case, prototypes, case.priors(with_bearing=False)),
        "picture and sight line": try_both(case, prototypes, priors),
        "the rule in force": try_rule(case, prototypes, bench.calibrated.rule, priors),
    }
    judged = [judge(way, case, trial) for way, trial in trials.items()]
    confusing = ("picture alone", "picture and sight line")
    return judged, {way: worst_pairs(case, trials[way], names) for way in confusing}


def describe_rule(bench: Bench) -> str:
    """Say where the rule in force comes from."""
    origin = bench.calibrated.origin
    if not origin:
        return "the one that ships (loader/peaks/identification/rule.yaml)"
    photos, labels = origin.get("photos"), origin.get("labels")
    return f"measured by `peaks calibrate` on {photos} photos labelled by {labels}"


def count_concepts(bench: Bench) -> tuple[ConceptRow, ...]:
    """Count what the rule in force makes of the concepts that are shown."""
    entries: Entries = bench.dataset.concepts
    if not len(entries) or not bench.labels.concepts:
        return ()
    photos, shown = bench.judged_vectors(entries)
    rule = bench.calibrated.rule.concept
    logits = siglip_logits(gather_cosines(photos, entries.vectors), bench.dataset.siglip)
    named = rule.probability(logits) >= rule.threshold
    columns = (shown.sum(axis=0), named.sum(axis=0), (shown & named).sum(axis=0))
    return tuple(
        ConceptRow(names[0], *(int(column[place]) for column in columns))
        for place, names in enumerate(entries.names)
    )


def choose_ann_queries(bench: Bench) -> dict[str, Vectors]:
    """Vectors of texts and of photos to search by, at most `ANN_QUERIES` of each."""
    dataset = bench.dataset
    groups = (dataset.peaks, dataset.concepts)
    texts = [vector for entries in groups for vector in entries.vectors]
    names = [name for entries in groups for listed in entries.names for name in listed]
    rng = np.random.default_rng(bench.settings.seed)
    chosen = [names[row] for row in rng.permutation(len(names))[: max(ANN_QUERIES - len(texts), 0)]]
    rows = rng.permutation(len(dataset.photos))[:ANN_QUERIES]
    vectors = np.stack(texts)[:ANN_QUERIES]
    if chosen:
        vectors = np.concatenate([vectors, bench.encoder.encode(chosen)])
    return {"texts": vectors, "photos": dataset.photos.vectors[rows]}
