"""A catalogue of peaks or concepts as a YAML file: written by hand, so it is read strictly."""
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from loader.errors import PeaksError
from loader.peaks.catalogue import UNDETERMINED, Entry, EntryT, NamesByLanguage, Peak
from loader.peaks.confirmed import NO_PEAK
from loader.place import Point
from loader.text import shorten
from loader.yaml_file import YamlReader, read_text

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# A BCP 47 tag's primary language subtag (ISO 639-1, or 639-2 and 639-3 where there is no two-letter code).
LANGUAGE = re.compile(r"[a-z]{2,3}")
DECIMAL = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
WHOLE = re.compile(r"[-+]?\d+")
ID_LIMIT = 100  # characters; Elasticsearch takes 512 bytes
NAME_LIMIT = 200  # characters; the text encoder reads 64 tokens
# The Dead Sea's shore and Mount Everest, with room for a survey that moves them.
LOWEST_M, HIGHEST_M = -500, 9000


def read_catalogue(path: Path, kind: type[EntryT]) -> list[EntryT]:
    """Read a catalogue, or refuse it whole.

    Args:
        path: a YAML file: a list of ``{id, names}``, for peaks ``{id, names, latlon: {lat, lon}, elev_m}``
            too; ``elev_m`` is optional, ``names`` a list, or a mapping of languages to lists.
        kind: `Peak` or `Concept`.

    Raises:
        PeaksError: one sentence with the file and the line of the first thing that is wrong.
    """
    return parse_catalogue(read_text(path), str(path), kind)


def parse_catalogue(text: str, source: str, kind: type[EntryT]) -> list[EntryT]:
    """Read a catalogue from its text; ``source`` is the name that errors give it (see `read_catalogue`)."""
    entries: dict[str, EntryT] = {}
    lines: dict[str, int] = {}
    for line, entry in read_entries(text, source, kind):
        if isinstance(entry, PeaksError):
            raise entry
        if entry.id in entries:
            raise PeaksError(
                f"{source}: the id '{entry.id}' stands on line {lines[entry.id]} and again on line {line}; "
                f"an id names one {kind.noun}, so remove or rename one of them."
            )
        entries[entry.id], lines[entry.id] = entry, line
    return list(entries.values())


def format_catalogue(peaks: Iterable[Peak], origin: str) -> str:
    """Return the text that `parse_catalogue` reads as these peaks.

    Args:
        peaks: with positions.
        origin: where they come from and the licence that must be named with them.
    """
    entries = []
    for peak in peaks:
        assert peak.position is not None
        names = {language: list(listed) for language, listed in peak.names_by_language.items()}
        entry: dict[str, Any] = {
            "id": peak.id,
            "names": list(peak.names) if names.keys() <= {UNDETERMINED} else names,
            "latlon": {"lat": peak.position.lat, "lon": peak.position.lon},
        }
        entries.append(entry if peak.elev_m is None else {**entry, "elev_m": peak.elev_m})
    text = yaml.safe_dump(
        entries, allow_unicode=True, sort_keys=False, default_flow_style=None, width=10**6
    )
    return f"# From {origin}, by `peaks catalog import`.\n{text}"


def read_entries(text: str, source: str, kind: type[EntryT]) -> Iterator[tuple[int, EntryT | PeaksError]]:
    """Yield every entry with the line of its id, or what is wrong with it with the line that it begins on.

    Raises:
        PeaksError: the text is no list of entries.
    """
    reader = _EntryReader(source, kind)
    for item in reader.listed(text):
        try:
            fields = reader.fields(item)
            slug, names = reader.slug(fields["id"]), reader.names(fields["names"])
            entry = kind(slug, _flatten(names), names_by_language=names, **reader.facts(fields))
        except PeaksError as refused:
            yield reader.line(item), refused
        else:
            yield reader.line(fields["id"]), entry


def _flatten(names: NamesByLanguage) -> tuple[str, ...]:
    """All names in the order in which they are listed; one that several languages share stands once.

    Case does not make another name: the text model lower-cases, and a name given twice would weigh twice.
    """
    unique: dict[str, str] = {}
    for listed in names.values():
        for name in listed:
            unique.setdefault(name.casefold(), name)
    return tuple(unique.values())


@dataclass(frozen=True)
class _EntryReader(YamlReader):
    """Reads YAML nodes as parts of entries."""

    kind: type[Entry]

    def listed(self, text: str) -> list[yaml.Node]:
        """Return the nodes of the entries: at least one."""
        noun, root = self.kind.noun, self.compose(text)
        shape = f"the catalogue must be a list of {noun}s, each starting with '- id:'"
        items = [] if root is None else self.items(root, shape)
        if not items:
            raise PeaksError(f"{self.source} holds no {noun}: give at least one '- id: …' entry.")
        return items

    def fields(self, item: yaml.Node) -> dict[str, yaml.Node]:
        """Return the fields of an entry; all required ones are there."""
        noun, required = self.kind.noun, self.kind.required
        shape = f"a {noun} must be given as {', '.join(f'{key}: …' for key in required)}"
        fields = self.mapping(item, self.kind.keys, shape)
        for key in required:
            if key not in fields:
                node = fields.get("id")
                written = node.value if isinstance(node, yaml.ScalarNode) else ""
                called = f" '{shorten(written)}'" if written else ""
                self.refuse(item, f"the {noun}{called} has no '{key}'; add it")
        return fields

    def slug(self, node: yaml.Node) -> str:
        """Read an id."""
        value = self.text(node, "the id")
        if not SLUG.fullmatch(value) or len(value) > ID_LIMIT:
            self.refuse(
                node,
                f"the id '{shorten(value)}' is not a slug; use lower-case letters a-z, digits and single "
                f"hyphens, as in '{self.kind.example[0]}'",
            )
        if value == NO_PEAK and self.kind is Peak:
            self.refuse(node, f"the id '{NO_PEAK}' is a person's word for no peak; give the peak another id")
        return value

    def names(self, node: yaml.Node) -> NamesByLanguage:
        """Read a list of names, or a list for each language; the list's language is `UNDETERMINED`."""
        if isinstance(node, yaml.MappingNode):
            listed = {self._language(key): value for key, value in self.pairs(node)}
        else:
            example = f"[\"{self.kind.example[1]}\"]"
            either = f"'names' must be a list, as in {example}, or a list for each language"
            self.items(node, f"{either}, as in {{en: {example}}}")
            listed = {UNDETERMINED: node}
        if not node.value:
            self.refuse(node, f"'names' is empty; a {self.kind.noun} needs at least one name")
        return {language: self._list_of_names(value, language) for language, value in listed.items()}

    def _language(self, node: yaml.Node) -> str:
        written = node.value if isinstance(node, yaml.ScalarNode) else "(not a word)"
        if not LANGUAGE.fullmatch(written):
            what = f"'{shorten(written)}' is no language"
            self.refuse(node, f"{what}; give its BCP 47 code, as in 'en' or 'ne'")
        return str(written)

    def _list_of_names(self, node: yaml.Node, language: str) -> tuple[str, ...]:
        place = f"in one {self.kind.noun}" if language == UNDETERMINED else f"under '{language}'"
        nodes = self.items(node, f"the names {place} must be a list, as in [\"{self.kind.example[1]}\"]")
        if not nodes:
            self.refuse(node, f"there is no name {place}; write one or leave the language out")
        seen: dict[str, str] = {}
        for item in nodes:
            name = self._name(item)
            if name.casefold() in seen:
                self.refuse(item, f"the name '{shorten(name)}' stands twice {place}; remove one")
            seen[name.casefold()] = name
        return tuple(seen.values())

    def _name(self, node: yaml.Node) -> str:
        """Read one name; runs of blanks become one."""
        name = " ".join(self.text(node, "a name").split())
        if not name:
            self.refuse(node, f"a name is empty; write the {self.kind.noun}'s name")
        if len(name) > NAME_LIMIT:
            self.refuse(node, f"the name '{shorten(name)}' has more than {NAME_LIMIT} characters; shorten it")
        if "|" in name:
            what = f"the name '{shorten(name)}' holds '|', which separates names"
            self.refuse(node, f"{what}; give two names")
        return name

    def facts(self, fields: Mapping[str, yaml.Node]) -> dict[str, Any]:
        """Read what only peaks have."""
        facts: dict[str, Any] = {}
        if "latlon" in fields:
            facts["position"] = self._position(fields["latlon"])
        if "elev_m" in fields:
            facts["elev_m"] = self._elevation(fields["elev_m"])
        return facts

    def _position(self, node: yaml.Node) -> Point:
        shape = "'latlon' must be {lat: …, lon: …} in degrees"
        fields = self.mapping(node, ("lat", "lon"), shape)
        if len(fields) < 2:
            self.refuse(node, shape)
        lat = self._number(fields["lat"], "the latitude", "degrees", -90, 90)
        lon = self._number(fields["lon"], "the longitude", "degrees", -180, 180)
        if lat == 0 and lon == 0:
            self.refuse(node, "latitude 0, longitude 0 is open sea; give the peak's position")
        return Point(lat, lon)

    def _elevation(self, node: yaml.Node) -> int | None:
        if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null"):
            return None
        value = self._number(node, "the height elev_m", "metres", LOWEST_M, HIGHEST_M)
        if not WHOLE.fullmatch(str(node.value)):
            self.refuse(node, f"the height elev_m {node.value} must be whole metres")
        return int(value)

    def _number(self, node: yaml.Node, what: str, unit: str, low: float, high: float) -> float:
        # YAML 1.1 would read 27:59:18 as the integer 101958: only plain decimals are taken.
        if not isinstance(node, yaml.ScalarNode):
            self.refuse(node, f"{what} must be a number of {unit}")
        written = node.value
        if node.style or not DECIMAL.fullmatch(written):
            self.refuse(node, f"{what} '{shorten(written)}' is not a plain number of {unit}")
        value = float(written)
        if not low <= value <= high:
            self.refuse(node, f"{what} {shorten(written)} is impossible; it must be {low} to {high} {unit}")
        return value
