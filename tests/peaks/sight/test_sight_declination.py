"""Declination against the values that NOAA publishes, and what happens where the models end."""
from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.peaks.sight.camera import magnetic_declination

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


def test_four_issues_are_published() -> None:
    years = {int(row[0]) // 5 * 5 for row in published()}
    assert years == {2010, 2015, 2020, 2025} and len(published()) > 50


@pytest.mark.parametrize(("year", "kilometres", "lat", "lon", "expected"), published())
def test_declination_is_the_published_one(
    year: float, kilometres: float, lat: float, lon: float, expected: float
) -> None:
    """To the hundredth that is published; a half day of rounding the date moves it by less than 0.002°."""
    east = (lon + 180) % 360 - 180
    found = magnetic_declination(lat, east, kilometres * 1000, moment(year))
    assert found == pytest.approx(expected, abs=0.012)


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


def test_a_date_with_an_offset_will_do() -> None:
    aware = datetime(2023, 10, 27, 6, 47, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    assert magnetic_declination(27.7, 86.7, 2851.0, aware) == pytest.approx(0.14, abs=0.05)


@given(st.floats(-90, 90), st.floats(-180, 180), st.none() | st.floats(-11_000, 100_000))
def test_there_is_a_declination_everywhere(lat: float, lon: float, altitude: float | None) -> None:
    assert -180 <= magnetic_declination(lat, lon, altitude, datetime(2024, 7, 1)) <= 180
