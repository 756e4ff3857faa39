"""The files under kibana/, read, checked and packed to the NDJSON that Kibana imports.

One file holds one saved object, `kibana/<type>/<name>.json`, as Kibana exports it but for one thing: what
Kibana keeps as a string of JSON stands there as the JSON itself (`JSON_STRINGS`), so that it can be read and
compared. `pack_objects` turns it into strings. The same bytes come out of the same files on every machine.

What one Kibana accepts and another refuses is decided by `typeMigrationVersion`: an object written at the
version of `NEWEST` is taken by Kibana 8.19 and by 9.x, which migrates it.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, NoReturn

from loader.errors import PeaksError
from loader.yaml_file import read_text, shorten

SOURCES = Path(__file__).resolve().parents[2] / "kibana"

# Saved-object types that are written here, with their names for people.
KINDS = {
    "index-pattern": "data view",
    "search": "Discover session",
    "map": "map",
    "lens": "Lens visualization",
    "dashboard": "dashboard",
}

# Attributes that Kibana keeps as strings of JSON, as paths from `attributes`.
JSON_STRINGS: Mapping[str, tuple[str, ...]] = {
    "index-pattern": ("fieldFormatMap", "fieldAttrs", "runtimeFieldMap", "sourceFilters"),
    "search": ("kibanaSavedObjectMeta.searchSourceJSON",),
    "map": ("layerListJSON", "mapStateJSON", "uiStateJSON"),
    "lens": (),
    "dashboard": (
        "panelsJSON",
        "optionsJSON",
        "kibanaSavedObjectMeta.searchSourceJSON",
        "controlGroupInput.panelsJSON",
        "controlGroupInput.ignoreParentSettingsJSON",
    ),
}

# The newest versions of the types that Kibana 8.19 knows; it refuses an object of a newer one.
NEWEST = {
    "index-pattern": "8.0.0",
    "search": "10.5.0",
    "map": "8.4.0",
    "lens": "8.9.0",
    "dashboard": "10.3.0",
}
NEWEST_CORE = "8.8.0"

# In the order in which Kibana writes them.
_KEYS = ("type", "id", "attributes", "references", "coreMigrationVersion", "typeMigrationVersion")
_REFERENCE_KEYS = ("type", "id", "name")

# An import overwrites what has the same id: the prefix keeps it away from a person's own objects.
_ID = re.compile(r"peaks-[a-z0-9][a-z0-9_-]*")
_VERSION = re.compile(r"\d+\.\d+\.\d+")

Key = tuple[str, str]  # type and id


@dataclass(frozen=True)
class SavedObject:
    """One saved object.

    Attributes:
        file: its source, as errors name it.
        body: the object in the form of the file, its keys in Kibana's order.
    """

    file: str
    body: Mapping[str, Any]

    @property
    def type(self) -> str:
        """Kibana's name of the type: "index-pattern"."""
        return str(self.body["type"])

    @property
    def id(self) -> str:
        """The id under which Kibana keeps it."""
        return str(self.body["id"])

    @property
    def key(self) -> Key:
        """What tells it from every other object: its type and id."""
        return self.type, self.id

    @property
    def kind(self) -> str:
        """The type for people: "data view"."""
        return KINDS[self.type]

    @property
    def title(self) -> str:
        """The name that people see in Kibana; a data view's `title` is the pattern of its indices."""
        attributes = self.body["attributes"]
        return str(attributes.get("name") or attributes["title"])

    @property
    def targets(self) -> list[Key]:
        """The objects it refers to."""
        return [(reference["type"], reference["id"]) for reference in self.body["references"]]


def read_objects(folder: Path | None = None) -> list[SavedObject]:
    """Read every object, those first that others refer to.

    Args:
        folder: holds a folder for each type [default `SOURCES`].

    Raises:
        PeaksError: a file is no JSON or no saved object for Kibana 8.19 and 9.x, two files hold the same
            object, or a reference leads nowhere or in a circle.
    """
    folder = SOURCES if folder is None else folder
    objects = [_read_object(file, folder) for file in sorted(folder.rglob("*.json"))]
    if not objects:
        raise PeaksError(f"{folder} holds no saved objects: they stand in {folder.name}/<type>/<name>.json.")
    by_key: dict[Key, SavedObject] = {}
    for one in objects:
        if one.key in by_key:
            first = by_key[one.key].file
            _refuse(one.file, f"the {one.kind} {one.id} stands in {first} already; give it another id")
        by_key[one.key] = one
    for one in objects:
        _check_references(one, by_key)
    return _sort(by_key)


def pack_objects(objects: Sequence[SavedObject]) -> bytes:
    """Return objects as NDJSON: one line each, strings of JSON where Kibana wants them, UTF-8."""
    return b"".join(_dump(_stringify(one)).encode() + b"\n" for one in objects)


def _read_object(file: Path, folder: Path) -> SavedObject:
    name = f"{folder.name}/{file.relative_to(folder).as_posix()}"
    body = _parse(read_text(file), name)
    body = _check_keys(body, _KEYS, name, "a saved object")
    one = SavedObject(name, body)
    if one.type not in KINDS:
        _refuse(name, f"the type '{shorten(one.type)}' is not packed; the types are {', '.join(KINDS)}")
    if file.relative_to(folder).parts[:-1] != (one.type,):
        _refuse(name, f"this is a {one.kind}; move it to {folder.name}/{one.type}/")
    if not _ID.fullmatch(one.id):
        _refuse(name, f"the id '{shorten(one.id)}' is not 'peaks-' and lower-case letters, digits, - and _")
    _check_version(name, "coreMigrationVersion", body["coreMigrationVersion"], NEWEST_CORE)
    _check_version(name, "typeMigrationVersion", body["typeMigrationVersion"], NEWEST[one.type])
    _check_attributes(one)
    return one


def _parse(text: str, name: str) -> Any:
    """Parse JSON strictly: no NaN, and no key twice in one object, of which all but one would be lost."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                _refuse(name, f"the key '{shorten(key)}' stands twice in one object; remove one")
        return dict(pairs)

    def refuse_constant(constant: str) -> NoReturn:
        _refuse(name, f"{constant} is not JSON; write a number or null")

    try:
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        raise PeaksError(
            f"{name}, line {error.lineno}: not JSON ({error.msg}, column {error.colno}); correct it there."
        ) from error


def _check_keys(value: Any, keys: tuple[str, ...], name: str, noun: str) -> dict[str, Any]:
    """Return an object in the order of its keys, which must be exactly these."""
    if not isinstance(value, dict):
        _refuse(name, f"{noun} must be an object with the keys {', '.join(keys)}")
    for key in keys:
        if key not in value:
            _refuse(name, f"{noun} needs the key '{key}'")
    for key in value:
        if key not in keys:
            _refuse(name, f"unknown key '{shorten(key)}' of {noun}; the keys are {', '.join(keys)}")
    return {key: value[key] for key in keys}


def _check_version(name: str, key: str, version: Any, newest: str) -> None:
    """Without a version Kibana runs every migration since 6.x, and a newer one than it knows it refuses."""
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        _refuse(name, f"'{key}' must be a version such as '{newest}'")
    if _order(version) > _order(newest):
        _refuse(name, f"Kibana 8.19 refuses '{key}' {version}; the newest that it takes is {newest}")


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _check_attributes(one: SavedObject) -> None:
    attributes, references = one.body["attributes"], one.body["references"]
    if not isinstance(attributes, dict) or not isinstance(attributes.get("title"), str):
        _refuse(one.file, "'attributes' must be an object with a 'title'")
    for path in JSON_STRINGS[one.type]:
        if isinstance(_find(attributes, path), str):
            _refuse(one.file, f"'{path}' is a string of JSON; write the JSON itself")
    if not isinstance(references, list):
        _refuse(one.file, "'references' must be a list")
    for reference in references:
        for key, value in _check_keys(reference, _REFERENCE_KEYS, one.file, "a reference").items():
            if not isinstance(value, str):
                _refuse(one.file, f"the '{key}' of a reference must be text")


def _check_references(one: SavedObject, objects: Mapping[Key, SavedObject]) -> None:
    """Every reference leads to one of the objects, and every name of a reference that is used exists."""
    names = [reference["name"] for reference in one.body["references"]]
    for name, target in zip(names, one.targets, strict=True):
        if target not in objects:
            what = f"the reference '{shorten(name)}' leads to {shorten(' '.join(target))}"
            _refuse(one.file, f"{what}, which is in no file; correct it or add the file")
        if names.count(name) > 1:
            _refuse(one.file, f"two references are named '{shorten(name)}'; rename one")
    for used in _used_names(one.body["attributes"]):
        # A dashboard's panel leaves out what its reference's name has before the colon, the panel's index.
        if not any(name == used or name.endswith(f":{used}") for name in names):
            _refuse(one.file, f"'{shorten(used)}' is the name of no reference; add it to 'references'")


def _used_names(value: Any) -> Iterator[str]:
    """Yield the values of indexRefName, indexPatternRefName, panelRefName … in attributes."""
    if isinstance(value, list):
        for item in value:
            yield from _used_names(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key.endswith("RefName") and isinstance(item, str):
                yield item
            else:
                yield from _used_names(item)


def _sort(objects: Mapping[Key, SavedObject]) -> list[SavedObject]:
    """What is referred to comes first; what is ready at the same time goes by type and id."""
    sorter = TopologicalSorter({key: one.targets for key, one in objects.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " → ".join(objects[key].file for key in error.args[1])
        raise PeaksError(f"References go in a circle, {circle}: remove one of them.") from error
    kinds, in_order = list(KINDS), list[SavedObject]()
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda key: (kinds.index(key[0]), key[1]))
        in_order += [objects[key] for key in ready]
        sorter.done(*ready)
    return in_order


def _stringify(one: SavedObject) -> dict[str, Any]:
    attributes = one.body["attributes"]
    for path in JSON_STRINGS[one.type]:
        attributes = _replace(attributes, path.split("."))
    return {**one.body, "attributes": attributes}


def _replace(parent: Any, path: Sequence[str]) -> Any:
    """Return a copy whose value at a path, if there is one, is a string of JSON."""
    key, *below = path
    if not isinstance(parent, dict) or key not in parent:
        return parent
    return {**parent, key: _replace(parent[key], below) if below else _dump(parent[key])}


def _find(parent: Any, path: str) -> Any:
    for key in path.split("."):
        parent = parent.get(key) if isinstance(parent, dict) else None
    return parent


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _refuse(name: str, what: str) -> NoReturn:
    raise PeaksError(f"{name}: {what}.")
