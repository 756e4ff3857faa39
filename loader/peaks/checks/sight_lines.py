"""Checks of reference photos by their own EXIF: could the camera see the peak?

Position and direction of the camera come from the file, the position of the peak from the catalogue
(`loader.peaks.sight`). A compass errs, so a summit just beside the frame gives a warning, and one far beside
it an error.
"""
from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from loader.files.facts.panorama import PANORAMA_RATIO
from loader.peaks.catalogue import Peak
from loader.peaks.checks.problems import NotChecked, Problem, Severity
from loader.peaks.checks.references import ReferencePhoto
from loader.peaks.sight.camera import read_camera
from loader.peaks.sight.geometry import (
    COMPASS_ERROR_DEG,
    FARTHEST_M,
    Camera,
    Sight,
    Summits,
    look,
    measure_distance,
)
from loader.place import Point
from loader.text import format_direction, format_distance, list_words

# Degrees beyond the frame's edge from where on a photo contradicts its folder: three standard deviations of a
# phone's compass, which a normal error exceeds on one side once in 740 photos.
CONTRADICTION_DEG = 3 * COMPASS_ERROR_DEG
# Width of a picture whose focal length is not known, at most: phones' ultra-wide lens (13 mm), held level.
WIDEST_DEG = 2 * math.degrees(math.atan(18 / 13))
# A summit is surely hidden when it would be hidden even if it were this much higher: maps and phones'
# altitudes err, and the flanks of the nearer mountain are not known.
HIDDEN_MARGIN_M = 300
# Nearer than this the direction to a summit says little: a position that errs by 100 m turns it by 11°.
DIRECTION_USABLE_FROM_M = 500.0


def check_sight_lines(
    photos: Sequence[ReferencePhoto], peaks: Sequence[Peak]
) -> tuple[list[Problem], list[NotChecked]]:
    """Find reference photos whose own EXIF says that they do not show their peak.

    Args:
        photos: each with the id of a peak among ``peaks``.
        peaks: the whole catalogue.
    """
    catalogue = {peak.id: peak for peak in peaks}
    problems: list[Problem] = []
    left_out: dict[str, list[str]] = {}
    for photo in photos:
        peak, camera = catalogue[photo.peak], read_camera(photo.fields)
        if camera is None or peak.position is None:
            why: str | None = "no GPS position" if camera is None else "no position of the peak"
        else:
            distance = measure_distance(Point(camera.lat, camera.lon), peak.position)
            why = _why_unchecked(photo, camera, distance)
            problems += _Claim(photo, peak, camera, peaks, distance).judge()
        if why is not None:
            left_out.setdefault(why, []).append(photo.name)
    return problems, [
        NotChecked(
            f"sight lines of {len(names)} of {len(photos)} reference photos", f"{why} ({list_words(names)})"
        )
        for why, names in left_out.items()
    ]


def _why_unchecked(photo: ReferencePhoto, camera: Camera, distance: float) -> str | None:
    """Why the camera's direction cannot be used, as the end of a sentence; None when it can."""
    if camera.bearing is None:
        return "no bearing"
    if _is_panorama(photo):
        return "a panorama, whose lens does not tell its width"
    return "taken at the summit" if distance < DIRECTION_USABLE_FROM_M else None


def _is_panorama(photo: ReferencePhoto) -> bool:
    width, height = photo.fields["width"], photo.fields["height"]
    return bool(max(width, height) >= PANORAMA_RATIO * min(width, height))


@dataclass(frozen=True)
class _Claim:
    """The claim that a photo shows a peak, to be compared with the photo's sight lines.

    Attributes:
        distance: metres.
    """

    photo: ReferencePhoto
    peak: Peak
    camera: Camera
    peaks: Sequence[Peak]
    distance: float

    def judge(self) -> list[Problem]:
        """Return the problem that contradicts the claim, if there is one."""
        # without an altitude no summit is left out for standing below the horizon
        level = _sight_of(self.peak, replace(self.camera, altitude=None), self.peaks)
        if self.distance < DIRECTION_USABLE_FROM_M:
            return []
        if level is None:
            away = f"was taken {format_distance(self.distance)} from {self.peak.name}"
            words = f"{away}, and a summit is seen from {format_distance(FARTHEST_M)} at most: {self._fix()}"
            return [self._problem("error", words, "distance", None)]
        width = None if _is_panorama(self.photo) else self.camera.field_of_view or WIDEST_DEG
        if level.offset is not None and width is not None and abs(level.offset) > width / 2:
            return [self._beside(level.bearing, level.offset, width)]
        sight = _sight_of(self.peak, self.camera, self.peaks)
        return [] if sight is None or sight.hidden_by is None else [self._hidden(sight, sight.hidden_by)]

    def _beside(self, bearing: float, offset: float, width: float) -> Problem:
        beyond, view = abs(offset) - width / 2, self.camera.field_of_view
        wide = f", {view:.0f}° wide" if view else ""
        looks = f"looks {format_direction(self.camera.bearing or 0.0)}{wide}"
        aside = f"{abs(offset):.0f}° to the {'right' if offset > 0 else 'left'}"
        lies = f"{self.peak.name} lies at {format_direction(bearing)}, {aside}"
        if beyond > CONTRADICTION_DEG:
            words = f"{looks}, but {lies}; {self._frame()}: {self._fix()}"
            return self._problem("error", words, "direction", offset)
        doubt = f"{beyond:.0f}° beyond the frame's edge, which the compass's error may explain"
        words = f"{looks}, and {lies}, {doubt}; {self._frame()}: look at the photo"
        return self._problem("warning", words, "direction", offset)

    def _hidden(self, sight: Sight, hidden_by: Peak) -> Problem:
        raised = replace(self.peak, elev_m=(self.peak.elev_m or 0) + HIDDEN_MARGIN_M)
        others = [peak for peak in self.peaks if peak.id != raised.id]
        higher = _sight_of(raised, self.camera, [*others, raised])
        surely = higher is not None and higher.hidden_by is not None
        words = (
            f"was taken where {self.peak.name}, {format_distance(sight.distance)} away, stands "
            f"{'' if surely else 'just '}behind {hidden_by.name}; {self._frame()}: "
            f"{self._fix() if surely else 'look at the photo'}"
        )
        return self._problem("error" if surely else "warning", words, "hidden", sight.offset)

    @cached_property
    def _shown(self) -> list[Sight]:
        """The other peaks in the frame."""
        view = look(self.camera, Summits.gather(self.peaks))
        return [sight for sight in view if sight.is_shown and sight.peak.id != self.peak.id]

    def _frame(self) -> str:
        if self.camera.bearing is None or self.camera.field_of_view is None:
            return "what is in the frame is not known"
        if not self._shown:
            return "no peak of the catalogue is in the frame"
        words = [f"{sight.peak.name} ({format_distance(sight.distance)} away)" for sight in self._shown]
        return f"in the frame {'is' if len(words) == 1 else 'are'} {list_words(words)}"

    def _fix(self) -> str:
        if not self._shown:
            return "remove it"
        folder = self._shown[0].peak.id if len(self._shown) == 1 else "of the peak that it shows"
        return f"move it to the folder {folder}, or remove it"

    def _problem(self, severity: Severity, words: str, reason: str, offset: float | None) -> Problem:
        evidence = {
            "reason": reason,
            "peak": self.peak.id,
            "distance": round(self.distance),
            "bearing_true": self.camera.bearing,
            "field_of_view": self.camera.field_of_view,
            "offset": None if offset is None else round(offset, 2),
            "in_frame": [sight.peak.id for sight in self._shown],
        }
        return Problem("sight", severity, self.photo.name, f"{self.photo.name} {words}.", evidence)


def _sight_of(peak: Peak, camera: Camera, peaks: Iterable[Peak]) -> Sight | None:
    sights = look(camera, Summits.gather(peaks))
    return next((sight for sight in sights if sight.peak.id == peak.id), None)
