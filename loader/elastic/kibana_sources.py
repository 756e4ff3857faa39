"""The files under kibana/, read and packed to the NDJSON that Kibana imports.

One file holds one saved object, `kibana/<type>/<name>.json`, as Kibana exports it, with one difference: where
Kibana keeps a string of JSON, the file has the JSON itself (`JSON_STRINGS`), so that it can be read and
compared. `pack_objects` turns it into strings. The same files give the same bytes on every machine.

tests/kibana checks that the objects fit one another and both versions of Kibana.
"""
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loader.errors import PeaksError
from loader.yaml_file import read_text

SOURCES = Path(__file__).resolve().parents[2] / "kibana"

# The types of saved objects here, with their names for people; types that others refer to come first.
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

_KEYS = ("type", "id", "attributes", "references", "coreMigrationVersion", "typeMigrationVersion")

Key = tuple[str, str]  # type and id


@dataclass(frozen=True)
class SavedObject:
    """One saved object.

    Attributes:
        type: Kibana's name of the type: "index-pattern".
        id: the id under which Kibana keeps it.
        body: the object in the form of the file.
    """

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
        PeaksError: a file is no JSON or no saved object of its folder's type, or there are none.
    """
    folder = SOURCES if folder is None else folder
    objects = [_read_object(file, file.relative_to(folder.parent).as_posix())
               for file in folder.rglob("*.json")]
    if not objects:
        raise PeaksError(f"{folder} holds no saved objects: they stand in {folder.name}/<type>/<name>.json.")
    kinds = list(KINDS)
    return sorted(objects, key=lambda one: (kinds.index(one.type), one.id))


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
        raise PeaksError(
            f"{name}, line {error.lineno}: not JSON ({error.msg}, column {error.colno}); correct it."
        ) from error
    if not isinstance(body, dict) or set(body) != set(_KEYS):
        raise PeaksError(f"{name}: a saved object must have exactly the keys {', '.join(_KEYS)}.")
    if body["type"] not in KINDS or file.parent.name != body["type"]:
        raise PeaksError(f"{name}: its 'type' must be the name of its folder, one of {', '.join(KINDS)}.")
    return SavedObject(body["type"], str(body["id"]), body)


def _replace(parent: Any, path: Sequence[str]) -> Any:
    """Return a copy whose value at a path, if there is one, is a string of JSON."""
    key, *below = path
    if not isinstance(parent, dict) or key not in parent:
        return parent
    return {**parent, key: _replace(parent[key], below) if below else _dump(parent[key])}


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
