"""The files under kibana/: read strictly, refused in one sentence, packed to the same bytes everywhere."""
from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loader.cli import peaks
from loader.elastic.assets import NAMED_MODEL
from loader.elastic.kibana_sources import JSON_STRINGS, SOURCES, pack_objects, read_objects
from loader.errors import PeaksError

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
        (lambda body: body.pop("references"), "must have exactly the keys type"),
        (lambda body: body.update(version="abc"), "must have exactly the keys type"),
        (lambda body: body.update(type="lens"), "'type' must be the name of its folder"),
        (lambda body: body.update(id="peaks-Trek"), "the id 'peaks-Trek' is not 'peaks-' and lower"),
        (lambda body: body.update(id="logs"), "the id 'logs' is not 'peaks-'"),  # it would be overwritten
        (lambda body: body.update(coreMigrationVersion="9.0.0"), "9.0.0 is no version"),
        (lambda body: body.update(typeMigrationVersion="8.10.0"), "8.10.0 is no version that Kibana"),
        (lambda body: body.update(typeMigrationVersion=None), "is no version that Kibana 8.19 takes"),
        (lambda body: body["attributes"].pop("title"), "'attributes' must be an object with a 'title'"),
        (lambda body: body["attributes"].update(layerListJSON="[]"), "'layerListJSON' is a string of JSON"),
        (lambda body: body.update(references={}), "is the name of no reference"),
        (lambda body: body.update(references=["x"]), "'references' must be a list of objects"),
        (lambda body: body["references"][0].update(id="peaks-x"),
         "the reference 'layer_1_source_index_pattern' leads to index-pattern peaks-x, which is in no file"),
        (lambda body: body["references"][0].update(name="x"),
         "'layer_1_source_index_pattern' is the name of no reference"),
    ],
)
def test_no_saved_object_for_both_kibanas(folder: Path, change: Callable[[Body], object], said: str) -> None:
    spoil(folder / MAP, change)
    refused = refusal(folder)
    assert refused.startswith(f"kibana/{MAP}: ") and said in refused


def test_a_panel_needs_its_reference(folder: Path) -> None:
    spoil(folder / "dashboard" / "trek.json", lambda body: body["references"].pop(0))
    assert "'panel_rail' is the name of no reference" in refusal(folder)


def test_same_object_in_two_files(folder: Path) -> None:
    shutil.copy(folder / MAP, folder / "map" / "twin.json")
    assert f"kibana/{MAP} holds the map peaks-photos-and-peaks too" in refusal(folder)
    shutil.rmtree(folder)
    assert "holds no saved objects" in refusal(folder)


def build(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(peaks, ["kibana", "build", *arguments])
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
    code, said = build("--output", str(tmp_path / "nowhere" / "peaks.ndjson"))
    assert code == 1 and "cannot be written (No such file or directory)" in said
