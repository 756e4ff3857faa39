"""Which summits of a list become peaks: each once, with an id that stays, near enough and high enough."""
from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import format_catalogue, parse_catalogue
from loader.peaks.gazetteers.reader import read_gazetteer
from loader.peaks.gazetteers.selection import Selection, select_peaks
from loader.peaks.gazetteers.summit import Gazetteer
from loader.peaks.sight.geometry import measure_distance
from loader.place import Point
from tests.conftest import call_peaks, invoke
from tests.peaks.gazetteers.lists import EVEREST, feature, gpx, waypoint, write_geojson


def gazetteer(*summits: tuple[str, float, float, str]) -> Gazetteer:
    """A list of name, latitude, longitude and height."""
    found = Gazetteer("a test")
    for number, (name, lat, lon, height) in enumerate(summits):
        found.add([("und", name)], lat, lon, height, f"test-{number}")
    return found


def ids(selection: Selection) -> list[str]:
    return [peak.id for peak in selection.peaks]


@pytest.mark.parametrize(("name", "slug"), [
    ("Ama Dablam", "ama-dablam"), ("Khumbu Yül-Lha", "khumbu-yul-lha"), ("K2", "k2"), ("Łomnica", "lomnica"),
    ("Store Skagastølstind", "store-skagastolstind"), ("Ağrı Dağı", "agri-dagi"), ("Эльбрус", "elbrus"),
    ("富士山", "fushishan"), ("Piz d'Err", "piz-d-err"), ("6476", "6476"), ("!!!", "test-0"), ("No", "no"),
])
def test_ids_are_readable(name: str, slug: str) -> None:
    assert ids(select_peaks(gazetteer((name, 27.9, 86.9, "")))) == [slug]


def test_an_id_prefers_a_name_that_can_be_read() -> None:
    found = Gazetteer("a test")
    found.add([("ne", "सगरमाथा"), ("und", "Sagarmatha")], 27.9, 86.9, None, "test-1")
    assert ids(select_peaks(found, language="ne")) == ["sagarmatha"]


ALPS = (
    ("Schwarzhorn", 46.59, 8.53, "3201"), ("Schwarzhorn", 46.69, 9.53, "2105"),
    ("Schwarzhorn", 46.19, 7.53, ""),
    ("Eiger", 46.577, 8.005, "3967"), ("Eiger", 46.578, 8.006, ""), ("Mönch", 46.558, 7.997, "4107"),
)


@pytest.mark.parametrize("order", list(permutations(range(6)))[::97])
def test_ids_depend_on_no_filter_and_no_order(order: tuple[int, ...]) -> None:
    listed = gazetteer(*(ALPS[row] for row in order))
    everything = select_peaks(listed)
    assert ids(everything) == [
        "monch", "eiger", "schwarzhorn-46-59n-8-53e", "schwarzhorn-46-69n-9-53e", "schwarzhorn-46-19n-7-53e",
    ]
    assert ids(select_peaks(listed, lowest=3000)) == ids(everything)[:3]


@pytest.mark.parametrize("numbers", [
    (None, None), ("", ""), (7, 7), ("node/7", "NODE-7"), ("n" * 200, "n" * 200), ("é", "ü"),
    ("0123456789abcdef0123-1", "0123456789abcdef0123-2"),
])
@pytest.mark.parametrize("name", ["Rock", "!!!", "n" * 200])
def test_namesakes_side_by_side_get_ids_of_their_own(tmp_path: Path, name: str, numbers: tuple[Any]) -> None:
    """Above 500 m apart, but in the same hundredth of a degree, in a list that does not tell them apart."""
    corners = [(lat, lon) for lat in (46.0955, 46.1045) for lon in (8.0955, 8.1045)]
    rows = [
        {**feature({"natural": "peak", "name": name}, lon, lat), "id": number}
        for (lat, lon), number in zip(corners, 2 * numbers, strict=True)
    ]
    peaks = select_peaks(read_gazetteer(write_geojson(tmp_path / "x.json", *rows))).peaks
    assert len(peaks) == 4
    assert parse_catalogue(format_catalogue(peaks, "a test"), "text", Peak) == peaks


def test_duplicates_and_what_is_left_out_are_counted() -> None:
    selection = select_peaks(gazetteer(*ALPS), lowest=3000)
    assert selection.left_out == {"too low": 1, "without a height": 1}
    assert selection.twice == ["Eiger"]
    eiger = next(peak for peak in selection.peaks if peak.id == "eiger")
    assert eiger.elev_m == 3967  # the entry that tells more stays


def test_the_names_of_a_second_entry_are_kept() -> None:
    found = Gazetteer("a test")
    found.add([("und", "Sagarmatha"), ("und", "Everest")], 27.988, 86.925, "8848", "test-0")
    found.add([("en", "Mount Everest"), ("und", "everest"), ("ne", "सगरमाथा")], 27.989, 86.925, "", "test-1")
    (everest,) = select_peaks(found).peaks
    assert (everest.id, everest.elev_m) == ("mount-everest", 8848)
    assert everest.names_by_language == {
        "en": ("Mount Everest",), "und": ("Sagarmatha", "Everest"), "ne": ("सगरमाथा",),
    }


def test_neighbours_with_other_names_and_namesakes_far_away_are_no_duplicates() -> None:
    listed = gazetteer(
        ("Lhotse", 27.9617, 86.9330, ""), ("Lhotse Middle", 27.9612, 86.9360, ""),
        ("Signal Hill", 40.0, 20.0, ""), ("Signal Hill", 40.006, 20.0, ""),
    )
    assert len(select_peaks(listed).peaks) == 4


@pytest.mark.parametrize(("here", "there"), [
    (Point(27.9, 86.9), Point(28.2, 86.7)), (Point(65.0, 179.9), Point(65.1, -179.8)),
    (Point(89.99, 10.0), Point(89.99, -170.0)), (Point(-33.0, -70.0), Point(-33.3, -70.1)),
])
def test_only_summits_near_a_photo(here: Point, there: Point) -> None:
    """Across the date line and pole too. A sphere's distances differ from the Earth's by half a per cent."""
    metres = measure_distance(here, there)
    listed = gazetteer(("Summit", there.lat, there.lon, "100"))
    photos = [Point(-1.0, -1.0), here]
    assert ids(select_peaks(listed, around=(photos, metres * 1.006))) == ["summit"]
    nothing = select_peaks(listed, around=(photos, metres * 0.994))
    assert nothing.left_out == {"too far from every photo": 1} and not nothing.peaks


def test_the_catalogue_reads_back_as_what_was_written(tmp_path: Path) -> None:
    names = ('Say "A" \\ B', "No", "6476", "~", "Ünï: #1", "- x", "{a}", "عربي", "A'B", "null", "1e3")
    strange = [
        feature({"natural": "peak", "name": name}, 10 + row, 20, row) for row, name in enumerate(names)
    ]
    everest = feature({**EVEREST, "name:no": "Everest fjell"}, 86.9, 27.9)
    file = write_geojson(tmp_path / "x.json", everest, *strange)
    peaks = select_peaks(read_gazetteer(file)).peaks
    text = format_catalogue(peaks, "a test")
    read = parse_catalogue(text, "text", Peak)
    assert read == peaks and len(read) == 12
    assert [peak.names_by_language for peak in read] == [peak.names_by_language for peak in peaks]
    assert text.splitlines()[0] == "# From a test, by `peaks catalog import`."


# The command


def test_import_command(tmp_path: Path) -> None:
    file = write_geojson(
        tmp_path / "list.geojson", feature(EVEREST, 86.925, 27.9881),
        feature({"natural": "peak", "name": "Everest"}, 86.926, 27.9881),
        feature({"natural": "peak", "name": "Low", "ele": "600 m"}, 86, 27),
        feature({"natural": "peak", "name": "Odd", "ele": "very high"}, 85, 27),
        feature({"natural": "saddle", "name": "Col"}, 86, 27), feature({"natural": "peak"}, 86, 27),
    )
    output = tmp_path / "new" / "peaks.yaml"
    said = call_peaks("catalog", "import", file, "--output", output, "--min-elevation", "3000 ft")
    assert said.splitlines() == [
        f"{output}: 1 peak of OpenStreetMap (© OpenStreetMap contributors, ODbL).",
        "  left out: 1 second entry of one summit (Everest)",
        "  left out: 1 too low: Low",
        "  left out: 1 without a height: Odd",
        "  passed over: 1 of another kind (natural=saddle): Col",
        "  passed over: 1 without a name",
        "  1 height could not be read and left out: 'very high'",
        f"Next: peaks catalog check {output} --offline, then peaks load-peaks {output}",
    ]
    assert "1 peak, 0 reference photos: nothing" in call_peaks("catalog", "check", output, "--offline")


def test_import_names_what_is_a_persons_own_and_does_not_credit_it_to_others(tmp_path: Path) -> None:
    features = [feature({"name": name, **more}, 86 + row, 27) for row, (name, more) in enumerate([
        ("Island Peak", {"natural": "peak", "ele": "about 6187"}), ("My Hill", {}), ("My Knoll", {}),
        ("My Rise", {}), ("My Tor", {}), ("My Fell", {}), ("Pumori", {"natural": "peak", "ele": "7161"}),
    ])]
    own = write_geojson(tmp_path / "own.json", *({**each, "id": None} for each in features))
    assert call_peaks("catalog", "import", own, "--output", tmp_path / "own.yaml").splitlines()[:3] == [
        f"{tmp_path / 'own.yaml'}: 2 peaks of a GeoJSON file.",
        "  passed over: 5 without natural=peak, which others have: My Hill, My Knoll, My Rise and 2 more",
        "  1 height of the list said to be approximate, taken as written: 'about 6187'",
    ]
    assert "OpenStreetMap" not in (tmp_path / "own.yaml").read_text(encoding="utf-8")
    track = tmp_path / "own.gpx"
    track.write_text(gpx(waypoint("Ama Dablam", "<sym>Summit</sym>"), waypoint("My Hill")), encoding="utf-8")
    said = call_peaks("catalog", "import", track, "--output", tmp_path / "gpx.yaml")
    assert "passed over: 1 that no symbol calls a summit: My Hill" in said


@pytest.mark.parametrize(("head", "more", "is_osm"), [
    ({}, {}, False),
    ({"generator": "overpass-turbo"}, {}, True),
    ({"attribution": "© OpenStreetMap contributors"}, {}, True),
    ({}, {"id": "node/42"}, True),
    ({}, {"properties": {"name": "A", "@id": "way/3"}}, True),
    ({}, {"properties": {"name": "A", "osm_id": 3}}, True),
    ({}, {"id": 42}, False),
])
def test_only_what_openstreetmap_made_is_credited_to_it(
    tmp_path: Path, head: dict[str, str], more: dict[str, object], is_osm: bool
) -> None:
    point = {**feature({"name": "A"}, 86, 27), "id": None, **more}
    file = tmp_path / "list.json"
    file.write_text(json.dumps({"type": "FeatureCollection", **head, "features": [point]}), encoding="utf-8")
    assert ("OpenStreetMap" in read_gazetteer(file).origin) == is_osm


def test_a_catalogue_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    file, output = write_geojson(tmp_path / "list", feature(EVEREST, 86, 27)), tmp_path / "peaks.yaml"
    output.write_text("# my own work\n", encoding="utf-8")
    result = invoke("catalog", "import", file, "--output", output)
    assert result.exit_code == 1 and "give another --output" in result.stderr
    assert output.read_text(encoding="utf-8") == "# my own work\n"


def test_nothing_left_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "list.gpx"
    file.write_text(gpx(waypoint("Low", "<ele>12</ele>")), encoding="utf-8")
    result = invoke("catalog", "import", file, "--min-elevation", "100", "--output", tmp_path / "peaks.yaml")
    assert result.exit_code == 1 and "holds no summit to keep" in result.stdout
    assert not (tmp_path / "peaks.yaml").exists()


@pytest.mark.parametrize(("options", "said"), [
    (("--around-photos", "40"), "--around-photos: '40' is no distance; write a number and its unit, such as"),
    (("--min-elevation", "high"), "--min-elevation: 'high' is no height"),
    (("--language", "english"), "--language 'english' is no language: give its code, such as en or ne"),
])
def test_options_that_cannot_be_meant(tmp_path: Path, options: tuple[str, str], said: str) -> None:
    file = write_geojson(tmp_path / "list", feature(EVEREST, 86, 27))
    result = invoke("catalog", "import", file, "--output", tmp_path / "peaks.yaml", *options)
    assert result.exit_code == 1 and result.stderr.startswith(f"Error: {said}")
