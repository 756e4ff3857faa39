"""The files under kibana/: read strictly, refused in one sentence, packed to the same bytes everywhere."""
from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from loader.elastic.assets import NAMED_MODEL
from loader.elastic.kibana_sources import JSON_STRINGS, SOURCES, pack_objects, read_objects
from loader.errors import PeaksError
from tests.conftest import invoke

# The newest versions that Kibana 8.19 knows.
NEWEST = {
    "index-pattern": "8.0.0", "search": "10.5.0", "map": "8.4.0", "lens": "8.9.0", "dashboard": "10.3.0",
}
NEWEST_CORE = "8.8.0"

MAP = "map/photos-and-peaks.json"
Body = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the sources, to be spoilt."""
    return Path(shutil.copytree(SOURCES, tmp_path / "kibana"))


def refusal(folder: Path) -> str:
    """The one sentence with which a folder is refused."""
    with pytest.raises(PeaksError) as refused:
        read_objects(folder)
    assert "\n" not in refused.value.message and refused.value.message.endswith(".")
    return refused.value.message


def spoil(file: Path, change: Callable[[Body], object]) -> None:
    body = json.loads(file.read_text(encoding="utf-8"))
    change(body)
    file.write_text(json.dumps(body), encoding="utf-8")


def test_what_is_referred_to_comes_first() -> None:
    objects = read_objects()
    places = {one.key: place for place, one in enumerate(objects)}
    for one in objects:
        assert all(places[ref["type"], ref["id"]] < places[one.key] for ref in one.body["references"])


def test_exactly_what_kibana_keeps_as_strings_becomes_strings() -> None:
    objects = read_objects()
    lines = pack_objects(objects).decode().splitlines()
    for one, line in zip(objects, map(json.loads, lines), strict=True):
        unpacked = deepcopy(line)
        for path in JSON_STRINGS[one.type]:
            *above, last = path.split(".")
            parent = unpacked["attributes"]
            for key in above:
                parent = parent[key]
            if last in parent:
                assert isinstance(parent[last], str)
                parent[last] = json.loads(parent[last])
        assert unpacked == one.body, "and nothing else is changed"
    assert sum(isinstance(value, str) for value in json.loads(lines[-1])["attributes"].values()) >= 4


def test_bytes_are_stable_readable_and_name_no_model(folder: Path) -> None:
    packed = pack_objects(read_objects())
    assert pack_objects(read_objects(folder)) == packed
    assert "°".encode() in packed and packed.count(b"\n") == len(list(SOURCES.rglob("*.json")))
    assert NAMED_MODEL.encode() not in packed and b"siglip" not in packed.lower()
    assert len(packed) < 26_214_400  # Kibana's savedObjects.maxImportPayloadBytes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'{\n  "type": "map",\n  "id" "peaks-x"\n}', "kibana/map/x.json, line 3: not JSON"),
        (b"", "kibana/map/x.json, line 1: not JSON"),
        (b"[]", "must have exactly the keys type, id, attributes"),
        (b'{\n"type": "\xff"}', ", line 2: not UTF-8"),
    ],
)
def test_not_json(folder: Path, text: bytes, said: str) -> None:
    (folder / "map" / "x.json").write_bytes(text)
    assert said in refusal(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda body: body.update(version="abc"), "must have exactly the keys type"),
        (lambda body: body.update(type="lens"), "'type' must be the name of its folder"),
    ],
)
def test_no_saved_object(folder: Path, change: Callable[[Body], object], said: str) -> None:
    spoil(folder / MAP, change)
    refused = refusal(folder)
    assert refused.startswith(f"kibana/{MAP}: ") and said in refused


def test_no_objects_at_all(tmp_path: Path) -> None:
    assert "holds no saved objects" in refusal(tmp_path)


def test_objects_are_both_kibanas_and_overwrite_nobodys() -> None:
    """Kibana refuses newer versions than its own, migrates older ones and overwrites the same ids."""
    objects = read_objects()
    assert len({one.key for one in objects}) == len(objects)
    for one in objects:
        assert re.fullmatch(r"peaks-[a-z0-9][a-z0-9_-]*", one.id)
        assert version(one.body["coreMigrationVersion"]) <= version(NEWEST_CORE)
        assert version(one.body["typeMigrationVersion"]) <= version(NEWEST[one.type])


def version(written: str) -> list[int]:
    return [int(part) for part in written.split(".")]


def build(*arguments: str) -> tuple[int, str]:
    result = invoke("kibana", "build", *arguments)
    return result.exit_code, result.output


def test_command_writes_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = build()
    written = (tmp_path / "peaks.ndjson").read_bytes()
    assert code == 0 and written == pack_objects(read_objects())
    assert "map                 peaks-photos-and-peaks  (Photos and peaks)" in said
    assert said.splitlines()[-1] == f"peaks.ndjson: 9 objects, {len(written):,} bytes"


def test_command_refuses_in_one_sentence(tmp_path: Path) -> None:
    code, said = build("--output", str(tmp_path / "peaks.json"))
    assert code == 1 and said.startswith("Error: Kibana imports only files whose names end in .ndjson")
    (tmp_path / "file").touch()
    code, said = build("--output", str(tmp_path / "file" / "peaks.ndjson"))
    assert code == 1 and "file/peaks.ndjson (File exists): name a file in a folder that you can write" in said
