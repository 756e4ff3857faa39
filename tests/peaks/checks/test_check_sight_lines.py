"""Reference photos against where their cameras looked."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.files.place import Point
from loader.peaks.catalogue import Peak
from loader.peaks.checks.findings import Finding
from loader.peaks.checks.sight_lines import (
    CONTRADICTION_DEG,
    HIDDEN_MARGIN_M,
    NEAREST_M,
    WIDEST_DEG,
    check_sight_lines,
)
from tests.peaks.checks.reference_folders import NORTH, make_photo, photo_fields, place_peak

EAST = place_peak("east-peak", 90, 5000)
CATALOGUE = [NORTH, EAST]


def judge(
    fields: dict[str, Any], peak: str = NORTH.id, peaks: list[Peak] = CATALOGUE
) -> Finding | None:
    findings, _ = check_sight_lines([make_photo(peak, fields=fields)], peaks)
    assert len(findings) <= 1
    return findings[0] if findings else None


def test_a_camera_that_looks_elsewhere_is_an_error_that_says_what_it_sees() -> None:
    finding = judge(photo_fields(bearing=92.0))
    assert finding is not None
    assert finding.sentence == (
        "north-peak/1.jpg looks 92° (E), 40° wide, but North Peak lies at 0° (N), 92° to the left; in the "
        "frame is East Peak (5.0 km away): move it to the folder east-peak, or remove it."
    )
    assert (finding.kind, finding.severity, finding.subject) == ("sight", "error", "north-peak/1.jpg")
    assert finding.evidence["in_frame"] == [{"peak": "east-peak", "distance": 5000}]
    assert finding.evidence["offset"] == pytest.approx(-92, abs=0.01)
    assert finding.evidence["frame_probability"] == 0


def test_a_camera_that_looks_at_nothing_of_the_catalogue() -> None:
    finding = judge(photo_fields(bearing=200.0))
    assert finding is not None
    assert finding.sentence.endswith("no peak of the catalogue is in the frame: remove it.")


@given(bearing=st.floats(0, 359.99), width=st.floats(1, 120), turned=st.floats(-179.9, 179.9))
def test_the_severity_grows_with_the_degrees_beyond_the_frame(
    bearing: float, width: float, turned: float
) -> None:
    """Whatever way the peak lies: inside nothing, a little beside a doubt, far beside an error."""
    peak = place_peak("some-peak", bearing, 8000)
    finding = judge(photo_fields(bearing=(bearing - turned) % 360, field_of_view=width), "some-peak", [peak])
    beyond = abs(turned) - width / 2
    if abs(beyond) < 1e-3 or abs(beyond - CONTRADICTION_DEG) < 1e-3:
        return
    expected = None if beyond < 0 else "warning" if beyond < CONTRADICTION_DEG else "error"
    assert (finding.severity if finding else None) == expected
    if finding is not None:
        side = "right" if turned > 0 else "left"
        assert f"° to the {side}" in finding.sentence


def test_a_doubt_names_the_degrees_beyond_the_edge() -> None:
    finding = judge(photo_fields(bearing=27.0))
    assert finding is not None and finding.severity == "warning"
    assert "27° to the left, 7° beyond the frame's edge, which the compass's error may" in finding.sentence


def test_a_magnetic_bearing_is_turned_to_true_north() -> None:
    """In New Zealand magnetic north lies 24° east of true north: 350° by the compass is 14°."""
    fields = photo_fields(
        bearing=350.0, field_of_view=2.0, bearing_reference="magnetic", gps={"lat": -43.7, "lon": 170.1},
        shot_time="2023-01-01T00:00:00+00:00", altitude=800.0,
    )
    south = Peak("aoraki", ("Aoraki",), Point(-43.595, 170.1419), 3724)
    finding = judge(fields, "aoraki", [south])
    assert finding is None or finding.severity == "warning"
    assert judge({**fields, "bearing_reference": "true"}, "aoraki", [south]) is not None


def test_a_lens_that_is_not_known_is_taken_for_the_widest() -> None:
    beyond = WIDEST_DEG / 2 + CONTRADICTION_DEG
    assert judge(photo_fields(bearing=WIDEST_DEG / 2 - 1, field_of_view=None)) is None
    finding = judge(photo_fields(bearing=beyond + 1, field_of_view=None))
    assert finding is not None and finding.severity == "error"
    assert "wide" not in finding.sentence and "what is in the frame is not known" in finding.sentence


def test_a_peak_behind_another_is_an_error_and_just_behind_it_a_doubt() -> None:
    wall = place_peak("wall", 0, 4000, 6800)
    finding = judge(photo_fields(), NORTH.id, [NORTH, wall])
    assert finding is not None and finding.severity == "error"
    assert finding.sentence == (
        "north-peak/1.jpg was taken where North Peak, 12 km away, stands behind Wall; in the frame is Wall "
        "(4.0 km away): move it to the folder wall, or remove it."
    )
    assert finding.evidence["hidden_by"] == "wall"

    # the line to a summit 12 km away and 3,000 m higher passes 1,000 m over the camera's height at 4 km
    low = replace(wall, elev_m=5000 + HIDDEN_MARGIN_M // 6)
    finding = judge(photo_fields(), NORTH.id, [NORTH, low])
    assert finding is not None and finding.severity == "warning"
    assert "stands just behind Wall" in finding.sentence and finding.sentence.endswith("look at the photo.")
    assert judge(photo_fields(), NORTH.id, [NORTH, replace(wall, elev_m=4900)]) is None


def test_a_hidden_peak_needs_no_bearing() -> None:
    wall = place_peak("wall", 0, 4000, 6800)
    finding = judge(photo_fields(bearing=None), NORTH.id, [NORTH, wall])
    assert finding is not None and finding.severity == "error"
    assert "what is in the frame is not known" in finding.sentence


def test_a_peak_too_far_to_be_seen_is_an_error() -> None:
    finding = judge(photo_fields(gps={"lat": 46.0, "lon": 7.7}))
    assert finding is not None and finding.severity == "error"
    assert "km from North Peak, and a summit is seen from 150 km at most" in finding.sentence
    assert finding.evidence["reason"] == "distance" and finding.evidence["distance"] > 6_000_000


def test_a_peak_below_the_horizontal_is_a_doubt() -> None:
    finding = judge(photo_fields(altitude=9000.0))
    assert finding is not None and finding.severity == "warning"
    assert "9,000 m above the sea, from where North Peak (7,000 m, 12 km away)" in finding.sentence
    finding = judge(photo_fields(altitude=9000.0, bearing=120.0))
    assert finding is not None and finding.evidence["reason"] == "direction"


def test_without_heights_the_direction_is_checked_all_the_same() -> None:
    peaks = [replace(NORTH, elev_m=None), EAST]
    assert judge(photo_fields(altitude=None), peaks=peaks) is None
    finding = judge(photo_fields(bearing=92.0, altitude=None), peaks=peaks)
    assert finding is not None and finding.severity == "error"


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
    findings, left_out = check_sight_lines([make_photo(NORTH.id, fields=fields)], CATALOGUE)
    assert findings == []
    assert [(one.what, one.why) for one in left_out] == [
        ("sight lines of 1 of 1 reference photos", f"{why} (north-peak/1.jpg)")
    ]


def test_a_peak_without_a_position_is_said() -> None:
    unknown = replace(NORTH, position=None)
    findings, left_out = check_sight_lines([make_photo(NORTH.id, fields=photo_fields(90.0))], [unknown, EAST])
    assert findings == [] and left_out[0].why.startswith("no position of the peak")


def test_photos_without_a_position_are_counted_together() -> None:
    photos = [make_photo(NORTH.id, f"{i}.jpg", photo_fields(gps=None)) for i in range(7)]
    _, left_out = check_sight_lines([*photos, make_photo(NORTH.id, "8.jpg", photo_fields())], CATALOGUE)
    names = "north-peak/0.jpg, north-peak/1.jpg, north-peak/2.jpg, north-peak/3.jpg and 3 more"
    assert [(one.what, one.why) for one in left_out] == [
        ("sight lines of 7 of 8 reference photos", f"no GPS position ({names})")
    ]


def test_near_the_summit_nothing_is_said() -> None:
    near = place_peak("near", 0, NEAREST_M - 10, 4100)
    assert judge(photo_fields(bearing=180.0), "near", [near]) is None
    far = place_peak("near", 0, NEAREST_M + 10, 4100)
    assert judge(photo_fields(bearing=180.0), "near", [far]) is not None
