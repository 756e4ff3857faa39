"""The catalogue of peaks: a YAML list of ids, names, positions and heights, read strictly.

A catalogue is written by hand, so an error names the line it stands in. PyYAML's node tree is read instead of
its finished objects: nodes know their lines, and a key given twice is still there to be seen.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from loader.errors import PeaksError

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
DECIMAL = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
WHOLE = re.compile(r"[-+]?\d+")

# The Dead Sea's shore and Mount Everest, with room for a survey that moves them.
LOWEST_M, HIGHEST_M = -500, 9000

KEYS = ("id", "names", "latlon", "elev_m")
REQUIRED = KEYS[:3]
ID_LIMIT = 100  # characters; Elasticsearch takes 512 bytes
NAME_LIMIT = 200  # characters; the text encoder reads 64 tokens


@dataclass(frozen=True)
class Peak:
    """One entry of the catalogue.

    Attributes:
        id: slug of lower-case letters, digits and single hyphens.
        names: at least one, the first is the one to show.
        lat: degrees north, -90 to 90.
        lon: degrees east, -180 to 180.
        elev_m: height above the sea in metres, or None when the catalogue does not say.
    """

    id: str
    names: tuple[str, ...]
    lat: float
    lon: float
    elev_m: int | None = None

    def document(self) -> dict[str, Any]:
        """Return the fields of `peaks_catalog`, without the vector."""
        fields: dict[str, Any] = {
            "id": self.id,
            "names": list(self.names),
            "latlon": {"lat": self.lat, "lon": self.lon},
        }
        if self.elev_m is not None:
            fields["elev_m"] = self.elev_m
        return fields


def read_catalogue(path: Path) -> list[Peak]:
    """Read a catalogue of peaks, or refuse it whole.

    Args:
        path: a YAML file: a list of ``{id, names, latlon: {lat, lon}, elev_m}``; ``elev_m`` is optional.

    Raises:
        PeaksError: one sentence with the file and the line of the first thing that is wrong.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PeaksError(f"{path}, line {line}: not UTF-8; save the file as UTF-8.") from error
    except OSError as error:
        raise PeaksError(f"{path} cannot be read ({error.strerror}).") from error
    return parse_catalogue(text, str(path))


def parse_catalogue(text: str, source: str) -> list[Peak]:
    """Read a catalogue from its text; ``source`` is the name that errors give it (see `read_catalogue`)."""
    reader = _Reader(source)
    shape = "the catalogue must be a list of peaks, each starting with '- id:'"
    entries = reader.items(reader.compose(text), shape)
    if not entries:
        raise PeaksError(f"{source} holds no peak: give at least one '- id: …' entry.")
    lines: dict[str, int] = {}
    peaks = []
    for entry in entries:
        fields = reader.mapping(entry, KEYS, "a peak must be given as 'id: …', 'names: […]', 'latlon: {…}'")
        peak = reader.peak(entry, fields)
        line = reader.line(fields["id"])
        if peak.id in lines:
            raise PeaksError(
                f"{source}: the id '{peak.id}' stands on line {lines[peak.id]} and again on line {line}; "
                "an id names one peak, so remove or rename one of them."
            )
        lines[peak.id] = line
        peaks.append(peak)
    return peaks


@dataclass(frozen=True)
class _Reader:
    """Reads YAML nodes as parts of a peak; every refusal names the source and the node's line."""

    source: str

    def compose(self, text: str) -> yaml.Node:
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f", line {mark.line + 1}" if mark else ""
            problem = error.problem or error.context
            raise PeaksError(f"{self.source}{where}: not valid YAML ({problem}).") from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise PeaksError(
                f"{self.source}, line {line}: YAML does not allow the character U+{error.character:04X}; "
                "remove it."
            ) from error
        except RecursionError as error:
            raise PeaksError(f"{self.source} is nested too deeply to be a catalogue of peaks.") from error
        if node is None:
            raise PeaksError(f"{self.source} is empty: give at least one '- id: …' entry.")
        return node

    def peak(self, entry: yaml.Node, fields: Mapping[str, yaml.Node]) -> Peak:
        for key in REQUIRED:
            if key not in fields:
                self.refuse(entry, f"the peak{self._called(fields)} has no '{key}'; add it")
        lat, lon = self.position(fields["latlon"])
        return Peak(
            id=self.slug(fields["id"]),
            names=self.names(fields["names"]),
            lat=lat,
            lon=lon,
            elev_m=self.elevation(fields["elev_m"]) if "elev_m" in fields else None,
        )

    def slug(self, node: yaml.Node) -> str:
        value = self.text(node, "the id")
        if not SLUG.fullmatch(value) or len(value) > ID_LIMIT:
            self.refuse(
                node,
                f"the id '{_short(value)}' is not a slug; use lower-case letters a-z, digits and single "
                "hyphens, as in 'ama-dablam'",
            )
        return value

    def names(self, node: yaml.Node) -> tuple[str, ...]:
        nodes = self.items(node, "'names' must be a list, as in [\"Ama Dablam\"]")
        if not nodes:
            self.refuse(node, "'names' is empty; a peak needs at least one name")
        seen: dict[str, str] = {}
        for item in nodes:
            name = self.name(item)
            if name.casefold() in seen:
                self.refuse(item, f"the name '{_short(name)}' stands twice in one peak; remove one")
            seen[name.casefold()] = name
        return tuple(seen.values())

    def name(self, node: yaml.Node) -> str:
        value = " ".join(self.text(node, "a name").split())
        if not value:
            self.refuse(node, "a name is empty; write the peak's name")
        if len(value) > NAME_LIMIT:
            self.refuse(node, f"the name '{_short(value)}' has more than {NAME_LIMIT} characters; shorten it")
        if "|" in value:
            self.refuse(node, f"the name '{_short(value)}' holds '|', which separates names; give two names")
        return value

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
            self.refuse(node, f"{what} '{_short(written)}' is not a plain number of {unit}")
        value = float(written)
        if not low <= value <= high:
            self.refuse(node, f"{what} {_short(written)} is impossible; it must be {low} to {high} {unit}")
        return value

    def text(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self.refuse(node, f"{what} must be text")
        if node.tag.endswith(":null"):
            self.refuse(node, f"{what} is empty; write it")
        if not node.tag.endswith(":str"):
            self.refuse(node, f"{what} '{_short(node.value)}' is not text; put it in quotes")
        return str(node.value)

    def items(self, node: yaml.Node, shape: str) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            self.refuse(node, shape)
        return list(node.value)

    def mapping(self, node: yaml.Node, keys: tuple[str, ...], shape: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.refuse(node, shape)
        fields: dict[str, yaml.Node] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "(not a word)"
            if name not in keys:
                self.refuse(key, f"unknown key '{_short(name)}'; the keys are {', '.join(keys)}")
            if name in fields:
                self.refuse(key, f"'{name}' is given twice, first on line {lines[name]}; remove one")
            fields[name], lines[name] = value, self.line(key)
        return fields

    def line(self, node: yaml.Node) -> int:
        return int(node.start_mark.line) + 1

    def refuse(self, node: yaml.Node, what: str) -> NoReturn:
        raise PeaksError(f"{self.source}, line {self.line(node)}: {what}.")

    def _called(self, fields: Mapping[str, yaml.Node]) -> str:
        node = fields.get("id")
        return f" '{_short(node.value)}'" if isinstance(node, yaml.ScalarNode) and node.value else ""


def _short(value: str, limit: int = 60) -> str:
    """Quote at most ``limit`` characters of what a person wrote, on one line."""
    line = " ".join(value.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
