"""An identification for a terminal, and as JSON."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from loader.peaks.identification.identifier import Candidate, Identification
from loader.show.sight.table import describe_sight
from loader.show.sight.words import describe_camera
from loader.show.tables import Column, fold_line, format_table
from loader.show.values import format_aside, format_probability
from loader.text import format_direction


@dataclass(frozen=True)
class IdentifiedImage:
    """An image and its identification.

    Attributes:
        path: as the person gave it.
        thumbnail: base64 JPEG, or "" when it is not shown.
        found: its identification.
        size: most candidates to show.
        threshold: probability from which a peak is named.
        filters: that were on, in words.
    """

    path: str
    thumbnail: str
    found: Identification
    size: int
    threshold: float
    filters: tuple[str, ...] = ()

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The likeliest candidates, named or not."""
        return self.found.candidates[: self.size]

    @property
    def camera(self) -> str:
        """Where the camera stood and looked."""
        camera = self.found.camera
        if camera is None:
            return "no position in the file: judged by the picture alone"
        missing = "; no camera direction in the file" if camera.bearing is None else ""
        return describe_camera(camera) + missing

    @property
    def headline(self) -> str:
        """The answer in one line."""
        named = self.found.named(self.size)
        if named:
            return ", ".join(candidate.peak.name for candidate in named)
        if not self.found.candidates:
            return "no peak of the catalogue could be seen from there"
        best = self.found.candidates[0]
        return (
            f"no match: the likeliest, {best.peak.name}, has {format_probability(best.probability)}, "
            f"and a peak is named from {format_probability(self.threshold)} on"
        )


def show_identified(image: IdentifiedImage, width: int | None = None) -> str:
    """The answer, where the camera looked, and the candidates as a table.

    Args:
        image: with its identification.
        width: see `format_table`.
    """
    found = image.found
    lines = [f"{image.path}: {image.headline}", f"  {image.camera}"]
    lines += [f"  {words}" for words in image.filters]
    if found.concepts:
        lines.append("  also: " + ", ".join(concept.names[0] for concept in found.concepts))
    heading = "\n".join(fold_line(line, width) for line in lines)
    return f"{heading}\n{format_table(_columns(image.candidates), width)}" if image.candidates else heading


def _columns(candidates: tuple[Candidate, ...]) -> list[Column]:
    return [
        Column("#", [str(rank) for rank in range(1, len(candidates) + 1)], "right"),
        Column("peak", [candidate.peak.name for candidate in candidates]),
        Column("probability", [format_probability(each.probability) for each in candidates], "right"),
        Column("evidence", [candidate.evidence if candidate.is_named else "-" for candidate in candidates]),
        Column("cosine", [f"{candidate.cosine:.3f}" for candidate in candidates], "right"),
        Column("SigLIP", [format_probability(candidate.siglip) for candidate in candidates], "right"),
        Column("direction", [_direction(candidate) for candidate in candidates]),
        Column("distance", [_distance(candidate) for candidate in candidates], "right"),
    ]


def _direction(candidate: Candidate) -> str:
    sight = candidate.sight
    if sight is None:
        return ""
    if sight.offset is None:
        return format_direction(sight.bearing)
    where = "" if sight.in_frame else ", outside"
    return format_aside(sight.offset) + (", hidden" if sight.in_frame and sight.hidden_by else where)


def _distance(candidate: Candidate) -> str:
    return "" if candidate.sight is None else f"{candidate.sight.distance / 1000:.1f} km"


def describe_identified(image: IdentifiedImage) -> dict[str, Any]:
    """The answer as one JSON object."""
    found = image.found
    return {
        "path": image.path,
        "named": [candidate.peak.id for candidate in found.named(image.size)],
        "threshold": image.threshold,
        "camera": None if found.camera is None else asdict(found.camera),
        "candidates": [_describe_candidate(candidate) for candidate in image.candidates],
        "concepts": [asdict(concept) for concept in found.concepts],
    }


def _describe_candidate(candidate: Candidate) -> dict[str, Any]:
    peak = candidate.peak
    return {
        "id": peak.id,
        "names": list(peak.names),
        "elev_m": peak.elev_m,
        "position": None if peak.position is None else asdict(peak.position),
        "is_named": candidate.is_named,
        "probability": candidate.probability,
        "evidence": candidate.evidence,
        "cosine": candidate.cosine,
        "siglip_probability": candidate.siglip,
        "sight": None if candidate.sight is None else describe_sight(candidate.sight),
    }
