"""Sight lines: distance, direction and apparent height of summits, seen from a camera.

Distances and directions are those of the WGS 84 ellipsoid (Karney's geodesics, by PROJ). Sources and
measures: docs/identification.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pyproj import Geod
from scipy.special import ndtr

from loader.arrays import Bools, Floats
from loader.peaks.catalogue import Peak
from loader.place import Point

# Farther summits are lost in haze: the visual range in the parks of the American West is 56 to 145 km on
# average, 225 km in air without pollution (EPA, Basic Information about Visibility).
FARTHEST_M = 150_000.0
# Nearer summits are under the photographer's feet: a position that errs by 50 m turns their direction by 14°.
NEAREST_M = 200.0
EARTH_RADIUS_M = 6_371_008.8  # mean radius of the ellipsoid, (2a + b) / 3 (Moritz, GRS 80)
SHORTEST_DEGREE_M = 110_574.0  # of latitude, at the equator (WGS 84)
# Light bends towards the ground: the surveyors' coefficient since Gauss. By k = 503 (p/T²) (0.0343 + dT/dz)
# it is 0.17 at the sea and 0.11 at 5,000 m, which moves a summit at 50 km by 0.01°.
REFRACTION = 0.13
# One standard deviation of a phone's compass. EXIF does not tell it. Against summits read off 22 photos of a
# trek it was 4.4°; 11 phones held against theodolites erred by 1.9° freshly calibrated and by 5.5° to 6.9°
# later (Lviv Polytechnic, "Use of smartphones for determining orientation angles in the field").
COMPASS_ERROR_DEG = 5.0
# Width of a picture of unknown focal length: that of a phone's main camera (26 mm) is 67° level, 53° upright.
USUAL_FIELD_OF_VIEW_DEG = 60.0
# A nearer mountain hides what stands behind its cone. 45° is steeper than great faces are as a whole (of the
# Matterhorn's 40° "very few instances can be quoted": Whymper, Scrambles amongst the Alps, ch. XV), so that
# only what is surely hidden counts as hidden.
FLANK_SLOPE = 1.0
# A summit that stands five degrees above the horizon of the sea is seen in one picture of two that look its
# way; lower ones stand behind ridges that no catalogue knows. Reasoned, not measured.
HALF_SEEN_DEG = 5.0
UNKNOWN_ELEVATION_SEEN = 0.5
HIDDEN_SEEN = 0.1

_GEOD = Geod(ellps="WGS84")


def measure_distance(one: Point, other: Point) -> float:
    """Return the length of the geodesic between two places in metres."""
    return float(_GEOD.inv(one.lon, one.lat, other.lon, other.lat)[2])


@dataclass(frozen=True)
class Camera:
    """Where a photo was taken from and where it looked.

    Attributes:
        lat: degrees north (WGS 84).
        lon: degrees east.
        altitude: metres above the sea.
        bearing: of the optical axis, degrees clockwise from true north, 0 ≤ bearing < 360.
        field_of_view: horizontal, degrees, more than 0 and at most 360.
    """

    lat: float
    lon: float
    altitude: float | None = None
    bearing: float | None = None
    field_of_view: float | None = None


@dataclass(frozen=True)
class Summits:
    """A catalogue's peaks and their numbers as columns of ``n`` values.

    Attributes:
        peaks: ``n``.
        lat: float64, degrees north; NaN where the catalogue has no position.
        lon: float64, degrees east; NaN likewise.
        elevation: float64, metres above the sea; NaN where the catalogue does not say.
    """

    peaks: tuple[Peak, ...]
    lat: Floats
    lon: Floats
    elevation: Floats

    @classmethod
    def gather(cls, peaks: Iterable[Peak]) -> Summits:
        """Make the columns."""
        rows = tuple(peaks)
        places = [row.position for row in rows]
        lat = np.array([np.nan if place is None else place.lat for place in places])
        lon = np.array([np.nan if place is None else place.lon for place in places])
        return cls(rows, lat, lon, np.array([row.elev_m for row in rows], np.float64))  # None becomes NaN

    def __len__(self) -> int:
        return len(self.peaks)

    @cached_property
    def unplaced(self) -> tuple[str, ...]:
        """Ids of the peaks without a position."""
        return tuple(peak.id for peak in self.peaks if peak.position is None)


@dataclass(frozen=True)
class Sight:
    """One summit, seen from a camera.

    Attributes:
        peak: with a position.
        distance: metres along the ground.
        bearing: from the camera, degrees clockwise from true north, 0 ≤ bearing < 360.
        offset: degrees right of the optical axis (negative: left), −180 ≤ offset < 180; None without a
            bearing.
        elevation: apparent height above the horizontal, degrees, negative for a summit that is looked down
            upon; None where a height is not known.
        in_frame: whether ``offset`` lies within half the field of view; None without a bearing or focal
            length.
        frame_probability: that the summit's direction lies in the frame, 0 to 1, for a compass that errs by
            `COMPASS_ERROR_DEG`; the frame's share of the full circle where the bearing is not known.
        seen_probability: that a camera that looks its way sees it, 0 to 1.
        hidden_by: the nearer summit that stands before it.
    """

    peak: Peak
    distance: float
    bearing: float
    offset: float | None
    elevation: float | None
    in_frame: bool | None
    frame_probability: float
    seen_probability: float
    hidden_by: Peak | None = None

    @property
    def prior(self) -> float:
        """Probability that the photo shows the summit, without looking at the picture."""
        return self.frame_probability * self.seen_probability

    @property
    def is_shown(self) -> bool:
        """Whether the summit is in the frame with nothing of the catalogue before it."""
        return bool(self.in_frame) and self.hidden_by is None


def look(camera: Camera, summits: Summits) -> list[Sight]:
    """Return the summits above the sea's horizon, `NEAREST_M` to `FARTHEST_M` away, the likeliest first.

    Summits without a position are left out; those without a height stay.
    """
    chosen, distance, bearing = _within_reach(camera, summits)
    angle = apparent_elevation(distance, summits.elevation[chosen], camera.altitude)
    above = ~(angle <= -horizon_dip(camera.altitude))  # NaN, an unknown height, stays
    chosen, distance, bearing, angle = chosen[above], distance[above], bearing[above], angle[above]
    hidden = find_hiding(distance, bearing, angle, summits.elevation[chosen], camera.altitude)
    offset = None if camera.bearing is None else turn(bearing - camera.bearing)
    width = camera.field_of_view
    inside = None if offset is None or width is None else np.abs(offset) <= width / 2
    framed = frame_probability(offset, width, len(chosen))
    seen = seen_probability(angle, hidden >= 0, camera.altitude)
    sights = [
        Sight(
            peak=summits.peaks[index],
            distance=float(distance[row]),
            bearing=float(bearing[row]),
            offset=None if offset is None else float(offset[row]),
            elevation=None if np.isnan(angle[row]) else float(angle[row]),
            in_frame=None if inside is None else bool(inside[row]),
            frame_probability=float(framed[row]),
            seen_probability=float(seen[row]),
            hidden_by=None if hidden[row] < 0 else summits.peaks[chosen[hidden[row]]],
        )
        for row, index in enumerate(chosen)
    ]
    return sorted(sights, key=lambda sight: (-sight.prior, sight.distance, sight.peak.id))


def _within_reach(camera: Camera, summits: Summits) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    """Return rows of summits that are neither too near nor too far, their distances and bearings."""
    # Latitude alone spares most of a world's catalogue the geodesics; NaN, an unknown position, falls out.
    rows = np.flatnonzero(np.abs(summits.lat - camera.lat) <= FARTHEST_M / SHORTEST_DEGREE_M)
    rows = rows[np.isfinite(summits.lon[rows])]
    here = np.full(len(rows), camera.lon), np.full(len(rows), camera.lat)
    azimuth, _, distance = _GEOD.inv(*here, summits.lon[rows], summits.lat[rows])
    near = (distance >= NEAREST_M) & (distance <= FARTHEST_M)
    return rows[near], distance[near], full_circle(azimuth[near])


def full_circle(angle: Floats) -> Floats:
    """Return the same directions as 0 ≤ angle < 360 degrees."""
    wrapped = angle % 360
    return np.where(wrapped >= 360, 0.0, wrapped)  # a tiny negative angle rounds up to 360


def turn(angle: Floats) -> Floats:
    """Return the same turns the short way round: −180 ≤ angle < 180 degrees."""
    return full_circle(angle + 180) - 180


def apparent_elevation(distance: Floats, elevation: Floats, altitude: float | None) -> Floats:
    """Return angles above the horizontal, in degrees: the Earth's curve lowers a summit, refraction lifts it.

    atan((H − h − (1 − k)·d²/2R) / d), the formula of trigonometric levelling (Torge and Müller, Geodesy,
    5.5.1). It gives the angles under which the Great Trigonometrical Survey saw Mount Everest in 1849.

    Args:
        distance: float64 ``(n,)``, metres.
        elevation: float64 ``(n,)``, metres above the sea, NaN where unknown.
        altitude: of the camera; None gives NaN throughout.
    """
    if altitude is None:
        return np.full(len(distance), np.nan)
    drop = (1 - REFRACTION) * distance**2 / (2 * EARTH_RADIUS_M)
    return np.degrees(np.arctan2(elevation - altitude - drop, distance))


def horizon_dip(altitude: float | None) -> float:
    """Return how far the sea's horizon lies below the horizontal, in degrees, 0 or more.

    acos(ρ/(ρ + h)) with ρ = R/(1 − k), the radius that makes bent light straight; 0 below the sea and where
    the altitude is not known.
    """
    height = max(altitude or 0.0, 0.0)
    straight = EARTH_RADIUS_M / (1 - REFRACTION)
    return float(np.degrees(np.arccos(straight / (straight + height))))


def frame_probability(offset: Floats | None, field_of_view: float | None, count: int) -> Floats:
    """Return the probability that directions lie in the frame, float64 ``(count,)``.

    The compass errs normally with `COMPASS_ERROR_DEG`: Φ((w/2 − o)/σ) − Φ((−w/2 − o)/σ), and the same once
    around, which a panorama's other edge needs. Without a bearing every direction is as likely as any other.

    Args:
        offset: float64 ``(count,)``, degrees from the optical axis, −180 ≤ offset < 180; None without a
            bearing.
        field_of_view: degrees; `USUAL_FIELD_OF_VIEW_DEG` when None.
        count: of directions.
    """
    width = field_of_view or USUAL_FIELD_OF_VIEW_DEG
    if offset is None:
        return np.full(count, width / 360)
    aside, reach = np.abs(offset), width / 2 / COMPASS_ERROR_DEG
    either = np.stack((aside, aside - 360)) / COMPASS_ERROR_DEG
    inside: Floats = (ndtr(reach - either) - ndtr(-reach - either)).sum(axis=0)
    return np.round(inside, 9)  # in its last digits a farther summit came out likelier


def seen_probability(angle: Floats, is_hidden: Bools, altitude: float | None) -> Floats:
    """Return the probability that a camera that looks their way sees summits, by their apparent height.

    a / (a + `HALF_SEEN_DEG`), where a is the angle above the sea's horizon; times `HIDDEN_SEEN` behind a
    nearer mountain.

    Args:
        angle: float64 ``(n,)``, apparent elevation in degrees, NaN where unknown.
        is_hidden: bool ``(n,)``.
        altitude: of the camera, metres.
    """
    above = np.maximum(angle + horizon_dip(altitude), 0.0)
    seen = np.where(np.isnan(angle), UNKNOWN_ELEVATION_SEEN, above / (above + HALF_SEEN_DEG))
    return seen * np.where(is_hidden, HIDDEN_SEEN, 1.0)


def find_hiding(
    distance: Floats, bearing: Floats, angle: Floats, elevation: Floats, altitude: float | None
) -> npt.NDArray[np.int64]:
    """Return for each summit the row of the nearer one that hides it, −1 for none; int64 ``(n,)``.

    A summit hides what lies behind the cone that falls from it with `FLANK_SLOPE`: where the line of sight
    passes beside it, its flank must stand higher above the horizontal than the farther summit does. Of
    several the one that stands highest is named.

    Args:
        distance: float64 ``(n,)``, metres.
        bearing: float64 ``(n,)``, degrees.
        angle: float64 ``(n,)``, apparent elevation in degrees, NaN where unknown.
        elevation: float64 ``(n,)``, metres.
        altitude: of the camera, metres.
    """
    hiding = np.full(len(distance), -1, dtype=np.int64)
    if altitude is None:
        return hiding
    order = np.argsort(distance, kind="stable")
    for place, summit in enumerate(order):
        nearer = order[:place]
        nearer = nearer[distance[nearer] < distance[summit]]
        aside = np.radians(bearing[nearer] - bearing[summit])
        along = distance[nearer] * np.cos(aside)
        flank = elevation[nearer] - FLANK_SLOPE * np.abs(distance[nearer] * np.sin(aside))
        before = along > 0
        lead = apparent_elevation(along[before], flank[before], altitude) - angle[summit]
        lead = np.where(np.isnan(lead), -np.inf, lead)
        if len(lead) and lead.max() > 0:
            hiding[summit] = nearer[before][lead.argmax()]
    return hiding
