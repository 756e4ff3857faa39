"""A photo's camera: true bearings, declination, the projection, and the fields of sight lines."""
from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.files.facts.panorama import field_of_view
from loader.peaks.sight.camera import (
    declination_of,
    magnetic_declination,
    place_in_picture,
    read_camera,
    sight_fields,
    true_bearing,
)
from loader.peaks.sight.geometry import Camera, look
from tests.conftest import REPOSITORY
from tests.peaks.sight.views import VALLEY, valley_fields, valley_summits

# NOAA's calculator and `wmm_test_values.txt` agree on about 10.8° west for Iceland in 2023.
ICELAND = {"gps": {"lat": 64.0, "lon": -20.0}, "shot_time_local": "2023-10-27T12:00:00"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"bearing_reference": "magnetic", **ICELAND}, None),
        ({"bearing": 84.25, "bearing_reference": "true"}, 84.25),
        ({"bearing": 84.25}, 84.25),
        ({"bearing": 360.0}, 0.0),
        ({"bearing": 359.9999}, 0.0),
        ({"bearing": -1e-14}, 0.0),
        ({"bearing": 84.25, "bearing_reference": "magnetic"}, None),
        ({"bearing": 84.25, "bearing_reference": "magnetic", **ICELAND}, 73.4),
        ({"bearing": 5.0, "bearing_reference": "magnetic", **ICELAND}, 354.2),
        ({"bearing": 84.25, "bearing_reference": "true", **ICELAND}, 84.25),
    ],
)
def test_true_bearing(fields: dict[str, Any], expected: float | None) -> None:
    found = true_bearing(fields)
    assert found == (None if expected is None else pytest.approx(expected, abs=0.05))
    assert found is None or 0 <= found < 360


@pytest.mark.parametrize(
    "time",
    [
        {"shot_time_local": "2023-10-27T12:00:00"},
        {"shot_time": "2023-10-27T12:00:00+05:45"},
        {"shot_time": "2023-10-27T12:00:00Z"},
        {"shot_time": "2023-10-27T12:00:00.000Z"},
        {"shot_time": "2023-10-27"},
    ],
)
def test_the_day_is_read_however_it_is_written(time: dict[str, str]) -> None:
    written = {"gps": ICELAND["gps"], **time}
    assert declination_of(written) == pytest.approx(declination_of(ICELAND) or 0.0, abs=1e-3)


@pytest.mark.parametrize("time", [{}, {"shot_time": "yesterday"}, {"shot_time_local": ""}])
def test_without_a_date_the_declination_is_todays_or_nearly(time: dict[str, str]) -> None:
    assert declination_of({"gps": ICELAND["gps"], **time}) == pytest.approx(-10.4, abs=0.3)


def test_without_a_position_there_is_no_camera_and_no_declination() -> None:
    assert read_camera({"bearing": 84.0}) is None and declination_of({"bearing": 84.0}) is None


def test_a_camera_is_read_from_a_document() -> None:
    assert read_camera(valley_fields()) == VALLEY
    magnetic = read_camera(valley_fields(bearing_reference="magnetic"))
    assert magnetic is not None and magnetic.bearing == pytest.approx(93.2, abs=0.1)
    bare = read_camera({"gps": {"lat": 1.0, "lon": 2.0}})
    assert bare == Camera(1.0, 2.0)


def test_the_fields_are_the_shown_peaks_in_their_order() -> None:
    sights = look(VALLEY, valley_summits())
    found = sight_fields(valley_fields(), sights)
    shown = [sight.peak.id for sight in sights if sight.is_shown]
    assert shown == ["near-tooth", "left-horn", "right-edge"]
    assert found["bearing_true"] == 90.0
    assert found["peaks_in_frame_ids"] == shown
    assert [line["peak"] for line in found["peaks_in_sight"]] == shown
    assert found["peaks_in_frame"] == [sight.peak.document()["latlon"] for sight in sights if sight.is_shown]


def test_a_round_trip_through_json_gives_the_same_camera() -> None:
    """What a document says of a camera, stored and read again, gives the same sight lines."""
    fields = valley_fields(bearing_reference="magnetic")
    again = json.loads(json.dumps({**fields, **sight_fields(fields, [])}))
    assert read_camera(again) == read_camera(fields)
    sights = look(read_camera(fields) or VALLEY, valley_summits())
    assert sight_fields(again, sights) == sight_fields(fields, sights)


def test_a_line_leaves_out_what_is_not_known() -> None:
    sights = look(replace(VALLEY, altitude=None), valley_summits())
    lines = sight_fields(valley_fields(altitude=None), sights)["peaks_in_sight"]
    assert lines and all("elevation" not in line and "offset" in line for line in lines)


def test_without_a_peak_in_the_frame_the_lists_are_empty() -> None:
    away = replace(VALLEY, bearing=225.0, field_of_view=10.0)
    found = sight_fields(valley_fields(bearing=225.0), look(away, valley_summits()))
    nothing: dict[str, list[str]] = {"peaks_in_frame": [], "peaks_in_frame_ids": [], "peaks_in_sight": []}
    assert found == {"bearing_true": 225.0, **nothing}
    assert sight_fields({}, []) == nothing


def test_every_field_is_in_the_mapping() -> None:
    path = REPOSITORY / "mappings" / "component_templates" / "photos-fields.json"
    mapped = json.loads(Path(path).read_text(encoding="utf-8"))["template"]["mappings"]["properties"]
    found = sight_fields(valley_fields(), look(VALLEY, valley_summits()))
    assert set(found) <= set(mapped)
    assert set(found["peaks_in_sight"][0]) <= set(mapped["peaks_in_sight"]["properties"])


@given(st.floats(0, 360), st.sampled_from(["true", "magnetic", None]))
def test_a_true_bearing_is_never_outside_the_circle(bearing: float, reference: str | None) -> None:
    found = true_bearing(valley_fields(bearing=bearing, bearing_reference=reference))
    assert found is not None and 0 <= found < 360


# Declination: NOAA's published values, and what happens where the models end

VALUES = Path(__file__).with_name("wmm_test_values.txt")


def published() -> list[tuple[float, float, float, float, float]]:
    """Year, kilometres, latitude, longitude, declination."""
    lines = VALUES.read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return [(float(a), float(b), float(c), float(d), float(e)) for a, b, c, d, e in rows]


def moment(year: float) -> datetime:
    """The day that a decimal year names."""
    start = datetime(int(year), 1, 1)
    length = datetime(int(year) + 1, 1, 1) - start
    return start + timedelta(days=round(length.days * (year % 1)))


def test_declination_is_the_published_one() -> None:
    """To the hundredth that is published; a half day of rounding the date moves it by less than 0.002°."""
    rows = published()
    assert {int(row[0]) // 5 * 5 for row in rows} == {2010, 2015, 2020, 2025} and len(rows) > 50
    for year, kilometres, lat, lon, expected in rows:
        found = magnetic_declination(lat, (lon + 180) % 360 - 180, kilometres * 1000, moment(year))
        assert found == pytest.approx(expected, abs=0.012), (year, lat, lon)


def test_an_issue_holds_until_the_next_begins() -> None:
    """The last day of 2019 is of the issue of 2015, the first of 2020 of the next: no gap of a degree."""
    days = datetime(2019, 12, 31), datetime(2020, 1, 1)
    before, after = (magnetic_declination(27.9, 86.8, 4000.0, day) for day in days)
    assert before == pytest.approx(after, abs=0.2) and before != after


@pytest.mark.parametrize(
    ("when", "stands_for"),
    [
        (datetime(1995, 6, 1), datetime(2010, 1, 1)),
        (datetime(2031, 6, 1), datetime(2030, 1, 1)),
        (datetime(9999, 12, 31), datetime(2030, 1, 1)),
        (None, datetime(2025, 1, 1)),
    ],
)
def test_outside_the_models_the_nearest_moment_stands_in(when: datetime | None, stands_for: datetime) -> None:
    found = magnetic_declination(46.0, 7.6, None, when)
    assert found == pytest.approx(magnetic_declination(46.0, 7.6, 0.0, stands_for), abs=1e-6)


@given(st.floats(-90, 90), st.floats(-180, 180), st.none() | st.floats(-11_000, 100_000))
def test_there_is_a_declination_everywhere(lat: float, lon: float, altitude: float | None) -> None:
    assert -180 <= magnetic_declination(lat, lon, altitude, datetime(2024, 7, 1)) <= 180


def test_place_in_picture_by_hand() -> None:
    """tan 45° = 1 is the edge of a picture 90° wide; tan 26.565° = 1/2 stands half way to it."""
    assert place_in_picture(0.0, 60.0) == 0.5
    assert place_in_picture(45.0, 90.0) == pytest.approx(1.0)
    assert place_in_picture(-45.0, 90.0) == pytest.approx(0.0, abs=1e-12)
    assert place_in_picture(math.degrees(math.atan(0.5)), 90.0) == pytest.approx(0.75)


def test_a_panorama_has_as_many_degrees_a_pixel_everywhere() -> None:
    places = [place_in_picture(offset, 360.0) for offset in (-180.0, -90.0, 0.0, 45.0, 90.0)]
    assert places == [0.0, 0.25, 0.5, 0.625, 0.75]
    assert place_in_picture(100.0, 180.0) == pytest.approx(1.0556, abs=1e-4)


@pytest.mark.parametrize("offset", [90.0, -90.0, 135.0, -180.0])
def test_what_is_behind_has_no_place(offset: float) -> None:
    assert place_in_picture(offset, 60.0) is None


@given(st.floats(1, 360), st.floats(-89, 89))
def test_the_frame_is_zero_to_one(width: float, offset: float) -> None:
    place = place_in_picture(offset, width)
    assert place is not None
    if abs(abs(offset) - width / 2) > 1e-9:
        assert (0 <= place <= 1) == (abs(offset) <= width / 2)
    mirrored = place_in_picture(-offset, width)
    assert mirrored is not None and place + mirrored == pytest.approx(1.0, abs=1e-6)


@given(st.floats(10, 300), st.floats(-0.49, 0.49))
def test_the_projection_undoes_a_lens(focal_length: float, aside: float) -> None:
    """A point so many millimetres right of the film's middle falls at that share of the picture's width."""
    film = 43.2666 * 4 / 5
    offset = math.degrees(math.atan(aside * film / focal_length))
    width = field_of_view(focal_length, 4000, 3000)
    assert width is not None
    assert place_in_picture(offset, width) == pytest.approx(0.5 + aside, abs=1e-5)
