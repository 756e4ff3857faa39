"""Which mountains and concepts photos show, and how sure that is, by the rule and the cluster's answers."""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from elasticsearch import Elasticsearch

from loader.elastic.indices import CONCEPTS, PEAKS
from loader.peaks.catalogue import Peak
from loader.peaks.identification.calibrated import Calibrated
from loader.peaks.identification.candidates import MOST_CANDIDATES, score_entries
from loader.peaks.identification.rule import Evidence, Rule, gather_clues, name_evidence, siglip_logits
from loader.peaks.sight.geometry import (
    UNKNOWN_ELEVATION_SEEN,
    USUAL_FIELD_OF_VIEW_DEG,
    Camera,
    Sight,
    Summits,
    look,
)
from loader.peaks.siglip import Calibration
from loader.vision.vectors import Vectors


@dataclass(frozen=True)
class Candidate:
    """A peak that a photo may show.

    Attributes:
        peak: of the catalogue.
        probability: the rule's, 0 to 1.
        cosine: of the photo's vector and the peak's prototype.
        siglip: SigLIP's own probability for that cosine, 0 to 1.
        evidence: what speaks for it (see `loader.peaks.identification.rule.name_evidence`).
        is_named: whether the probability reaches the rule's threshold.
        sight: the summit as the camera had it before it; None for a photo or a peak without a position.
    """

    peak: Peak
    probability: float
    cosine: float
    siglip: float
    evidence: Evidence
    is_named: bool
    sight: Sight | None = None


@dataclass(frozen=True)
class NamedConcept:
    """A concept that a photo shows, with the rule's probability, 0 to 1."""

    id: str
    names: tuple[str, ...]
    probability: float


@dataclass(frozen=True)
class Identification:
    """What is known of one photo.

    Attributes:
        candidates: every peak that was weighed, the likeliest first.
        concepts: that are named, the likeliest first.
        sights: summits above the camera's horizon (see `loader.peaks.sight.geometry.look`).
        camera: None for a photo without a position.
    """

    candidates: tuple[Candidate, ...]
    concepts: tuple[NamedConcept, ...]
    sights: tuple[Sight, ...]
    camera: Camera | None = None

    def named(self, top: int) -> tuple[Candidate, ...]:
        """The peaks that are named, at most ``top``."""
        return tuple(candidate for candidate in self.candidates if candidate.is_named)[:top]

    def at_least(self, cosine: float | None) -> Identification:
        """The same without candidates whose cosine is lower; None keeps all."""
        if cosine is None:
            return self
        kept = tuple(candidate for candidate in self.candidates if candidate.cosine >= cosine)
        return replace(self, candidates=kept)


@dataclass(frozen=True)
class _View:
    """A camera, the summits before it, and each candidate's prior; a photo without a position has none."""

    camera: Camera | None = None
    sights: tuple[Sight, ...] = ()
    priors: Mapping[str, float] | None = None

    @property
    def looks(self) -> bool:
        """Whether the camera's direction is known. Without it, where the camera stood says which peaks are
        candidates and no more: a prior that is the same in every direction adds little (docs/evaluation.md).
        """
        return self.camera is not None and self.camera.bearing is not None


class Identifier:
    """Names peaks and concepts in photos.

    Args:
        client: of the cluster.
        siglip: the checkpoint's temperature and bias.
        calibrated: the rule.
        peaks: the whole catalogue.
        concepts: all concepts, ids to names; empty when there are none.
    """

    def __init__(
        self,
        client: Elasticsearch,
        siglip: Calibration,
        calibrated: Calibrated,
        peaks: Sequence[Peak],
        concepts: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._client, self._siglip, self._rule = client, siglip, calibrated.rule
        self._peaks = {peak.id: peak for peak in peaks}
        self._concepts = concepts
        self._summits = Summits.gather(peaks)
        self._unplaced = [peak.id for peak in peaks if peak.position is None]

    @property
    def threshold(self) -> float:
        """Probability from which a peak is named."""
        return self._rule.threshold

    def identify(
        self, vectors: Vectors, cameras: Sequence[Camera | None], allowed: Collection[str] | None = None
    ) -> list[Identification]:
        """Identify a batch of photos.

        Args:
            vectors: float32 ``(n, dims)``, rows of length 1.
            cameras: where each was taken from; None where that is not known.
            allowed: ids of the peaks that may be named; None for all.
        """
        views = [self._view(camera, allowed) for camera in cameras]
        wanted = [allowed if view.priors is None else view.priors for view in views]
        peaks = score_entries(self._client, PEAKS, vectors, wanted)
        concepts = self._score_concepts(vectors)
        return [
            Identification(
                self._weigh(cosines, view),
                name_concepts(shown, self._concepts, self._siglip, self._rule),
                view.sights,
                view.camera,
            )
            for cosines, shown, view in zip(peaks, concepts, views, strict=True)
        ]

    def _view(self, camera: Camera | None, allowed: Collection[str] | None) -> _View:
        """What a camera had before it; a peak without a position may be anywhere."""
        if camera is None:
            return _View()
        sights = tuple(look(camera, self._summits))
        share = (camera.field_of_view or USUAL_FIELD_OF_VIEW_DEG) / 360
        anywhere = dict.fromkeys(self._unplaced, share * UNKNOWN_ELEVATION_SEEN)
        priors = {sight.peak.id: sight.prior for sight in sights} | anywhere
        possible = [pair for pair in priors.items() if allowed is None or pair[0] in allowed]
        likeliest = sorted(possible, key=lambda pair: -pair[1])[:MOST_CANDIDATES]
        return _View(camera, sights, dict(likeliest))

    def _weigh(self, cosines: Mapping[str, float], view: _View) -> tuple[Candidate, ...]:
        ids = [identifier for identifier in cosines if identifier in self._peaks]
        values = [cosines[identifier] for identifier in ids]
        priors = [view.priors[identifier] for identifier in ids] if view.priors and view.looks else None
        clues, rule = gather_clues(values, self._siglip, priors), self._rule
        chances = (rule.picture if priors is None else rule.sighted).probability(clues)
        alone = rule.picture.probability(clues) >= rule.threshold
        sights = {sight.peak.id: sight for sight in view.sights}
        candidates = [
            self._candidate(identifier, values[row], float(chances[row]), bool(alone[row]), view, sights)
            for row, identifier in enumerate(ids)
        ]
        return tuple(sorted(candidates, key=lambda candidate: -candidate.probability))

    def _candidate(
        self,
        identifier: str,
        cosine: float,
        chance: float,
        looks_like_it: bool,
        view: _View,
        sights: Mapping[str, Sight],
    ) -> Candidate:
        sight = sights.get(identifier)
        is_shown = sight is not None and sight.is_shown
        return Candidate(
            peak=self._peaks[identifier],
            probability=chance,
            cosine=cosine,
            siglip=self._siglip.probability(cosine),
            evidence=name_evidence(looks_like_it, is_shown) if view.looks else "visual",
            is_named=chance >= self._rule.threshold,
            sight=sight,
        )

    def _score_concepts(self, vectors: Vectors) -> list[dict[str, float]]:
        if not self._concepts:
            return [{} for _ in vectors]
        return score_entries(self._client, CONCEPTS, vectors, [None] * len(vectors))


def name_concepts(
    cosines: Mapping[str, float],
    names: Mapping[str, tuple[str, ...]],
    siglip: Calibration,
    rule: Rule,
) -> tuple[NamedConcept, ...]:
    """Return the concepts whose probability reaches the rule's threshold, the likeliest first.

    Args:
        cosines: concept id to the cosine of the photo's vector and the concept's.
        names: concept id to its names.
        siglip: the checkpoint's temperature and bias.
        rule: in force.
    """
    ids = [identifier for identifier in cosines if identifier in names]
    chances = rule.concept.probability(siglip_logits([cosines[identifier] for identifier in ids], siglip))
    found = [
        NamedConcept(identifier, names[identifier], float(chance))
        for identifier, chance in zip(ids, chances, strict=True)
        if chance >= rule.concept.threshold
    ]
    return tuple(sorted(found, key=lambda concept: -concept.probability))
