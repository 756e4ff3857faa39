"""The tricks that this project uses, each measured with it and without it."""
from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from evaluation.ablations import (
    ANSWERED,
    CONCEPT_SEARCH,
    PEAK_SEARCH,
    WITH_SIGHT,
    Ablation,
    Trials,
    blend_all,
    compare,
    compare_findings,
    compare_trials,
    try_prototypes,
)
from evaluation.bench import Bench
from evaluation.dataset import Entries
from evaluation.identification_figures import try_both, try_picture
from evaluation.retrieval import Finding
from evaluation.text_vectors import Prompts
from loader.vision.vectors import Vectors

ALPHAS = (0.0, 0.25, 0.4, 0.55, 0.7, 0.85, 1.0)
USUAL_ALPHA = 0.55  # of `peaks load-peaks --alpha-text`
ANTI_WEIGHTS = (0.25, 0.5)


@dataclass(frozen=True)
class AlphaRow:
    """Top-1 at one weight of the names against the reference photos; NaN where no sight lines serve."""

    alpha: float
    picture: float
    with_sight: float


class Tricks:
    """Every trick that a library's labels can judge.

    Args:
        bench: what is evaluated; it has photos enough to fit a rule.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench, self._case, self._sighted = bench, bench.case, bench.sighted
        self._seed = bench.settings.seed

    def measure(self) -> tuple[Ablation, ...]:
        """Return all comparisons."""
        peak, photo = self._bench.prompts["peak"], self._bench.prompts["photo"]
        first, bare = "prompt ensemble, not its first prompt", "prompt ensemble, not the bare name"
        found = [
            *self._recipes(first, (peak, peak.first_prompt), (photo, photo.first_prompt)),
            *self._recipes(bare, (peak, peak.bare_name), (photo, photo.bare_name)),
        ]
        for weight in ANTI_WEIGHTS:
            trick = f"anti-concept, weight {weight}"
            pairs = ((recipe.weigh(weight), recipe.weigh(0)) for recipe in (peak, photo))
            is_default = weight == peak.weight
            found += [replace(one, is_default=is_default) for one in self._recipes(trick, *pairs)]
        return (*found, *self._all_names(), *self._references(), *self._sight_lines())

    def sweep_alpha(self) -> tuple[AlphaRow, ...]:
        """Return top-1 by the weight of names against reference photos; nothing without reference photos."""
        if not self._bench.references:
            return ()
        return tuple(self._alpha_row(alpha) for alpha in ALPHAS)

    def _recipes(
        self, trick: str, peak: tuple[Prompts, Prompts], photo: tuple[Prompts, Prompts]
    ) -> list[Ablation]:
        """Compare two ways of wording: for naming peaks, and for searches by one name."""
        peaks, concepts = self._bench.dataset.peaks, self._bench.dataset.concepts
        ours, theirs = (self._try(self._name_vectors(peaks, recipe)) for recipe in peak)
        found = self._compare(trick, ours, theirs)
        for measure, entries, pair in ((PEAK_SEARCH, peaks, peak), (CONCEPT_SEARCH, concepts, photo)):
            with_it, without = (self._find(entries, recipe) for recipe in pair)
            if with_it:
                found.append(compare_findings(trick, measure, with_it, without, self._seed))
        return found

    def _all_names(self) -> list[Ablation]:
        peaks, peak = self._bench.dataset.peaks, self._bench.prompts["peak"]
        firsts = self._bench.encoder.compose_all(peak, [names[:1] for names in peaks.names])
        ours, theirs = self._try(self._texts), self._try(firsts)
        return self._compare("all names, not the first alone", ours, theirs)

    def _references(self) -> list[Ablation]:
        references = self._bench.references
        if not references:
            return []
        peaks = self._bench.dataset.peaks
        ours = self._try(blend_all(self._texts, references, peaks, USUAL_ALPHA))
        trick = f"reference photos where given, alpha {USUAL_ALPHA}"
        # A peak without a folder of photos, as most are, has its names alone.
        found = self._compare(trick, ours, self._try(self._texts))
        return [replace(one, is_default=False) for one in found]

    def _alpha_row(self, alpha: float) -> AlphaRow:
        prototypes = blend_all(self._texts, self._bench.references, self._bench.dataset.peaks, alpha)
        trials = self._try(prototypes)
        sighted = self._sighted
        seen = trials.both.right(sighted).mean() if sighted and trials.both else float("nan")
        return AlphaRow(alpha, float(trials.picture.right(self._case).mean()), float(seen))

    def _sight_lines(self) -> list[Ablation]:
        """What position, bearing and hidden summits add, by the catalogue's own prototypes."""
        case, prototypes = self._sighted, self._bench.dataset.peaks.vectors
        if case is None:
            return []
        blind = try_picture(case, prototypes)
        placed = try_both(case, prototypes, case.priors(with_bearing=False))
        seen = try_both(case, prototypes, case.priors())
        unhidden = try_both(case, prototypes, case.priors(with_hiding=False))
        pairs = (
            ("position, not the picture alone", placed, blind),
            ("bearing, not the position alone", seen, placed),
            ("hidden summits count less", seen, unhidden),
        )
        found = []
        for trick, ours, theirs in pairs:
            # Where the direction is not known, the identifier weighs the picture alone.
            is_default = theirs is not blind
            answers = ours.answered(case), theirs.answered(case)
            found += [
                replace(compare(trick, measure, *pair, self._seed), is_default=is_default)
                for measure, pair in (
                    (WITH_SIGHT, (ours.right(case), theirs.right(case))),
                    (ANSWERED, answers),
                )
            ]
        return found

    @cached_property
    def _texts(self) -> Vectors:
        """The peaks' vectors by all names and the whole recipe."""
        return self._name_vectors(self._bench.dataset.peaks, self._bench.prompts["peak"])

    def _name_vectors(self, entries: Entries, prompts: Prompts) -> Vectors:
        return self._bench.encoder.compose_all(prompts, entries.names)

    def _try(self, prototypes: Vectors) -> Trials:
        return try_prototypes(self._case, self._sighted, prototypes)

    def _compare(self, trick: str, ours: Trials, theirs: Trials) -> list[Ablation]:
        return compare_trials(trick, self._case, self._sighted, ours, theirs, self._seed)

    def _find(self, entries: Entries, prompts: Prompts) -> list[Finding]:
        return self._bench.find(entries, prompts)
