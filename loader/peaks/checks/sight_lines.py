"""Reference photos against their own EXIF: can the camera have had the peak before it?

Where the camera stood and looked comes from the file, where the peak stands from the catalogue
(`loader.peaks.sight`). A compass errs, so a summit beside the frame is a doubt, and one
far beside it an error.
"""
from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from loader.files.exif import PANORAMA_RATIO
from loader.files.place import Point
from loader.peaks.catalogue import Peak
from loader.peaks.checks.findings import Finding, NotChecked, Severity, format_distance, list_words
from loader.peaks.checks.places import measure_distance
from loader.peaks.checks.references import ReferencePhoto
from loader.peaks.sight.compass import format_direction
from loader.peaks.sight.fields import read_camera
from loader.peaks.sight.geometry import COMPASS_ERROR_DEG, FARTHEST_M, Camera, Sight, Summits, look

# Degrees beyond the frame's edge from where on a photo contradicts its folder: three standard deviations of a
# phone's compass, which a normal error exceeds on one side once in 740 photos.
CONTRADICTION_DEG = 3 * COMPASS_ERROR_DEG
# Width of a picture whose focal length is not known, at most: phones' ultra-wide lens (13 mm), held level.
WIDEST_DEG = 2 * math.degrees(math.atan(18 / 13))
# A summit is surely hidden when it would be so even this much higher: maps and phones' altitudes err, and
# nobody knows the flanks of the mountain before it.
HIDDEN_MARGIN_M = 300
# Nearer than this the direction to a summit says little: a position that errs by 100 m turns it by 11°.
NEAREST_M = 500.0


def check_sight_lines(
    photos: Sequence[ReferencePhoto], peaks: Sequence[Peak]
) -> tuple[list[Finding], list[NotChecked]]:
    """Find reference photos whose own EXIF says that they do not show their peak.

    Args:
        photos: each with the id of a peak among ``peaks``.
        peaks: the whole catalogue; a NaN position is one that is not known.
    """
    catalogue = {peak.id: peak for peak in peaks}
    findings: list[Finding] = []
    left_out: dict[str, list[str]] = {}
    for photo in photos:
        peak, camera = catalogue[photo.peak], read_camera(photo.fields)
        if camera is None or peak.position is None:
            why: str | None = "no GPS position" if camera is None else "no position of the peak"
        else:
            claim = Claim(photo, peak, camera, catalogue)
            why, found = claim.why_unchecked(), claim.judge()
            findings += [found] if found else []
        if why is not None:
            left_out.setdefault(why, []).append(photo.name)
    return findings, [_not_checked(why, names, len(photos)) for why, names in left_out.items()]


class Claim:
    """That a photo shows a peak, held against what its camera had before it.

    Args:
        photo: whose name the finding gives.
        peak: with a position.
        camera: of the photo.
        catalogue: every peak by its id.
    """

    def __init__(
        self, photo: ReferencePhoto, peak: Peak, camera: Camera, catalogue: Mapping[str, Peak]
    ) -> None:
        self.photo, self.peak, self.camera, self.catalogue = photo, peak, camera, catalogue
        assert peak.position is not None
        self.distance = measure_distance(Point(camera.lat, camera.lon), peak.position)
        view = look(camera, _summits(catalogue))
        risen = self._find(view)
        self.is_above = risen is not None
        # without an altitude no summit is left out for its height
        self.sight = risen or self._find(look(replace(camera, altitude=None), _summits(catalogue)))
        self.shown = [sight for sight in view if sight.is_shown and sight.peak.id != peak.id]

    def why_unchecked(self) -> str | None:
        """Why the camera's direction tells nothing, as the end of a sentence; None when it does."""
        if self.camera.bearing is None:
            return "no bearing"
        if _is_panorama(self.photo):
            return "a panorama, whose lens does not tell its width"
        if self.distance < NEAREST_M:
            return "taken at the summit"
        return None

    def judge(self) -> Finding | None:
        """Return what speaks against the claim, or None."""
        if self.distance < NEAREST_M:
            return None
        if self.sight is None:
            return self._too_far()
        return self._beside(self.sight) or self._hidden(self.sight) or self._below(self.sight)

    def _too_far(self) -> Finding:
        words = (
            f"was taken {format_distance(self.distance)} from {self.peak.names[0]}, and a summit is seen "
            f"from {format_distance(FARTHEST_M)} at most: {self._fix()}"
        )
        return self._finding("error", words, "distance")

    def _beside(self, sight: Sight) -> Finding | None:
        width = None if _is_panorama(self.photo) else self.camera.field_of_view or WIDEST_DEG
        if sight.offset is None or width is None or abs(sight.offset) <= width / 2:
            return None
        beyond = abs(sight.offset) - width / 2
        side = "right" if sight.offset > 0 else "left"
        aside = f"{abs(sight.offset):.0f}° to the {side}"
        lies = f"{self.peak.names[0]} lies at {format_direction(sight.bearing)}, {aside}"
        if beyond > CONTRADICTION_DEG:
            words = f"{self._looks()}, but {lies}; {self._frame()}: {self._fix()}"
            return self._finding("error", words, "direction")
        doubt = f"{beyond:.0f}° beyond the frame's edge, which the compass's error may explain"
        words = f"{self._looks()}, and {lies}, {doubt}; {self._frame()}: look at the photo"
        return self._finding("warning", words, "direction")

    def _hidden(self, sight: Sight) -> Finding | None:
        if sight.hidden_by is None:
            return None
        surely = self._is_hidden_when_raised()
        words = (
            f"was taken where {self.peak.names[0]}, {format_distance(sight.distance)} away, stands "
            f"{'' if surely else 'just '}behind {sight.hidden_by.name}; {self._frame()}: "
            f"{self._fix() if surely else 'look at the photo'}"
        )
        return self._finding("error" if surely else "warning", words, "hidden")

    def _is_hidden_when_raised(self) -> bool:
        raised = replace(self.peak, elev_m=(self.peak.elev_m or 0) + HIDDEN_MARGIN_M)
        sight = self._find(look(self.camera, _summits({**self.catalogue, self.peak.id: raised})))
        return sight is not None and sight.hidden_by is not None

    def _below(self, sight: Sight) -> Finding | None:
        if self.is_above:
            return None
        words = (
            f"was taken at {self.camera.altitude:,.0f} m above the sea, from where {self.peak.names[0]} "
            f"({self.peak.elev_m:,} m, {format_distance(sight.distance)} away) lies below the horizon: "
            "see that it looks down on the peak, or correct elev_m"
        )
        return self._finding("warning", words, "below")

    def _find(self, view: Sequence[Sight]) -> Sight | None:
        return next((sight for sight in view if sight.peak.id == self.peak.id), None)

    def _looks(self) -> str:
        width = self.camera.field_of_view
        wide = "" if width is None else f", {width:.0f}° wide"
        return f"looks {format_direction(self.camera.bearing or 0.0)}{wide}"

    def _frame(self) -> str:
        if self.camera.bearing is None or self.camera.field_of_view is None:
            return "what is in the frame is not known"
        if not self.shown:
            return "no peak of the catalogue is in the frame"
        words = [f"{sight.peak.name} ({format_distance(sight.distance)} away)" for sight in self.shown]
        return f"in the frame {'is' if len(words) == 1 else 'are'} {list_words(words)}"

    def _fix(self) -> str:
        if not self.shown:
            return "remove it"
        if len(self.shown) == 1:
            return f"move it to the folder {self.shown[0].peak.id}, or remove it"
        return "move it to the folder of the peak that it shows, or remove it"

    def _finding(self, severity: Severity, words: str, reason: str) -> Finding:
        evidence = {"reason": reason, **self._evidence()}
        return Finding("sight", severity, self.photo.name, f"{self.photo.name} {words}.", evidence)

    def _evidence(self) -> dict[str, object]:
        known: dict[str, object] = {
            "peak": self.peak.id,
            "distance": round(self.distance),
            "bearing_true": self.camera.bearing,
            "field_of_view": self.camera.field_of_view,
            "in_frame": [{"peak": shown.peak.id, "distance": round(shown.distance)} for shown in self.shown],
        }
        if self.sight is not None:
            offset = self.sight.offset
            known |= {
                "peak_bearing": round(self.sight.bearing, 2),
                "offset": None if offset is None else round(offset, 2),
                "frame_probability": round(self.sight.frame_probability, 6),
                "hidden_by": self.sight.hidden_by.id if self.sight.hidden_by else None,
            }
        return {name: value for name, value in known.items() if value is not None}


def _summits(catalogue: Mapping[str, Peak]) -> Summits:
    return Summits.gather(catalogue.values())


def _is_panorama(photo: ReferencePhoto) -> bool:
    width, height = photo.fields["width"], photo.fields["height"]
    return bool(max(width, height) > PANORAMA_RATIO * min(width, height))


def _not_checked(why: str, names: list[str], total: int) -> NotChecked:
    what = f"sight lines of {len(names)} of {total} reference photos"
    return NotChecked(what, f"{why} ({list_words(names)})")
