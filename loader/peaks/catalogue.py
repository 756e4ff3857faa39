"""Peaks and concepts: the entries of the two catalogues, as a file or an index holds them."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeVar

from loader.elastic.indices import CONCEPTS, PEAKS
from loader.place import Point, read_point

ALPHA_TEXT = 0.55  # weight of the names in a prototype, against the reference photos
MOST_REFERENCES = 3  # photos in a prototype, where nobody asks for more
TOP_PEAKS = 3  # most that the rule names in a photo, where nobody asks for more
UNDETERMINED = "und"  # BCP 47's tag for a language that is not said
NamesByLanguage = Mapping[str, tuple[str, ...]]
EntryT = TypeVar("EntryT", bound="Entry")


@dataclass(frozen=True)
class Entry:
    """What peaks and concepts have in common.

    Attributes:
        id: slug of lower-case letters, digits and single hyphens.
        names: the first is the one to show.
        names_by_language: the same names by BCP 47 primary tag, `UNDETERMINED` for a list without languages;
            only a file tells them.
    """

    id: str
    names: tuple[str, ...]
    names_by_language: NamesByLanguage = field(default_factory=dict, compare=False, kw_only=True)

    index: ClassVar[str]
    noun: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]  # of an entry in a file, and fields of its document
    required: ClassVar[tuple[str, ...]]
    example: ClassVar[tuple[str, str]]  # of an id and a name

    @property
    def name(self) -> str:
        """The name to show."""
        return self.names[0] if self.names else self.id

    def document(self) -> dict[str, Any]:
        """Return the fields of its index, without the vector."""
        return {"id": self.id, "names": list(self.names)}

    @classmethod
    def from_hit(cls: type[EntryT], hit: Mapping[str, Any]) -> EntryT:
        """Return the entry of a search hit with ``fields``; its ``_id`` stands in for an id not asked for."""
        fields = hit.get("fields", {})
        return cls(next(iter(fields.get("id", ())), hit["_id"]), tuple(fields.get("names", ())))


@dataclass(frozen=True)
class Concept(Entry):
    """Something that photos may show beside peaks."""

    index = CONCEPTS
    noun = "concept"
    keys = required = ("id", "names")
    example = ("prayer-flags", "prayer flags")


@dataclass(frozen=True)
class Peak(Entry):
    """A summit.

    Attributes:
        position: a file always tells it.
        elev_m: height above the sea in metres, or None when the catalogue does not say.
    """

    position: Point | None = None
    elev_m: int | None = None

    index = PEAKS
    noun = "peak"
    keys = ("id", "names", "latlon", "elev_m")
    required = ("id", "names", "latlon")
    example = ("ama-dablam", "Ama Dablam")

    def document(self) -> dict[str, Any]:
        """Return the fields of its index, without the vector."""
        fields = super().document()
        fields["label"] = self.name if self.elev_m is None else f"{self.name} {self.elev_m} m"
        if self.position is not None:
            fields["latlon"] = {"lat": self.position.lat, "lon": self.position.lon}
        return fields if self.elev_m is None else {**fields, "elev_m": self.elev_m}

    @classmethod
    def from_hit(cls, hit: Mapping[str, Any]) -> Peak:
        """Return the peak of a search hit with ``fields``."""
        fields = hit.get("fields", {})
        height = next(iter(fields.get("elev_m", ())), None)
        return replace(super().from_hit(hit), position=read_point(fields.get("latlon")), elev_m=height)
