"""Names the mountains and concepts of photos: the rule, applied to the cluster's cosines."""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from elasticsearch import Elasticsearch, NotFoundError

from loader.arrays import Vectors
from loader.elastic.indices import CONCEPTS, PEAKS
from loader.peaks.catalogue import Concept, Peak
from loader.peaks.catalogue_index import read_all
from loader.peaks.identification.calibration_store import read_rule_in_force
from loader.peaks.identification.candidates import View, score_entries, take_view
from loader.peaks.identification.rule import Evidence, Rule, gather_clues, name_evidence, siglip_logits
from loader.peaks.sight.geometry import Camera, Sight, Summits
from loader.peaks.siglip import SiglipSigmoid


@dataclass(frozen=True)
class Candidate:
    """A peak that a photo may show.

    Attributes:
        peak: of the catalogue.
        probability: the rule's, 0 to 1.
        cosine: of the photo's vector and the peak's prototype.
        siglip: SigLIP's own probability for that cosine, 0 to 1.
        evidence: "visual", "sight" or "both" (see `loader.peaks.identification.rule.name_evidence`).
        is_named: whether the probability reaches the rule's threshold.
        sight: the summit from the camera; None for a photo or a peak without a position.
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
    """The identification of one photo.

    Attributes:
        candidates: every peak that was weighed, the likeliest first.
        concepts: that are named, the likeliest first.
        sights: summits above the camera's horizon (see `loader.peaks.sight.geometry.look`) that may be named.
        camera: None for a photo without a position.
    """

    candidates: tuple[Candidate, ...]
    concepts: tuple[NamedConcept, ...]
    sights: tuple[Sight, ...]
    camera: Camera | None = None

    def named(self, top: int) -> tuple[Candidate, ...]:
        """The peaks that are named, at most ``top``."""
        return tuple(candidate for candidate in self.candidates if candidate.is_named)[:top]


class Identifier:
    """Names peaks and concepts in photos.

    Args:
        client: of the cluster.
        siglip: the checkpoint's scale and bias.
        rule: in force.
        peaks: the whole catalogue.
        concepts: all concepts, ids to names; empty when there are none.

    Attributes:
        peaks: the whole catalogue, by id.
    """

    def __init__(
        self,
        client: Elasticsearch,
        siglip: SiglipSigmoid,
        rule: Rule,
        peaks: Sequence[Peak],
        concepts: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._client, self._siglip, self._rule = client, siglip, rule
        self.peaks: Mapping[str, Peak] = {peak.id: peak for peak in peaks}
        self._concepts = concepts
        self._summits = Summits.gather(peaks)

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
        views = [take_view(camera, self._summits, allowed) for camera in cameras]
        wanted = [allowed if view.priors is None else view.priors for view in views]
        cosines = score_entries(self._client, PEAKS, vectors, wanted)
        rows = zip(views, cosines, self._name_concepts(vectors), strict=True)
        return [
            Identification(
                candidates=self._weigh(view, found),
                concepts=concepts,
                sights=tuple(each for each in view.sights if allowed is None or each.peak.id in allowed),
                camera=view.camera,
            )
            for view, found, concepts in rows
        ]

    def _weigh(self, view: View, found: Mapping[str, float]) -> tuple[Candidate, ...]:
        """A photo's candidates, the likeliest first, by their cosines."""
        # A peak may have been loaded since the catalogue was read.
        cosines = {peak: cosine for peak, cosine in found.items() if peak in self.peaks}
        priors = np.array([[view.prior(peak) for peak in cosines]])
        clues = gather_clues(np.array([list(cosines.values())]), self._siglip, priors)
        chances, alone = self._rule.weigh(clues)[0], self._rule.picture.probability(clues)[0]
        sights = {sight.peak.id: sight for sight in view.sights}
        candidates = []
        for (peak, cosine), chance, by_picture in zip(cosines.items(), chances, alone, strict=True):
            sight = sights.get(peak)
            is_in_frame, looks_like_it = sight is not None and sight.is_shown, by_picture >= self.threshold
            candidates.append(Candidate(
                peak=self.peaks[peak],
                probability=float(chance),
                cosine=cosine,
                siglip=self._siglip.probability(cosine),
                evidence=name_evidence(looks_like_it, is_in_frame) if view.has_bearing else "visual",
                is_named=bool(chance >= self.threshold),
                sight=sight,
            ))
        return tuple(sorted(candidates, key=lambda candidate: -candidate.probability))

    def _name_concepts(self, vectors: Vectors) -> list[tuple[NamedConcept, ...]]:
        """The concepts that each photo shows, the likeliest first."""
        if not self._concepts:
            return [()] * len(vectors)
        rule, found = self._rule.concept, []
        for cosines in score_entries(self._client, CONCEPTS, vectors, [None] * len(vectors)):
            chances = rule.probability(siglip_logits(list(cosines.values()), self._siglip)).tolist()
            found.append(tuple(  # in the order of the cosines, which the rule keeps
                NamedConcept(concept, self._concepts[concept], chance)
                for concept, chance in zip(cosines, chances, strict=True)
                if concept in self._concepts and chance >= rule.threshold
            ))
        return found


def open_identifier(client: Elasticsearch, siglip: SiglipSigmoid) -> Identifier:
    """Read the catalogue, the concepts and the rule in force.

    Raises:
        PeaksError: the index of photos does not exist or carries a damaged calibration.
    """
    rule, peaks = read_rule_in_force(client).rule, list(read_all(client, Peak))
    try:
        concepts = {concept.id: concept.names for concept in read_all(client, Concept)}
    except NotFoundError:  # nobody has made an index of concepts yet
        concepts = {}
    return Identifier(client, siglip, rule, peaks, concepts)
