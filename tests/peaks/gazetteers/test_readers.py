"""Each kind of list is told by its content, and gives its summits with all that it knows of them."""
from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from loader.errors import PeaksError
from loader.peaks.gazetteers.reader import read_gazetteer
from loader.peaks.gazetteers.summit import LONGEST_NAMES, Gazetteer
from loader.place import Point
from tests.peaks.gazetteers.lists import (
    EVEREST,
    feature,
    geonames_line,
    gpx,
    waypoint,
    write_geojson,
    write_overpass,
)


def read(tmp_path: Path, content: str | bytes) -> Gazetteer:
    file = tmp_path / "list"  # no ending that could tell
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_gazetteer(file)


def test_geojson(tmp_path: Path) -> None:
    file = write_geojson(
        tmp_path / "peaks.geojson",
        feature(EVEREST, 86.925, 27.9881, 42),
        feature({"natural": "volcano", "name": "Etna", "ele": 3357.4}, 14.99, 37.75),
        feature({"natural": "peak", "ele": "1000"}, 14, 37),
        feature({"natural": "saddle", "name": "South Col"}, 86.93, 27.97),
        feature({"natural": "ridge", "name": "Hillary Step"}, 86.93, 27.97),
        feature({"natural": "peak", "name": "Null Island"}, 0, 0),
        feature({"natural": "peak", "name": "Lost"}, 14, 97),
        {"type": "Feature", "properties": {"natural": "peak", "name": "Area"}, "geometry": None},
    )
    found = read_gazetteer(file)
    everest, etna = found.summits
    assert everest.names == {
        "en": ("Mount Everest", "Everest"), "ne": ("सगरमाथा",), "zh": ("珠穆朗瑪峰",),
        "und": ("Chomolungma", "Qomolangma"),
    }
    assert (everest.position, everest.elev_m) == (Point(27.9881, 86.925), 8849)
    assert everest.number == "osm-node-42"
    assert (etna.names, etna.elev_m) == ({"und": ("Etna",)}, 3357)
    assert found.passed_over == {
        "without a name": 1, "without a position": 3, "of another kind (natural=saddle)": 1,
        "of another kind (natural=ridge)": 1,
    }
    assert "OpenStreetMap contributors, ODbL" in found.origin


def test_height_of_a_third_coordinate(tmp_path: Path) -> None:
    point = feature({"name": "Pumori"}, 86.8, 28.0)
    point["geometry"]["coordinates"].append(7161.0)
    (pumori,) = read_gazetteer(write_geojson(tmp_path / "x.json", point)).summits
    assert pumori.elev_m == 7161


def test_overpass(tmp_path: Path) -> None:
    file = write_overpass(
        tmp_path / "answer.json",
        {"type": "node", "id": 7, "lat": 27.86, "lon": 86.86,
         "tags": {"natural": "peak", "name": "Ama Dablam", "ele": "22349 ft"}},
        {"type": "way", "id": 7, "center": {"lat": 28.0, "lon": 86.8},
         "tags": {"natural": "peak", "name": "Mont Blanc / Monte Bianco"}},
        {"type": "node", "id": 8, "lat": 28.0, "lon": 86.8},
    )
    node, area = read_gazetteer(file).summits
    assert (node.elev_m, node.number, area.number) == (6812, "osm-node-7", "osm-way-7")
    assert area.names == {"und": ("Mont Blanc", "Monte Bianco")}


def test_refused_overpass_query(tmp_path: Path) -> None:
    file = write_overpass(tmp_path / "answer.json", remark="runtime error: Query timed out")
    with pytest.raises(PeaksError, match=r"Overpass's refusal \(runtime error: Query timed out\)"):
        read_gazetteer(file)


def test_a_part_of_an_overpass_answer_is_no_list(tmp_path: Path) -> None:
    summit = {"type": "node", "id": 7, "lat": 27.86, "lon": 86.86, "tags": EVEREST}
    remark = 'runtime error: Query timed out in "query" at line 3 after 26 seconds.'
    with pytest.raises(PeaksError, match=r"only a part of Overpass's answer .*: ask for a smaller area"):
        read_gazetteer(write_overpass(tmp_path / "part.json", summit, remark=remark))
    whole = read_gazetteer(write_overpass(tmp_path / "whole.json", summit, remark="2 areas used"))
    assert len(whole.summits) == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_json_as_windows_shells_write_it(tmp_path: Path, encoding: str) -> None:
    text = write_geojson(tmp_path / "a.geojson", feature(EVEREST, 86.925, 27.988)).read_text(encoding="utf-8")
    crlf = text.replace("\n", "\r\n").encode(encoding)
    assert read(tmp_path, crlf).summits == read(tmp_path, text).summits
    with pytest.raises(PeaksError, match="no whole JSON document"):
        read(tmp_path, crlf[:-3])


def test_geonames(tmp_path: Path) -> None:
    lines = (
        geonames_line(1, "Kathmandu", "PPLC", kind="P"),
        geonames_line(9, "Mount Everest", alternates="Chomolungma,Mont Everest,珠穆朗玛峰", elevation="8848"),
        geonames_line(2, "Etna", "VLC", terrain="3290"),
        geonames_line(3, "Nameless height", "PK"),
        geonames_line(4, "Himalaya", "MTS"),
        geonames_line(5, "Some Pass", "PASS"),
        "6\tcut off\t\tT\t\n",
    )
    found = read(tmp_path, "".join(lines))
    everest, etna, unknown = found.summits
    assert everest.names == {"und": ("Mount Everest", "Chomolungma", "Mont Everest", "珠穆朗玛峰")}
    assert (everest.elev_m, etna.elev_m, unknown.elev_m) == (8848, 3290, None)
    assert everest.number == "geonames-9" and found.estimates == 1
    assert found.passed_over == {
        "of other landforms (MTS)": 1, "of other landforms (PASS)": 1, "in lines without 19 columns": 1,
    }


@pytest.mark.parametrize("version", ["1/0", "1/1"])
def test_gpx(tmp_path: Path, version: str) -> None:
    points = (
        waypoint("Ama Dablam", "<ele>6812.3</ele><sym>Summit</sym>"),
        waypoint("Lobuche Lodge", "<ele>4910</ele><sym>Lodging</sym>"),
        waypoint("", "<type>Mountain peak</type>"),
        "<trk><name>Day 3</name></trk>",
    )
    found = read(tmp_path, gpx(*points, version=version))
    (summit,) = found.summits
    assert (summit.names, summit.elev_m) == ({"und": ("Ama Dablam",)}, 6812)
    assert found.passed_over == {"that no symbol calls a summit": 1, "without a name": 1}


def test_gpx_without_symbols_is_taken_whole(tmp_path: Path) -> None:
    points = (waypoint("Kala Patthar"), waypoint("Gokyo Ri", lat="27.96"))
    assert len(read(tmp_path, gpx(*points)).summits) == 2


BOMB = """<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>
<gpx><wpt lat="1" lon="1"><name>&c;</name></wpt></gpx>"""
OUTSIDE = BOMB.replace('"aaaaaaaaaa"', 'SYSTEM "file:///etc/passwd"')


@pytest.mark.parametrize(("content", "said"), [
    (BOMB, "defines entities"),
    (OUTSIDE, "defines entities"),
    ("<kml></kml>", r"XML of another kind \(kml\)"),
    ("<osm version='0.6'></osm>", r"XML of another kind \(osm\)"),
    ("<gpx><wpt", "is no whole XML document"),
    ("<!DOCTYPE HTML><html>429 Too Many Requests</html>", "is a web page"),
    ('{"elements": [', "is no whole JSON document"),
    ("[" * 100_000, "nested too deeply"),
    ('{"peaks": []}', "neither GeoJSON"),
    ("[1, 2]", "neither GeoJSON"),
    ("name,lat,lon\nPumori,28,86\n", "is no list of summits that can be read: give GeoJSON"),
    ("", "is no list of summits that can be read"),
    (b"PK\x03\x04\x14", r"is packed \(ZIP\)"),
    (gzip.compress(b"{}"), r"is packed \(gzip\)"),
    (b'{"elements": "\xff"}', "not UTF-8"),
    (geonames_line(1, "Pumori").encode() + geonames_line(2, "Prière").encode("latin-1"), "is not UTF-8"),
], ids=range(16))
def test_anything_else_is_refused_in_one_sentence(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(PeaksError, match=said) as refused:
        read(tmp_path, content)
    assert "\n" not in refused.value.message and str(tmp_path) in refused.value.message


def test_strange_values_never_stop_the_reading(tmp_path: Path) -> None:
    strange: list[Any] = [None, True, [], {}, "", "x" * 10_000, float("nan"), -1, 10**400]
    features = [
        {**feature({"natural": "peak", "name": "A", "ele": value}, 86, 27), "id": value} for value in strange
    ]
    features += [feature({"natural": "peak", "name": value, "name:en": value}, 86, 27) for value in strange]
    for value in strange:
        point = feature({"natural": "peak", "name": "B"}, 86, 27)
        features += [{**point, "geometry": value}, {**point, "properties": value}]
        features.append({**point, "geometry": {"type": "Point", "coordinates": [value, value]}})
    found = read_gazetteer(write_geojson(tmp_path / "x.json", *features))
    assert found.summits and all(summit.names for summit in found.summits)


def test_names_are_as_a_catalogue_takes_them(tmp_path: Path) -> None:
    alternates = ";".join(f"Name of the summit number {number}" for number in range(200))
    tags = {"name": "A|B\x00 \u2028 C", "alt_name": alternates, "old_name": "n" * 201, "loc_name": "a b c"}
    (summit,) = read_gazetteer(write_geojson(tmp_path / "x.json", feature(tags, 86, 27))).summits
    names = summit.names["und"]
    assert names[0] == "A B C" and "a b c" not in names  # case makes no other name
    assert 40 < len(names) < 100 and len(" | ".join(names).encode()) <= LONGEST_NAMES
