"""What became of every file of a library, counted in one place."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from loader.files.library import NamedReason, PhotoFile, Skipped, recognize
from loader.files.location import Location
from loader.files.passed_over import NO_PICTURE

Kind = Literal[
    "created", "updated", "moved", "copied", "unchanged", "skipped", "rejected", "passed_over"
]

# Facts that are counted, by the field of the document that holds them.
_FACTS = {
    "with_position": "gps",
    "with_bearing": "bearing",
    "with_offset": "shot_time_offset",
    "with_sight": "peaks_in_frame",
    "with_peaks": "predicted_peaks",
    "with_concepts": "predicted_concepts",
}


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Attributes:
        kind: see `PhotoReport`.
        name: of the file in its library.
        reason: why it was skipped or rejected.
        document: that was made of it and written.
        notes: values beside the pixels that cannot be true.
    """

    kind: Kind
    name: str
    reason: str = ""
    document: Mapping[str, Any] | None = None
    notes: Sequence[str] = ()


def explain_no_photo(file: PhotoFile) -> Outcome | None:
    """The outcome of a file that is no photo by its first bytes; None for a photo."""
    found = recognize(file)
    if isinstance(found, Skipped):
        return Outcome("skipped", file.name, found.reason)
    return Outcome("passed_over", file.name) if found is None else None


@dataclass
class PhotoReport:
    """What became of every file that was found.

    Attributes:
        found: pictures; created + updated + moved + copied + unchanged + skipped + rejected + left.
        created: photos that the index did not hold.
        updated: photos whose content had changed, or that were reloaded.
        moved: photos that the index held under a path whose file is missing, or by an earlier version's ids.
        copied: photos whose content the index held under another path, whose file is still there.
        unchanged: photos that the index held already.
        skipped: pictures that could not be read, and folders, with the reason.
        rejected: photos that Elasticsearch refused, with the reason.
        left: files that were not reached, because the run was stopped or the cluster stayed away.
        passed_over: files that are no pictures, and what was not looked at, by kind.
        missing: photos of the index whose file is missing, by their paths.
        removed: how many of these were deleted.
        out_of_reach: photos of the index whose disk may not be connected, by their paths.
        moved_from: the root of the library before it moved; None when it did not.
        with_position, with_bearing, with_offset: of the created and updated.
        with_sight: of these, with a peak in frame by their sight line.
        with_peaks, with_concepts: of these, with one that is named.
        notes: values of loaded photos that cannot be true, and damage.
        precision: of the vision tower, "fp32" or "int8"; None when nothing was embedded.
        agreement: least cosine of int8's vectors and float32's on this library's own first photos; None when
            they were not compared.
        location: how much of the photos' places is written.
        is_dry_run: nothing was written; the numbers are what a run would do.
        seconds: from the first file to the last.
    """

    found: int = 0
    created: int = 0
    updated: int = 0
    moved: int = 0
    copied: int = 0
    unchanged: int = 0
    skipped: list[NamedReason] = field(default_factory=list)
    rejected: list[NamedReason] = field(default_factory=list)
    left: int = 0
    passed_over: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    removed: int = 0
    out_of_reach: list[str] = field(default_factory=list)
    moved_from: str | None = None
    with_position: int = 0
    with_bearing: int = 0
    with_offset: int = 0
    with_sight: int = 0
    with_peaks: int = 0
    with_concepts: int = 0
    notes: list[NamedReason] = field(default_factory=list)
    precision: str | None = None
    agreement: float | None = None
    location: Location = "exact"
    is_dry_run: bool = False
    seconds: float = 0.0

    @property
    def written(self) -> int:
        """Photos that the run has put into the index."""
        return self.created + self.updated + self.moved + self.copied

    @property
    def loaded(self) -> int:
        """Photos that the index holds after the run."""
        return self.written + self.unchanged

    def count(self, outcome: Outcome) -> None:
        """Count what became of a file."""
        if outcome.kind in ("skipped", "rejected"):
            getattr(self, outcome.kind).append(NamedReason(outcome.name, outcome.reason))
        elif outcome.kind == "passed_over":
            self.passed_over[NO_PICTURE] = self.passed_over.get(NO_PICTURE, 0) + 1
        else:
            setattr(self, outcome.kind, getattr(self, outcome.kind) + 1)
        self.notes += [NamedReason(outcome.name, note) for note in outcome.notes]
        if outcome.document is not None:
            self._count_facts(outcome.document)

    def close(self, files: int, seconds: float) -> None:
        """Count what was not reached, so that the outcomes add up to what was found.

        Args:
            files: all that were listed: pictures, unreadable folders and what is passed over.
            seconds: from the first file to the last.
        """
        self.found = files - sum(self.passed_over.values())
        self.left = self.found - self.loaded - len(self.skipped) - len(self.rejected)
        self.seconds = seconds

    def _count_facts(self, document: Mapping[str, Any]) -> None:
        for fact, name in _FACTS.items():
            is_there = name in document if name in ("gps", "bearing") else bool(document.get(name))
            setattr(self, fact, getattr(self, fact) + is_there)
