"""Sight lines against published surveys, hand-worked numbers and what must hold everywhere."""
from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loader.peaks.catalogue import Peak
from loader.peaks.sight.geometry import (
    COMPASS_ERROR_DEG,
    FARTHEST_M,
    HIDDEN_SEEN,
    NEAREST_M,
    REFRACTION,
    UNKNOWN_ELEVATION_SEEN,
    Camera,
    Sight,
    Summits,
    apparent_elevation,
    frame_probability,
    full_circle,
    horizon_dip,
    look,
    seen_probability,
    turn,
)
from loader.place import Point
from tests.peaks.sight.views import VALLEY, at, great_circle

FOOT, MILE = 0.3048, 1609.344


def look_at(camera: Camera, *rows: tuple[str, float, float, int | None]) -> dict[str, Sight]:
    """What a camera has of summits given as id, lat, lon, elevation."""
    peaks = [Peak(slug, (), Point(lat, lon), elevation) for slug, lat, lon, elevation in rows]
    return {sight.peak.id: sight for sight in look(camera, Summits.gather(peaks))}


# Distances and directions


def test_two_summits_of_a_published_survey() -> None:
    """Flinders Peak to Buninyong, GDA94 Technical Manual, the worked example of Vincenty's formulae."""
    camera = Camera(-(37 + 57 / 60 + 3.7203 / 3600), 144 + 25 / 60 + 29.5244 / 3600)
    buninyong = ("buninyong", -(37 + 39 / 60 + 10.1561 / 3600), 143 + 55 / 60 + 35.3839 / 3600, None)
    sight = look_at(camera, buninyong)["buninyong"]
    assert sight.distance == pytest.approx(54_972.271, abs=0.01)
    assert sight.bearing == pytest.approx(306 + 52 / 60 + 5.37 / 3600, abs=1e-5)


@given(
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    bearing=st.floats(0, 360, exclude_max=True),
    kilometres=st.floats(1, 140),
)
def test_distance_and_bearing_are_those_of_the_great_circle(
    lat: float, lon: float, bearing: float, kilometres: float
) -> None:
    """Within half a percent, the flattening of the Earth; poles and the date line included."""
    there = at(bearing, kilometres, lat=lat, lon=lon)
    sight = look_at(Camera(lat, lon), ("peak", *there, None))["peak"]
    distance, direction = great_circle(Point(lat, lon), Point(*there))
    assert sight.distance / 1000 == pytest.approx(distance, rel=0.006)
    assert 0 <= sight.bearing < 360
    # Close to a pole meridians turn fast: compare the sideways error, not the angle.
    error = math.radians((sight.bearing - direction + 180) % 360 - 180)
    assert abs(error) * distance < 0.006 * distance + 0.02


@given(st.floats(-1e6, 1e6))
@example(-1e-14)
@example(-180 - 2.9e-14)
@example(180.0)
@example(360.0)
def test_angles_are_wrapped_into_their_half_open_circles(angle: float) -> None:
    assert 0 <= full_circle(np.array([angle]))[0] < 360
    assert -180 <= turn(np.array([angle]))[0] < 180


# Heights


def test_apparent_elevation_by_hand() -> None:
    """2,000 m higher at 20 km: the curve takes 31.4 m, refraction gives 4.1 back: atan(1972.69 / 20000)."""
    angle = apparent_elevation(np.array([20_000.0]), np.array([6000.0]), 4000.0)
    assert angle[0] == pytest.approx(5.633, abs=0.001)


@pytest.mark.parametrize(
    ("station", "feet", "miles", "observed"),
    [
        ("Jirol", 220, 118.661, (1, 53, 33.35)),
        ("Mirzapur", 245, 108.876, (2, 11, 16.66)),
        ("Ladnia", 235, 108.861, (2, 11, 25.52)),
        ("Harpur", 219, 111.523, (2, 6, 24.98)),
        ("Minai", 228, 113.761, (2, 2, 16.61)),
    ],
)
def test_everest_as_the_great_trigonometrical_survey_saw_it_in_1849(
    station: str, feet: float, miles: float, observed: tuple[int, int, float]
) -> None:
    """To 0.01°: angles of the 24-inch theodolite, refraction included, from the plains 175 to 191 km away."""
    angle = apparent_elevation(np.array([miles * MILE]), np.array([8848.86]), feet * FOOT)[0]
    degrees, minutes, seconds = observed
    assert angle == pytest.approx(degrees + minutes / 60 + seconds / 3600, abs=0.01), station


@given(st.floats(200, 150_000), st.floats(0, 9000), st.floats(0, 9000))
def test_apparent_elevation_is_that_of_a_round_earth(
    distance: float, elevation: float, altitude: float
) -> None:
    """The textbook's parabola against exact triangles on the sphere whose radius straightens bent light."""
    radius = 6_371_008.8 / (1 - REFRACTION)
    arc = distance / radius
    up = (radius + elevation) * math.cos(arc) - (radius + altitude)
    exact = math.degrees(math.atan2(up, (radius + elevation) * math.sin(arc)))
    angle = apparent_elevation(np.array([distance]), np.array([elevation]), altitude)[0]
    assert angle == pytest.approx(exact, abs=0.07)


@pytest.mark.parametrize("altitude", [4, 25, 100, 2500])
def test_dip_is_the_nautical_almanacs(altitude: float) -> None:
    """0.0293° √h (Nautical Almanac, methods and formulae), for the denser air over the sea: within 3 %."""
    assert horizon_dip(altitude) == pytest.approx(0.0293 * math.sqrt(altitude), rel=0.03)


@pytest.mark.parametrize("altitude", [None, 0.0, -400.0])
def test_there_is_no_dip_without_height(altitude: float | None) -> None:
    assert horizon_dip(altitude) == 0


def test_from_a_summit_lower_summits_are_in_sight() -> None:
    """From Mera Peak (6,476 m) Taboche (6,495 m), 23 km away, stands below the horizontal and in sight."""
    mera = Camera(27.70916, 86.868289, 6476.0, bearing=337.0, field_of_view=60.0)
    taboche = look_at(mera, ("taboche", 27.897461, 86.77908, 6495))["taboche"]
    assert taboche.elevation is not None and -0.1 < taboche.elevation < 0
    assert taboche.is_shown and taboche.seen_probability > 0.2


def test_what_lies_under_the_horizon_of_the_sea_is_left_out() -> None:
    assert look_at(VALLEY, ("low", *at(90.0, 3), 1500)) == {}
    assert look_at(replace(VALLEY, altitude=None), ("low", *at(90.0, 3), 1500)) != {}


# Reach


def test_the_summit_under_ones_feet_and_the_one_in_the_haze_are_left_out() -> None:
    near, far = NEAREST_M / 1000, FARTHEST_M / 1000
    seen = look_at(
        replace(VALLEY, altitude=None),
        ("here", VALLEY.lat, VALLEY.lon, 2005),
        ("too-near", *at(10.0, 0.95 * near), 2100),
        ("near", *at(10.0, 1.05 * near), 2100),
        ("far", *at(0.0, 0.99 * far), 4000),
        ("too-far", *at(0.0, 1.01 * far), 4000),
        ("far-in-the-east", *at(90.0, 0.99 * far), 4000),
    )
    assert set(seen) == {"near", "far", "far-in-the-east"}


@pytest.mark.parametrize("peaks", [[], [Peak("nowhere", (), None, 4000)]])
def test_summits_without_a_position_are_not_looked_at(peaks: list[Peak]) -> None:
    summits = Summits.gather(peaks)
    assert len(summits) == len(peaks) and look(VALLEY, summits) == []


# The frame


def test_frame_probability_by_hand() -> None:
    """On the edge of a wide frame half of the error lies inside; one σ outside it 15.87 %."""
    wide, edge = 60.0, 30.0
    found = frame_probability(np.array([edge, -edge, edge + COMPASS_ERROR_DEG, 0.0, 180.0]), wide, 5)
    assert found[:3] == pytest.approx([0.5, 0.5, 0.15866], abs=1e-4)
    assert found[3] > 0.9999 and found[4] < 1e-9


def test_a_full_circle_shows_every_direction() -> None:
    assert frame_probability(np.array([-180.0, -90.0, 0.0, 179.0]), 360.0, 4).tolist() == [1.0] * 4
    half = frame_probability(np.array([90.0, 179.0]), 180.0, 2)
    assert half == pytest.approx([0.5, 0.0], abs=1e-4)


@given(st.floats(0.5, 360), st.floats(0, 180), st.floats(0, 180))
@example(75.0, 0.006, 0.007)
def test_frame_probability_falls_with_the_offset(width: float, one: float, other: float) -> None:
    nearer, farther = sorted((one, other))
    found = frame_probability(np.array([nearer, farther, -nearer]), width, 3)
    assert 0 <= found[1] <= found[0] <= 1
    assert found[2] == found[0]


def test_without_a_bearing_every_direction_is_as_likely() -> None:
    assert frame_probability(None, 90.0, 3).tolist() == [0.25] * 3
    assert frame_probability(None, None, 1)[0] == pytest.approx(60 / 360)


def test_seen_probability_grows_with_the_angle() -> None:
    angles = np.array([-2.0, 0.0, 3.0, 12.0, 60.0, np.nan])
    seen = seen_probability(angles, np.zeros(6, dtype=bool), 4000.0)
    assert (np.diff(seen[:5]) > 0).all()
    assert ((seen >= 0) & (seen < 1)).all()
    assert seen[5] == UNKNOWN_ELEVATION_SEEN
    hidden = seen_probability(angles, np.ones(6, dtype=bool), 4000.0)
    assert hidden == pytest.approx(seen * HIDDEN_SEEN)


def test_half_of_those_five_degrees_above_the_horizon_are_seen() -> None:
    angle = np.array([5.0 - horizon_dip(4000.0)])
    assert seen_probability(angle, np.array([False]), 4000.0)[0] == pytest.approx(0.5)


# Every view


summit = st.tuples(st.floats(0, 360), st.floats(0.3, 140), st.none() | st.integers(1500, 8000))
cameras = st.builds(
    Camera,
    lat=st.sampled_from([46.0, -33.0, 89.5]),
    lon=st.sampled_from([7.6, 179.99]),
    altitude=st.none() | st.floats(0, 6000),
    bearing=st.none() | st.floats(0, 360, exclude_max=True),
    field_of_view=st.none() | st.floats(2, 120),
)


@settings(max_examples=150)
@given(cameras, st.lists(summit, max_size=12))
def test_what_holds_of_every_view(camera: Camera, around: list[tuple[float, float, int | None]]) -> None:
    summits = Summits.gather(
        Peak(f"p{row}", (), Point(*at(bearing, kilometres, lat=camera.lat, lon=camera.lon)), elevation)
        for row, (bearing, kilometres, elevation) in enumerate(around)
    )
    sights = look(camera, summits)
    by_id = {sight.peak.id: sight for sight in sights}
    assert len(by_id) == len(sights)
    assert [-sight.prior for sight in sights] == sorted(-sight.prior for sight in sights)
    for sight in sights:
        assert 0 <= sight.bearing < 360 and NEAREST_M <= sight.distance <= FARTHEST_M
        assert 0 <= sight.frame_probability <= 1 and 0 <= sight.seen_probability <= 1
        assert (sight.offset is None) == (camera.bearing is None)
        assert sight.offset is None or -180 <= sight.offset < 180
        assert (sight.in_frame is None) == (camera.bearing is None or camera.field_of_view is None)
        if sight.hidden_by is not None:  # by a nearer one, so that chains of hiding end
            assert by_id[sight.hidden_by.id].distance < sight.distance


@given(st.floats(0, 360), st.lists(summit, min_size=1, max_size=6))
def test_turning_the_camera_turns_every_offset(
    angle: float, around: list[tuple[float, float, int | None]]
) -> None:
    summits = Summits.gather(
        Peak(f"p{row}", (), Point(*at(bearing, kilometres)), elevation)
        for row, (bearing, kilometres, elevation) in enumerate(around)
    )
    before = {sight.peak.id: sight for sight in look(VALLEY, summits)}
    after = {sight.peak.id: sight for sight in look(replace(VALLEY, bearing=(90 + angle) % 360), summits)}
    assert set(before) == set(after)
    for peak, sight in before.items():
        moved, other = sight.offset, after[peak].offset
        assert moved is not None and other is not None
        assert (moved - angle - other + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)
        assert sight.hidden_by == after[peak].hidden_by
