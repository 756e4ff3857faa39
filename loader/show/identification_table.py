"""An identification for a terminal, and as JSON."""
from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from loader.peaks.catalogue import Peak
from loader.peaks.identification.identifier import Candidate, Identification
from loader.peaks.sight.geometry import Sight
from loader.peaks.sight.photo import sort_sights
from loader.search.answer import ShotTime
from loader.show.sight.table import describe_sight
from loader.show.sight.words import describe_camera
from loader.show.tables import Column, fold_line, format_table
from loader.show.values import format_aside, format_below, format_probability
from loader.text import clean_text, format_direction, list_words, tell_apart

# A person is shown no peak that is less likely than this, unless it was in the frame. Programs get it.
UNLIKELY = 0.05


@dataclass(frozen=True)
class Row:
    """A peak of an answer.

    Attributes:
        peak: of the catalogue.
        weighed: None for a peak in the frame that was not compared with the picture, because it has no vector
            or too many others are likelier to be seen.
        sight: the summit from the camera; None for a photo or a peak without a position.
    """

    peak: Peak
    weighed: Candidate | None
    sight: Sight | None


@dataclass(frozen=True)
class IdentifiedImage:
    """An image and its identification.

    Attributes:
        path: as the person gave it.
        thumbnail: base64 JPEG, or "" when it is not shown.
        found: its identification.
        size: most candidates to show, beside what is in the frame.
        threshold: probability from which a peak is named.
        filters: that were on, in words.
        min_similarity: lowest cosine of a candidate to show.
        time: when it was taken.
    """

    path: str
    thumbnail: str
    found: Identification
    size: int
    threshold: float
    filters: tuple[str, ...] = ()
    min_similarity: float = -1.0
    time: ShotTime = field(default_factory=ShotTime)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Those that are similar enough, the likeliest first."""
        return tuple(each for each in self.found.candidates if each.cosine >= self.min_similarity)

    @property
    def named(self) -> tuple[Candidate, ...]:
        """The peaks that are named."""
        return tuple(each for each in self.candidates if each.is_named)[: self.size]

    def rows(self, least: float = UNLIKELY) -> list[Row]:
        """The likeliest candidates, and every peak in the frame, the likeliest first.

        Args:
            least: probability of a candidate that is not in the frame.
        """
        weighed = [
            Row(each.peak, each, each.sight)
            for rank, each in enumerate(self.candidates)
            if (rank < self.size and each.probability >= least) or (each.sight and each.sight.in_frame)
        ]
        known = {each.peak.id for each in self.found.candidates}
        others = [sight for sight in self.found.sights if sight.in_frame and sight.peak.id not in known]
        return weighed + [Row(sight.peak, None, sight) for sight in others]

    @property
    def camera(self) -> str:
        """Where the camera stood and looked."""
        camera = self.found.camera
        if camera is None:
            return "no position in the file: judged by the picture alone"
        missing = "; no camera direction in the file" if camera.bearing is None else ""
        return describe_camera(camera) + missing

    @property
    def in_frame(self) -> str:
        """What the camera had before it and is not named; "" for nothing."""
        named = {each.peak.id for each in self.named}
        shown = [row.sight for row in self.rows() if row.sight and row.sight.is_shown]
        names = [sight.peak.name for sight in sort_sights(shown) if sight.peak.id not in named]
        also = "also " if named else ""
        return f"{also}in the frame by position and direction: {list_words(names)}" if names else ""

    @property
    def headline(self) -> str:
        """The answer in one line."""
        if self.named:
            return ", ".join(candidate.peak.name for candidate in self.named)
        if self.candidates:
            best, threshold = format_below(self.candidates[0].probability, self.threshold)
            return f"no match: the likeliest peak has {best}, and a peak is named from {threshold} on"
        if self.found.candidates:
            best_cosine = max(each.cosine for each in self.found.candidates)
            cosine, least = tell_apart(best_cosine, self.min_similarity, 3)
            return f"no match: the highest similarity is {cosine}, below {least}"
        if self.rows():
            return "no match: the peaks in the frame have no vector to compare the picture with"
        where = "inside the filters " if self.filters else ""
        seen = "can be compared with it" if self.found.camera is None else "could be seen from there"
        return f"no peak of the catalogue {where}{seen}"

    def say_probability(self, candidate: Candidate) -> str:
        """A candidate's probability, with the digits it takes to see why it is not named."""
        if candidate.is_named or candidate.probability >= self.threshold:
            return format_probability(candidate.probability)
        return format_below(candidate.probability, self.threshold)[0]


def show_identified(image: IdentifiedImage, width: int | None = None, *, is_one_of_many: bool = False) -> str:
    """The answer, where the camera looked, and the candidates as a table.

    Args:
        image: with its identification.
        width: see `format_table`.
        is_one_of_many: one line is enough where nothing is named and nothing is in the frame.
    """
    rows = image.rows()
    has_something = image.named or any(row.sight and row.sight.in_frame for row in rows)
    if is_one_of_many and not has_something:
        return clean_text(f"{image.path}: {image.headline}")
    concepts = ", ".join(concept.names[0] for concept in image.found.concepts)
    lines = [image.camera, image.in_frame, *image.filters, f"also: {concepts}" if concepts else ""]
    told = [f"{image.path}: {image.headline}", *(f"  {line}" for line in lines if line)]
    heading = "\n".join(fold_line(line, width) for line in told)
    return f"{heading}\n{format_table(_columns(image, rows), width)}" if rows else heading


def _columns(image: IdentifiedImage, rows: list[Row]) -> list[Column]:
    weighed = [row.weighed for row in rows]
    probabilities = [image.say_probability(each) if each else "" for each in weighed]
    return [
        Column("#", [str(rank) for rank in range(1, len(rows) + 1)], "right"),
        Column("peak", [row.peak.name for row in rows]),
        Column("probability", probabilities, "right"),
        Column("evidence", [each.evidence if each and each.is_named else "" for each in weighed]),
        Column("cosine", [f"{each.cosine:.3f}" if each else "" for each in weighed], "right"),
        Column("SigLIP", [format_probability(each.siglip) if each else "" for each in weighed], "right"),
        Column("direction", [_direction(row.sight) for row in rows]),
        Column("distance", [_distance(row.sight) for row in rows], "right"),
    ]


def _direction(sight: Sight | None) -> str:
    if sight is None:
        return ""
    if sight.offset is None:
        return format_direction(sight.bearing)
    if sight.in_frame is False:
        return f"{format_aside(sight.offset)}, outside"
    return format_aside(sight.offset) + (", hidden" if sight.hidden_by else "")


def _distance(sight: Sight | None) -> str:
    return "" if sight is None else f"{sight.distance / 1000:.1f} km"


def describe_identified(image: IdentifiedImage) -> dict[str, Any]:
    """The answer as one JSON object: as many candidates as were asked for, and every peak in the frame."""
    found = image.found
    return {
        "path": image.path,
        "named": [candidate.peak.id for candidate in image.named],
        "threshold": image.threshold,
        "camera": None if found.camera is None else asdict(found.camera),
        "candidates": [_describe_row(row) for row in image.rows(least=0.0)],
        "concepts": [asdict(concept) for concept in found.concepts],
    }


def _describe_row(row: Row) -> dict[str, Any]:
    peak, weighed = row.peak, row.weighed
    return {
        "id": peak.id,
        "names": list(peak.names),
        "elev_m": peak.elev_m,
        "position": None if peak.position is None else asdict(peak.position),
        "is_named": weighed is not None and weighed.is_named,
        "probability": weighed and weighed.probability,
        "evidence": weighed and weighed.evidence,
        "cosine": weighed and weighed.cosine,
        "siglip_probability": weighed and weighed.siglip,
        "sight": row.sight and describe_sight(row.sight),
    }
