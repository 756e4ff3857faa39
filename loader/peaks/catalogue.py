"""The catalogue of peaks: a YAML list of ids, names, positions and heights, read strictly."""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from loader.yaml_file import (
    UNDETERMINED,
    CatalogueReader,
    NamesByLanguage,
    flatten_names,
    read_text,
    shorten,
)

DECIMAL = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
WHOLE = re.compile(r"[-+]?\d+")

# The Dead Sea's shore and Mount Everest, with room for a survey that moves them.
LOWEST_M, HIGHEST_M = -500, 9000


@dataclass(frozen=True)
class Peak:
    """One entry of the catalogue.

    Attributes:
        id: slug of lower-case letters, digits and single hyphens.
        names: at least one, the first is the one to show.
        lat: degrees north, -90 to 90.
        lon: degrees east, -180 to 180.
        elev_m: height above the sea in metres, or None when the catalogue does not say.
        names_by_language: the same names by BCP 47 primary tag; a list without languages is "und".
    """

    id: str
    names: tuple[str, ...]
    lat: float
    lon: float
    elev_m: int | None = None
    names_by_language: NamesByLanguage = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not self.names_by_language:
            object.__setattr__(self, "names_by_language", {UNDETERMINED: self.names})

    def document(self) -> dict[str, Any]:
        """Return the fields of `peaks_catalog`, without the vector."""
        fields: dict[str, Any] = {
            "id": self.id,
            "names": list(self.names),
            "label": self.names[0] if self.elev_m is None else f"{self.names[0]} {self.elev_m} m",
            "latlon": {"lat": self.lat, "lon": self.lon},
        }
        if self.elev_m is not None:
            fields["elev_m"] = self.elev_m
        return fields


def read_catalogue(path: Path) -> list[Peak]:
    """Read a catalogue of peaks, or refuse it whole.

    Args:
        path: a YAML file: a list of ``{id, names, latlon: {lat, lon}, elev_m}``; ``elev_m`` is optional,
            ``names`` a list, or a mapping of languages to lists.

    Raises:
        PeaksError: one sentence with the file and the line of the first thing that is wrong.
    """
    return parse_catalogue(read_text(path), str(path))


def parse_catalogue(text: str, source: str) -> list[Peak]:
    """Read a catalogue from its text; ``source`` is the name that errors give it (see `read_catalogue`)."""
    reader = _PeakReader(source)
    return [reader.peak(slug, fields) for slug, fields in reader.entries(text)]


class _PeakReader(CatalogueReader):
    """Reads YAML nodes as parts of a peak."""

    NOUN = "peak"
    SHAPE = "'id: …', 'names: […]', 'latlon: {…}'"
    KEYS = ("id", "names", "latlon", "elev_m")
    REQUIRED = KEYS[:3]
    EXAMPLE_ID = "ama-dablam"
    EXAMPLE_NAME = "Ama Dablam"

    def peak(self, slug: str, fields: dict[str, yaml.Node]) -> Peak:
        names = self.names(fields["names"])
        lat, lon = self.position(fields["latlon"])
        return Peak(
            id=slug,
            names=flatten_names(names),
            lat=lat,
            lon=lon,
            elev_m=self.elevation(fields["elev_m"]) if "elev_m" in fields else None,
            names_by_language=names,
        )

    def position(self, node: yaml.Node) -> tuple[float, float]:
        shape = "'latlon' must be {lat: …, lon: …} in degrees"
        fields = self.mapping(node, ("lat", "lon"), shape)
        if len(fields) < 2:
            self.refuse(node, shape)
        lat = self.number(fields["lat"], "the latitude", "degrees", -90, 90)
        lon = self.number(fields["lon"], "the longitude", "degrees", -180, 180)
        if lat == 0 and lon == 0:
            self.refuse(node, "latitude 0, longitude 0 is open sea; give the peak's position")
        return lat, lon

    def elevation(self, node: yaml.Node) -> int | None:
        if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null"):
            return None
        value = self.number(node, "the height elev_m", "metres", LOWEST_M, HIGHEST_M)
        if not WHOLE.fullmatch(str(node.value)):
            self.refuse(node, f"the height elev_m {node.value} must be whole metres")
        return int(value)

    def number(self, node: yaml.Node, what: str, unit: str, low: float, high: float) -> float:
        # YAML 1.1 would read 27:59:18 as the integer 101958: only plain decimals are taken.
        if not isinstance(node, yaml.ScalarNode):
            self.refuse(node, f"{what} must be a number of {unit}")
        written = node.value
        if node.style is not None or not DECIMAL.fullmatch(written):
            self.refuse(node, f"{what} '{shorten(written)}' is not a plain number of {unit}")
        value = float(written)
        if not low <= value <= high:
            self.refuse(node, f"{what} {shorten(written)} is impossible; it must be {low} to {high} {unit}")
        return value
