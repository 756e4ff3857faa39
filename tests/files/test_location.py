"""What `--location` leaves of a photo's place, and what it keeps of everything else."""
from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.files.location import LOCATIONS, Location, strictest, withhold_place

FIELDS: dict[str, Any] = {
    "path": "a.jpg", "description": "Above Namche", "camera": "X", "field_of_view": 73.7,
    "time_source": "exif",
    "gps": {"lat": 27.805647, "lon": 86.711967}, "has_gps": True, "position_source": "exif",
    "altitude": 3440.2, "bearing": 66.6, "bearing_reference": "true",
    "shot_time": "2023-10-29T02:33:06+00:00", "shot_time_local": "2023-10-29T08:18:06",
    "shot_time_offset": "+05:45",
}


def changed(location: Location, fields: dict[str, Any]) -> dict[str, Any]:
    """What is different from the fields as they are; None for what is not there any more."""
    kept = withhold_place(fields, location)
    return {name: kept.get(name) for name in {*fields, *kept} if kept.get(name) != fields.get(name)}


def test_exact_changes_nothing() -> None:
    assert changed("exact", FIELDS) == {}


def test_coarse_rounds_the_point_and_leaves_out_what_would_give_it_away() -> None:
    lines = dict.fromkeys(("altitude", "bearing", "bearing_reference"))
    assert changed("coarse", FIELDS) == {"gps": {"lat": 27.81, "lon": 86.71}, "location": "coarse", **lines}


def test_none_leaves_nothing_of_the_place_and_not_the_time_zone() -> None:
    gone = ("altitude", "bearing", "bearing_reference", "gps", "position_source", "shot_time",
            "shot_time_offset")
    assert changed("none", FIELDS) == {"has_gps": False, "location": "none", **dict.fromkeys(gone)}


def test_an_instant_alone_stays_because_it_tells_no_time_zone() -> None:
    fields = {"shot_time": "2023-10-29T02:33:06+00:00", "has_gps": False}
    assert withhold_place(fields, "none") == {**fields, "location": "none"}


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_all_points_of_a_cell_become_one(lat: float, lon: float) -> None:
    coarse = withhold_place({"gps": {"lat": lat, "lon": lon}}, "coarse")["gps"]
    assert abs(coarse["lat"] - lat) <= 0.005 + 1e-9 and abs(coarse["lon"] - lon) <= 0.005 + 1e-9
    assert withhold_place({"gps": coarse}, "coarse")["gps"] == coarse


@pytest.mark.parametrize("first", LOCATIONS)
@pytest.mark.parametrize("second", LOCATIONS)
def test_the_strictest_of_several_choices_holds(first: Location, second: Location) -> None:
    assert strictest([first, second]) == LOCATIONS[min(LOCATIONS.index(first), LOCATIONS.index(second))]
    assert strictest([]) == "exact"
