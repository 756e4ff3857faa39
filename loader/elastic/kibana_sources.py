"""The files under kibana/, read, checked and packed to the NDJSON that Kibana imports.

One file holds one saved object, `kibana/<type>/<name>.json`, as Kibana exports it but for one thing: what
Kibana keeps as a string of JSON stands there as the JSON itself (`JSON_STRINGS`), so that it can be read and
compared. `pack_objects` turns it into strings. The same files give the same bytes on every machine.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from loader.errors import PeaksError
from loader.yaml_file import read_text, shorten

SOURCES = Path(__file__).resolve().parents[2] / "kibana"

# Saved-object types that are written here, with their names for people; those that others refer to first.
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

# The newest versions that Kibana 8.19 knows. It refuses newer ones; older ones it migrates, and so does 9.x.
NEWEST = {
    "index-pattern": "8.0.0",
    "search": "10.5.0",
    "map": "8.4.0",
    "lens": "8.9.0",
    "dashboard": "10.3.0",
}
NEWEST_CORE = "8.8.0"

_KEYS = ("type", "id", "attributes", "references", "coreMigrationVersion", "typeMigrationVersion")

# An import overwrites what has the same id: the prefix keeps it away from a person's own objects.
_ID = re.compile(r"peaks-[a-z0-9][a-z0-9_-]*")

Key = tuple[str, str]  # type and id


@dataclass(frozen=True)
class SavedObject:
    """One saved object.

    Attributes:
        file: its source, as errors name it.
        type: Kibana's name of the type: "index-pattern".
        id: the id under which Kibana keeps it.
        body: the object in the form of the file.
    """

    file: str
    type: str
    id: str
    body: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """Its type and id, which no other object has."""
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


def read_objects(folder: Path | None = None) -> list[SavedObject]:
    """Read every object, those first that others refer to.

    Args:
        folder: holds a folder for each type [default `SOURCES`].

    Raises:
        PeaksError: a file is no JSON or no saved object for Kibana 8.19 and 9.x, two files hold the same
            object, or a reference leads nowhere.
    """
    folder = SOURCES if folder is None else folder
    by_key: dict[Key, SavedObject] = {}
    for file in sorted(folder.rglob("*.json")):
        one = _read_object(file, f"{folder.name}/{file.relative_to(folder).as_posix()}")
        if one.key in by_key:
            _refuse(one.file, f"{by_key[one.key].file} holds the {one.kind} {one.id} too; give it another id")
        by_key[one.key] = one
    if not by_key:
        raise PeaksError(f"{folder} holds no saved objects: they stand in {folder.name}/<type>/<name>.json.")
    for one in by_key.values():
        _check_references(one, by_key)
    kinds = list(KINDS)
    return sorted(by_key.values(), key=lambda one: (kinds.index(one.type), one.id))


def pack_objects(objects: Sequence[SavedObject]) -> bytes:
    """Return objects as NDJSON: one line each, strings of JSON where Kibana wants them, UTF-8."""
    return b"".join(_pack(one) for one in objects)


def _pack(one: SavedObject) -> bytes:
    attributes = one.body["attributes"]
    for path in JSON_STRINGS[one.type]:
        attributes = _replace(attributes, path.split("."))
    return _dump({**one.body, "attributes": attributes}).encode() + b"\n"


def _read_object(file: Path, name: str) -> SavedObject:
    try:
        body = json.loads(read_text(file))
    except json.JSONDecodeError as error:
        _refuse(f"{name}, line {error.lineno}", f"not JSON ({error.msg}, column {error.colno}); correct it")
    if not isinstance(body, dict) or set(body) != set(_KEYS):
        _refuse(name, f"a saved object must have exactly the keys {', '.join(_KEYS)}")
    one = SavedObject(name, str(body["type"]), str(body["id"]), body)
    if one.type not in KINDS or file.parent.name != one.type:
        _refuse(name, f"its 'type' must be the name of its folder, one of {', '.join(KINDS)}")
    if not _ID.fullmatch(one.id):
        _refuse(name, f"the id '{shorten(one.id)}' is not 'peaks-' and lower-case letters, digits, - and _")
    _check_version(one, "coreMigrationVersion", NEWEST_CORE)
    _check_version(one, "typeMigrationVersion", NEWEST[one.type])
    attributes = body["attributes"]
    if not isinstance(attributes, dict) or not isinstance(attributes.get("title"), str):
        _refuse(name, "'attributes' must be an object with a 'title'")
    for path in JSON_STRINGS[one.type]:
        if isinstance(_find(attributes, path), str):
            _refuse(name, f"'{path}' is a string of JSON; write the JSON itself")
    return one


def _check_version(one: SavedObject, key: str, newest: str) -> None:
    """Without a version Kibana runs every migration since 6.x."""
    version = str(one.body[key])
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or _order(version) > _order(newest):
        _refuse(one.file, f"'{key}' {shorten(version)} is no version that Kibana 8.19 takes, up to {newest}")


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _check_references(one: SavedObject, objects: Mapping[Key, SavedObject]) -> None:
    """Every reference leads to one of the objects, and every name of a reference that is used exists."""
    try:
        targets = {ref["name"]: (ref["type"], ref["id"]) for ref in one.body["references"]}
    except (KeyError, TypeError):
        _refuse(one.file, "'references' must be a list of objects with the keys type, id and name")
    for name, target in targets.items():
        if target not in objects:
            what = f"the reference '{shorten(name)}' leads to {shorten(' '.join(target))}"
            _refuse(one.file, f"{what}, which is in no file; correct it or add the file")
    for used in _used_names(one.body["attributes"]):
        # A dashboard's panel leaves out what its reference's name has before the colon, the panel's index.
        if not any(name == used or name.endswith(f":{used}") for name in targets):
            _refuse(one.file, f"'{shorten(used)}' is the name of no reference; add it to 'references'")


def _used_names(value: Any) -> Iterator[str]:
    """Yield the values of indexRefName, indexPatternRefName, panelRefName … in attributes."""
    if isinstance(value, dict):
        yield from (item for key, item in value.items() if key.endswith("RefName"))
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from _used_names(item)


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
