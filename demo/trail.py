"""Where and when a scene's photo was taken: on the real trail, in sight of the peak, looking towards it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from loader.files.facts.panorama import field_of_view
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import read_catalogue
from loader.peaks.sight.geometry import Camera, Summits, look

HERE = Path(__file__).parent
# A peak farther away than this would be a tooth on the horizon, a nearer one would fill more than the frame.
NEAREST_METRES, FARTHEST_METRES = 2_000, 25_000
COMPASS_ERROR_DEGREES = 2.0
# Width and height of a phone's pictures, held level and upright.
LEVEL, UPRIGHT = (4, 3), (3, 4)
HOURS = {"clear": (6.5, 15.5), "sunset": (17.0, 17.7), "storm": (8.0, 16.0), "night": (19.0, 23.5)}


@dataclass(frozen=True)
class Place:
    """A point of the trail: degrees, metres above the sea, the day of the trek and the nearest name."""

    name: str
    day: int
    lat: float
    lon: float
    altitude: float


@dataclass(frozen=True)
class Shot:
    """Circumstances of a photo: `bearing` in degrees clockwise from true north, `taken` by the wall clock."""

    place: Place
    bearing: float
    focal_length_35mm: int
    taken: datetime
    offset: str


@lru_cache(maxsize=1)
def trail() -> dict[str, Any]:
    """The content of trail.yaml."""
    content: dict[str, Any] = yaml.safe_load((HERE / "trail.yaml").read_text(encoding="utf-8"))
    return content


@lru_cache(maxsize=1)
def peak_positions() -> dict[str, tuple[float, float]]:
    """Latitude and longitude of every peak of the demo's catalogue."""
    peaks = read_catalogue(HERE / "peaks.yaml", Peak)
    return {peak.id: (peak.position.lat, peak.position.lon) for peak in peaks if peak.position}


@lru_cache(maxsize=1)
def summits() -> Summits:
    """The peaks of the demo's catalogue as columns."""
    return Summits.gather(read_catalogue(HERE / "peaks.yaml", Peak))


def choose_shot(peak: str, sky: str, offset: float, portrait: bool, rng: np.random.Generator) -> Shot:
    """A place in sight of the peak and a camera that has it `offset` picture widths right of the middle."""
    places = places_in_sight(peak)
    place = places[int(rng.integers(len(places)))]
    focal_length = int(rng.choice([24, 26, 28, 48, 77]))
    aside = degrees_aside(offset, focal_length, portrait)
    bearing = (bearing_to(place, peak) - aside + rng.normal(0.0, COMPASS_ERROR_DEGREES)) % 360.0
    hour = rng.uniform(*HOURS[sky])
    start: date = trail()["start"]
    taken = datetime.combine(start, time()) + timedelta(days=place.day - 1, seconds=int(hour * 3600))
    return Shot(place, bearing, focal_length, taken, trail()["offset"])


@cache
def places_in_sight(peak: str) -> tuple[Place, ...]:
    """Points of the trail near the peak that no nearer peak of the catalogue hides it from."""
    return tuple(place for place in walk() if is_in_sight(place, peak))


def is_in_sight(place: Place, peak: str) -> bool:
    """Whether the peak stands near and above the horizontal there, and no nearer one hides it."""
    sights = look(Camera(place.lat, place.lon, place.altitude), summits())
    sight = next(sight for sight in sights if sight.peak.id == peak)
    near = NEAREST_METRES <= sight.distance <= FARTHEST_METRES
    return near and (sight.elevation or 0.0) > 0 and sight.hidden_by is None


def degrees_aside(offset: float, focal_length: float, portrait: bool) -> float:
    """Degrees from the picture's middle to a point `offset` picture widths right of it (a pinhole camera)."""
    width = field_of_view(focal_length, *(UPRIGHT if portrait else LEVEL))
    assert width is not None, "a phone's picture is no panorama"
    return math.degrees(math.atan(2 * offset * math.tan(math.radians(width / 2))))


def walk(steps: int = 6) -> Iterator[Place]:
    """Points along every stage, `steps` between neighbouring places, each with the name of the nearer one."""
    for stage in trail()["stages"]:
        places = [Place(**place) for place in stage["places"]]
        for start, end in pairwise(places):
            for i in range(steps):
                yield between(start, end, i / steps)
        yield places[-1]


def between(start: Place, end: Place, share: float) -> Place:
    """The point at `share` (0 to 1) of the straight way between two places."""
    nearer = start if share < 0.5 else end
    lat, lon, altitude = (
        getattr(start, name) + share * (getattr(end, name) - getattr(start, name))
        for name in ("lat", "lon", "altitude")
    )
    return Place(nearer.name, nearer.day, lat, lon, altitude)


def bearing_to(place: Place, peak: str) -> float:
    """Initial great-circle bearing to a peak, degrees clockwise from true north, 0 to 360."""
    lat, lon = map(math.radians, peak_positions()[peak])
    here_lat, turn = math.radians(place.lat), lon - math.radians(place.lon)
    east = math.sin(turn) * math.cos(lat)
    north = math.cos(here_lat) * math.sin(lat) - math.sin(here_lat) * math.cos(lat) * math.cos(turn)
    return math.degrees(math.atan2(east, north)) % 360.0
