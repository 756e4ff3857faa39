"""What one evaluation works on: the library, its labels, the text model, the rule in force, how to judge."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from evaluation.dataset import Dataset, Entries
from evaluation.identification_figures import Case, FoldSettings
from evaluation.labels import Labels
from evaluation.metrics import Bools
from evaluation.retrieval import Finding, Query, ask, embed_queries, list_queries
from evaluation.text_vectors import Prompts, TextEncoder
from evaluation.views import View
from loader.peaks.identification.calibrated import Calibrated
from loader.vision.vectors import Vectors

# Photos below which five folds cannot fit a rule.
FEWEST_TO_FIT = 20


@dataclass(frozen=True)
class Bench:
    """Everything that the sections of the report are measured on.

    Attributes:
        dataset: the library and its entries.
        views: of the photos, in their order.
        labels: what photos show.
        encoder: the deployed text model.
        prompts: its recipes by name.
        calibrated: the rule and cut-off in force.
        settings: folds, seed and wanted precision.
        references: reference photos' vectors by peak; empty when none were given.
        left_out: paths that are not judged, because they are reference photos.
    """

    dataset: Dataset
    views: Sequence[View]
    labels: Labels
    encoder: TextEncoder
    prompts: Mapping[str, Prompts]
    calibrated: Calibrated
    settings: FoldSettings
    references: Mapping[str, Vectors] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()

    @cached_property
    def case(self) -> Case:
        """All photos whose peaks are known and that may be judged."""
        photos = self.dataset.photos
        known, shown = self._judged(self.dataset.peaks)
        views = [view for view, is_kept in zip(self.views, known, strict=True) if is_kept]
        paths = [path for path, is_kept in zip(photos.paths, known, strict=True) if is_kept]
        return Case.gather(
            paths,
            photos.vectors[known],
            views,
            self.dataset.summits,
            shown,
            self.dataset.siglip,
            self.settings,
        )

    @cached_property
    def sighted(self) -> Case | None:
        """Those with position and bearing; None where they are too few, or the labels are the sight lines."""
        rows = np.array([view.has_bearing for view in self.case.views], dtype=np.bool_)
        if self.labels.are_weak or int(rows.sum()) < FEWEST_TO_FIT:
            return None
        return self.case.pick(rows)

    @property
    def can_fit(self) -> bool:
        """Whether there are photos enough to fit and judge a rule."""
        return len(self.case.shown) >= FEWEST_TO_FIT and int(self.case.shown.any(axis=0).sum()) > 1

    def _judged(self, entries: Entries) -> tuple[Bools, Bools]:
        """Which photos are judged ``(n,)``, and what these show ``(k, m)``."""
        known, shown = self.labels.table(self.dataset.photos.paths, entries)
        known &= np.array([path not in self.left_out for path in self.dataset.photos.paths], dtype=np.bool_)
        return known, shown[known]

    def judged_vectors(self, entries: Entries) -> tuple[Vectors, Bools]:
        """The judged photos' vectors ``(k, dims)`` and what they show of the entries ``(k, m)``."""
        known, shown = self._judged(entries)
        return self.dataset.photos.vectors[known], shown

    def queries(self, entries: Entries) -> list[Query]:
        """Every name in every language of the entries that some judged photo shows."""
        return list_queries(entries, self.judged_vectors(entries)[1])

    def find(self, entries: Entries, prompts: Prompts) -> list[Finding]:
        """Ask for the entries by each of their names, one at a time."""
        queries = self.queries(entries)
        if not queries:
            return []
        return self.find_by(entries, queries, embed_queries(self.encoder, prompts, queries))

    def find_by(self, entries: Entries, queries: Sequence[Query], vectors: Vectors) -> list[Finding]:
        """Ask with vectors ``(q, dims)``."""
        photos, shown = self.judged_vectors(entries)
        return ask(queries, vectors, photos, entries, shown)

    def whole_queries(self, entries: Entries) -> tuple[list[Query], list[int]]:
        """One query for each entry that is shown, whatever its names, and the entries' rows."""
        shown = self.judged_vectors(entries)[1].any(axis=0)
        rows = [int(row) for row in np.flatnonzero(shown)]
        return [Query(entries.kind, entries.ids[row], "und", entries.names[row][0]) for row in rows], rows
