"""Reference photos against where their cameras looked."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.peaks.catalogue import Peak
from loader.peaks.checks.problems import Problem
from loader.peaks.checks.sight_lines import (
    CONTRADICTION_DEG,
    DIRECTION_USABLE_FROM_M,
    HIDDEN_MARGIN_M,
    WIDEST_DEG,
    check_sight_lines,
)
from loader.place import Point
from tests.peaks.checks.reference_folders import NORTH, make_photo, photo_fields, place_peak

EAST = place_peak("east-peak", 90, 5000)
CATALOGUE = [NORTH, EAST]


def judge(
    fields: dict[str, Any], peak: str = NORTH.id, peaks: list[Peak] = CATALOGUE
) -> Problem | None:
    problems, _ = check_sight_lines([make_photo(peak, fields=fields)], peaks)
    assert len(problems) <= 1
    return problems[0] if problems else None


def test_a_camera_that_looks_elsewhere_is_an_error_that_says_what_it_sees() -> None:
    problem = judge(photo_fields(bearing=92.0))
    assert problem is not None
    assert problem.sentence == (
        "north-peak/1.jpg looks 92° (E), 40° wide, but North Peak lies at 0° (N), 92° to the left; in the "
        "frame is East Peak (5.0 km away): move it to the folder east-peak, or remove it."
    )
    assert (problem.kind, problem.severity, problem.subject) == ("sight", "error", "north-peak/1.jpg")
    assert problem.evidence["in_frame"] == ["east-peak"]
    assert problem.evidence["offset"] == pytest.approx(-92, abs=0.01)


def test_a_camera_that_looks_at_nothing_of_the_catalogue() -> None:
    problem = judge(photo_fields(bearing=200.0))
    assert problem is not None
    assert problem.sentence.endswith("no peak of the catalogue is in the frame: remove it.")


@given(bearing=st.floats(0, 359.99), width=st.floats(1, 120), turned=st.floats(-179.9, 179.9))
def test_the_severity_grows_with_the_degrees_beyond_the_frame(
    bearing: float, width: float, turned: float
) -> None:
    """Whatever way the peak lies: inside nothing, a little beside a doubt, far beside an error."""
    peak = place_peak("some-peak", bearing, 8000)
    problem = judge(photo_fields(bearing=(bearing - turned) % 360, field_of_view=width), "some-peak", [peak])
    beyond = abs(turned) - width / 2
    if abs(beyond) < 1e-3 or abs(beyond - CONTRADICTION_DEG) < 1e-3:
        return
    expected = None if beyond < 0 else "warning" if beyond < CONTRADICTION_DEG else "error"
    assert (problem.severity if problem else None) == expected
    if problem is not None:
        side = "right" if turned > 0 else "left"
        assert f"° to the {side}" in problem.sentence


def test_a_doubt_names_the_degrees_beyond_the_edge() -> None:
    problem = judge(photo_fields(bearing=27.0))
    assert problem is not None and problem.severity == "warning"
    assert "27° to the left, 7° beyond the frame's edge, which the compass's error may" in problem.sentence


def test_a_magnetic_bearing_is_turned_to_true_north() -> None:
    """In New Zealand magnetic north lies 24° east of true north: 350° by the compass is 14°."""
    fields = photo_fields(
        bearing=350.0, field_of_view=2.0, bearing_reference="magnetic", gps={"lat": -43.7, "lon": 170.1},
        shot_time="2023-01-01T00:00:00+00:00", altitude=800.0,
    )
    south = Peak("aoraki", ("Aoraki",), Point(-43.595, 170.1419), 3724)
    problem = judge(fields, "aoraki", [south])
    assert problem is not None and problem.severity == "warning"
    assert problem.evidence["bearing_true"] == pytest.approx(14.1, abs=0.05)
    problem = judge({**fields, "bearing_reference": "true"}, "aoraki", [south])
    assert problem is not None and problem.severity == "error"


def test_a_lens_that_is_not_known_is_taken_for_the_widest() -> None:
    beyond = WIDEST_DEG / 2 + CONTRADICTION_DEG
    assert judge(photo_fields(bearing=WIDEST_DEG / 2 - 1, field_of_view=None)) is None
    problem = judge(photo_fields(bearing=beyond + 1, field_of_view=None))
    assert problem is not None and problem.severity == "error"
    assert "wide" not in problem.sentence and "what is in the frame is not known" in problem.sentence


def test_a_peak_behind_another_is_an_error_and_just_behind_it_a_doubt() -> None:
    wall = place_peak("wall", 0, 4000, 6800)
    problem = judge(photo_fields(), NORTH.id, [NORTH, wall])
    assert problem is not None and problem.severity == "error"
    assert problem.sentence == (
        "north-peak/1.jpg was taken where North Peak, 12 km away, stands behind Wall; in the frame is Wall "
        "(4.0 km away): move it to the folder wall, or remove it."
    )
    # the line to a summit 12 km away and 3,000 m higher passes 1,000 m over the camera's height at 4 km
    low = replace(wall, elev_m=5000 + HIDDEN_MARGIN_M // 6)
    problem = judge(photo_fields(), NORTH.id, [NORTH, low])
    assert problem is not None and problem.severity == "warning"
    assert "stands just behind Wall" in problem.sentence and problem.sentence.endswith("look at the photo.")
    assert judge(photo_fields(), NORTH.id, [NORTH, replace(wall, elev_m=4900)]) is None
    problem = judge(photo_fields(bearing=None), NORTH.id, [NORTH, wall])
    assert problem is not None and problem.severity == "error"
    assert "what is in the frame is not known" in problem.sentence


def test_a_peak_too_far_to_be_seen_is_an_error() -> None:
    problem = judge(photo_fields(gps={"lat": 46.0, "lon": 7.7}))
    assert problem is not None and problem.severity == "error"
    assert "km from North Peak, and a summit is seen from 150 km at most" in problem.sentence
    assert problem.evidence["reason"] == "distance" and problem.evidence["distance"] > 6_000_000


def test_a_peak_far_below_the_camera_is_checked_by_its_direction() -> None:
    assert judge(photo_fields(altitude=9000.0)) is None
    problem = judge(photo_fields(altitude=9000.0, bearing=120.0))
    assert problem is not None and problem.evidence["reason"] == "direction"


def test_without_heights_the_direction_is_checked_all_the_same() -> None:
    peaks = [replace(NORTH, elev_m=None), EAST]
    assert judge(photo_fields(altitude=None), peaks=peaks) is None
    problem = judge(photo_fields(bearing=92.0, altitude=None), peaks=peaks)
    assert problem is not None and problem.severity == "error"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        (photo_fields(gps=None), "no GPS position"),
        (photo_fields(bearing=None), "no bearing"),
        (photo_fields(bearing=180.0, width=900), "a panorama, whose lens does not tell its width"),
        (photo_fields(bearing=180.0, gps={"lat": 28.0, "lon": 86.8}), "taken at the summit"),
    ],
)
def test_what_tells_no_direction_is_said_and_not_judged(fields: dict[str, Any], why: str) -> None:
    problems, left_out = check_sight_lines([make_photo(NORTH.id, fields=fields)], CATALOGUE)
    assert problems == []
    assert [(one.what, one.why) for one in left_out] == [
        ("sight lines of 1 of 1 reference photos", f"{why} (north-peak/1.jpg)")
    ]


def test_a_peak_without_a_position_is_said() -> None:
    unknown = replace(NORTH, position=None)
    problems, left_out = check_sight_lines([make_photo(NORTH.id, fields=photo_fields(90.0))], [unknown, EAST])
    assert problems == [] and left_out[0].why.startswith("no position of the peak")


def test_photos_without_a_position_are_counted_together() -> None:
    photos = [make_photo(NORTH.id, f"{i}.jpg", photo_fields(gps=None)) for i in range(7)]
    _, left_out = check_sight_lines([*photos, make_photo(NORTH.id, "8.jpg", photo_fields())], CATALOGUE)
    names = "north-peak/0.jpg, north-peak/1.jpg, north-peak/2.jpg, north-peak/3.jpg and 3 more"
    assert [(one.what, one.why) for one in left_out] == [
        ("sight lines of 7 of 8 reference photos", f"no GPS position ({names})")
    ]


def test_near_the_summit_nothing_is_said() -> None:
    near = place_peak("near", 0, DIRECTION_USABLE_FROM_M - 10, 4100)
    assert judge(photo_fields(bearing=180.0), "near", [near]) is None
    far = place_peak("near", 0, DIRECTION_USABLE_FROM_M + 10, 4100)
    assert judge(photo_fields(bearing=180.0), "near", [far]) is not None
