"""Sources of saved objects: read strictly, refused in one sentence, packed to the same bytes everywhere."""
from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from loader.cli import peaks
from loader.elastic import kibana_sources as sources
from loader.elastic.assets import NAMED_MODEL
from loader.elastic.kibana_sources import SOURCES, pack_objects, read_objects
from loader.errors import PeaksError
from tests.kibana.saved_object_files import (
    ALL,
    CHART,
    DASHBOARD,
    DATA_VIEW,
    MAP,
    SEARCH,
    source,
    write_sources,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_sources(tmp_path / "kibana", *ALL)


def refusal(folder: Path) -> str:
    """The one sentence with which a folder is refused."""
    with pytest.raises(PeaksError) as refused:
        read_objects(folder)
    message = refused.value.message
    assert "\n" not in message and message.endswith(".")
    return message


def changed(one: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**one, **changes}


def packed_lines(folder: Path) -> dict[str, dict[str, Any]]:
    lines = pack_objects(read_objects(folder)).decode().splitlines()
    return {line["id"]: line for line in map(json.loads, lines)}


def test_what_is_referred_to_comes_first(folder: Path) -> None:
    objects = read_objects(folder)
    places = {one.key: place for place, one in enumerate(objects)}
    assert len(objects) == len(ALL)
    for one in objects:
        assert all(places[target] < places[one.key] for target in one.targets)


def test_bytes_are_stable(folder: Path, tmp_path: Path) -> None:
    first = pack_objects(read_objects(folder))
    elsewhere = write_sources(tmp_path / "elsewhere" / "kibana", *reversed(ALL))
    assert pack_objects(read_objects(elsewhere)) == first
    assert first.endswith(b"}\n") and first.count(b"\n") == len(ALL)
    assert "Photo, “as filed”".encode() in first  # not escaped: readable, and shorter


def test_lines_are_whole_saved_objects(folder: Path) -> None:
    for line in pack_objects(read_objects(folder)).decode().splitlines():
        keys = ["type", "id", "attributes", "references", "coreMigrationVersion", "typeMigrationVersion"]
        assert list(json.loads(line)) == keys


def test_exactly_what_kibana_keeps_as_strings_becomes_strings(folder: Path) -> None:
    lines = packed_lines(folder)
    strings = {
        "peaks-photos": ("fieldFormatMap", "fieldAttrs", "sourceFilters"),
        "peaks-gallery": ("kibanaSavedObjectMeta.searchSourceJSON",),
        "peaks-photos-and-peaks": ("layerListJSON", "mapStateJSON", "uiStateJSON"),
        "peaks-photos-a-day": (),
        "peaks-trek": ("panelsJSON", "optionsJSON", "kibanaSavedObjectMeta.searchSourceJSON",
                       "controlGroupInput.panelsJSON", "controlGroupInput.ignoreParentSettingsJSON"),
    }
    for one in ALL:
        unpacked = deepcopy(lines[one["id"]])
        for path in strings[one["id"]]:
            *above, last = path.split(".")
            parent = unpacked["attributes"]
            for key in above:
                parent = parent[key]
            assert isinstance(parent[last], str)
            parent[last] = json.loads(parent[last])
        assert unpacked == one  # and nothing else is another


def test_json_within_a_string_stays_as_it_is(folder: Path) -> None:
    """A data view inside a map keeps its field attributes as an object, as Maps reads it."""
    state = json.loads(packed_lines(folder)["peaks-photos-and-peaks"]["attributes"]["mapStateJSON"])
    assert state["adHocDataViews"][0]["fieldAttrs"] == {"gps": {"customLabel": "Place"}}


def test_ids_may_be_shared_by_types_as_in_kibana(folder: Path) -> None:
    write_sources(folder, source("lens", "peaks-trek", {"title": "Trek"}))
    assert len(read_objects(folder)) == len(ALL) + 1


def test_same_object_in_two_files(folder: Path) -> None:
    twin = folder / "map" / "twin.json"
    twin.write_text(json.dumps(MAP), encoding="utf-8")
    refused = refusal(folder)
    assert refused.startswith("kibana/map/twin.json: the map peaks-photos-and-peaks stands in ")
    assert "kibana/map/photos-and-peaks.json already" in refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n  "type": "map",\n  "id" "peaks-x"\n}', "kibana/map/x.json, line 3: not JSON"),
        ('{\n  "type": "map",\n}', "kibana/map/x.json, line"),
        ("", "kibana/map/x.json, line 1: not JSON"),
        ("[]", "must be an object with the keys"),
        ('{"type": "map", "type": "map"}', "the key 'type' stands twice in one object"),
        ('{"type": NaN}', "NaN is not JSON"),
        ('{"type": -Infinity}', "-Infinity is not JSON"),
        ('{"title\x1b[2J": 1, "title\x1b[2J": 2}', "not JSON (Invalid control character"),
    ],
)
def test_not_json(folder: Path, text: str, said: str) -> None:
    (folder / "map" / "x.json").write_text(text, encoding="utf-8")
    assert said in refusal(folder)


def test_not_utf8_names_the_line(folder: Path) -> None:
    (folder / "map" / "x.json").write_bytes(b'{\n"type": "\xff"}')
    assert ", line 2: not UTF-8" in refusal(folder)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (changed(MAP, version="abc"), "unknown key 'version' of a saved object"),
        ({key: MAP[key] for key in MAP if key != "references"}, "a saved object needs the key 'references'"),
        (changed(MAP, references={}), "'references' must be a list"),
        (changed(MAP, references=[{"type": "map", "id": "peaks-x"}]), "a reference needs the key 'name'"),
        (changed(MAP, references=["peaks-photos"]), "a reference must be an object"),
        (changed(MAP, references=[{"type": "map", "id": [], "name": "x"}]), "a reference must be text"),
        (changed(MAP, attributes=[]), "'attributes' must be an object with a 'title'"),
        (changed(MAP, attributes={"name": "Trek"}), "'attributes' must be an object with a 'title'"),
        (changed(MAP, attributes={"title": "T", "layerListJSON": "[]"}),
         "'layerListJSON' is a string of JSON; write the JSON itself"),
        (changed(SEARCH, attributes={"title": "T", "kibanaSavedObjectMeta": {"searchSourceJSON": "{}"}}),
         "'kibanaSavedObjectMeta.searchSourceJSON' is a string of JSON"),
        (changed(MAP, coreMigrationVersion="9.0.0"), "Kibana 8.19 refuses 'coreMigrationVersion' 9.0.0"),
        (changed(SEARCH, typeMigrationVersion="10.9.0"),
         "refuses 'typeMigrationVersion' 10.9.0; the newest that it takes is 10.5.0"),
        (changed(CHART, typeMigrationVersion="10.1.0"), "the newest that it takes is 8.9.0"),
        (changed(MAP, typeMigrationVersion=""), "'typeMigrationVersion' must be a version such as '8.4.0'"),
        (changed(MAP, typeMigrationVersion=None), "'typeMigrationVersion' must be a version"),
        (changed(MAP, id="peaks-Trek"), "the id 'peaks-Trek' is not 'peaks-' and lower-case letters"),
        (changed(MAP, id=7), "the id '7' is not 'peaks-'"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_no_saved_object_for_both_kibanas(tmp_path: Path, one: dict[str, Any], said: str) -> None:
    folder = write_sources(tmp_path / "kibana", DATA_VIEW)
    file = folder / one["type"] / "x.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(one), encoding="utf-8")
    refused = refusal(folder)
    assert refused.startswith(f"kibana/{one['type']}/x.json: ") and said in refused


def test_foreign_ids_are_refused_for_they_would_be_overwritten(tmp_path: Path) -> None:
    folder = write_sources(tmp_path / "kibana", changed(DATA_VIEW, id="logs"))
    assert "the id 'logs' is not 'peaks-'" in refusal(folder)


def test_unknown_type_and_wrong_folder(tmp_path: Path) -> None:
    folder = write_sources(tmp_path / "kibana", DATA_VIEW, changed(MAP, type="canvas-workpad"))
    assert "the type 'canvas-workpad' is not packed" in refusal(folder)
    folder = write_sources(tmp_path / "other" / "kibana", DATA_VIEW)
    (folder / "map").mkdir()
    (folder / "index-pattern" / "photos.json").rename(folder / "map" / "photos.json")
    assert refusal(folder) == "kibana/map/photos.json: this is a data view; move it to kibana/index-pattern/."


def test_broken_reference(tmp_path: Path) -> None:
    folder = write_sources(tmp_path / "kibana", MAP)
    assert refusal(folder) == (
        "kibana/map/photos-and-peaks.json: the reference 'layer_0_source_index_pattern' leads to "
        "index-pattern peaks-photos, which is in no file; correct it or add the file."
    )


def test_reference_of_another_type_is_broken_too(tmp_path: Path) -> None:
    wrong = changed(MAP, references=[{**MAP["references"][0], "type": "search"}])
    folder = write_sources(tmp_path / "kibana", DATA_VIEW, wrong)
    assert "leads to search peaks-photos, which is in no file" in refusal(folder)


def test_names_of_references(tmp_path: Path) -> None:
    twice = changed(MAP, references=MAP["references"] * 2)
    folder = write_sources(tmp_path / "twice" / "kibana", DATA_VIEW, twice)
    assert "two references are named 'layer_0_source_index_pattern'" in refusal(folder)
    renamed = [{**MAP["references"][0], "name": "layer_1_source_index_pattern"}]
    folder = write_sources(tmp_path / "renamed" / "kibana", DATA_VIEW, changed(MAP, references=renamed))
    assert "'layer_0_source_index_pattern' is the name of no reference" in refusal(folder)
    without = changed(DASHBOARD, references=DASHBOARD["references"][1:])
    folder = write_sources(tmp_path / "without" / "kibana", DATA_VIEW, SEARCH, MAP, CHART, without)
    assert "'panel_1' is the name of no reference" in refusal(folder)


def test_references_in_a_circle(tmp_path: Path) -> None:
    def panel(name: str, target: str) -> dict[str, Any]:
        return source("lens", name, {"title": name}, {"type": "lens", "id": target, "name": "next"})

    folder = write_sources(tmp_path / "kibana", panel("peaks-a", "peaks-b"), panel("peaks-b", "peaks-a"))
    refused = refusal(folder)
    assert "References go in a circle" in refused and "kibana/lens/a.json" in refused


def test_no_sources(tmp_path: Path) -> None:
    assert "holds no saved objects" in refusal(tmp_path / "kibana")


def build(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(peaks, ["kibana", "build", *arguments])
    return result.exit_code, result.output


def test_command_writes_one_file(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SOURCES", folder)
    monkeypatch.chdir(tmp_path)
    code, said = build()
    written = (tmp_path / "peaks.ndjson").read_bytes()
    assert code == 0 and written == pack_objects(read_objects(folder))
    assert said.splitlines() == [
        "data view           peaks-photos  (Photos)",
        "Discover session    peaks-gallery  (Gallery)",
        "map                 peaks-photos-and-peaks  (Photos and peaks)",
        "Lens visualization  peaks-photos-a-day  (Photos a day)",
        "dashboard           peaks-trek  (Trek)",
        f"peaks.ndjson: 5 objects, {len(written):,} bytes",
    ]
    assert build("--output", "other.NDJSON")[0] == 0
    assert (tmp_path / "other.NDJSON").read_bytes() == written


def test_command_refuses_in_one_sentence(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "SOURCES", folder)
    code, said = build("--output", str(tmp_path / "peaks.json"))
    assert code == 1 and said.startswith("Error: Kibana imports only files whose names end in .ndjson")
    code, said = build("--output", str(tmp_path / "nowhere" / "peaks.ndjson"))
    assert code == 1 and "cannot be written (No such file or directory)" in said
    (folder / "map" / "x.json").write_text("{", encoding="utf-8")
    code, said = build("--output", str(tmp_path / "peaks.ndjson"))
    assert code == 1 and said.startswith("Error: kibana/map/x.json, line 1: not JSON")
    assert said.count("\n") == 1
    assert not (tmp_path / "peaks.ndjson").exists()


@pytest.mark.skipif(not SOURCES.is_dir(), reason="the sources are not in this checkout")
def test_the_real_sources_pack_and_name_no_model() -> None:
    packed = pack_objects(read_objects())
    assert packed == pack_objects(read_objects())
    assert NAMED_MODEL.encode() not in packed and b"siglip" not in packed.lower()
    assert len(packed) < 26_214_400  # Kibana's savedObjects.maxImportPayloadBytes
