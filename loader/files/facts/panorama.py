"""How wide a picture looks: from its lens, or for a panorama from what its stitcher wrote."""
from __future__ import annotations

import math
from dataclasses import dataclass

# The diagonal of a 36 × 24 mm frame, which the 35 mm equivalent is defined by (CIPA DCG-001).
FILM_DIAGONAL_MM = math.hypot(36, 24)
PANORAMA_RATIO = 2.0  # from here on a picture is stitched or cropped, and the lens does not tell its width
SAME_SHAPE = 0.02  # by how much the shapes of a picture may differ that was only made smaller
EQUIRECTANGULAR = "equirectangular"


@dataclass(frozen=True)
class Panorama:
    """A picture that was stitched, as XMP's namespace GPano describes it (Google, Photo Sphere XMP).

    Attributes:
        projection: "equirectangular", another one, or "" when the file does not say.
        heading: of the picture's centre, degrees clockwise from north, 0 ≤ heading < 360.
        full: width and height of the whole sphere, pixels.
        part: width and height of the part of it that the picture shows, pixels.
    """

    projection: str = ""
    heading: float | None = None
    full: tuple[float, float] | None = None
    part: tuple[float, float] | None = None

    def angle(self, width: int, height: int) -> float | None:
        """Return the horizontal field of view of an upright picture, more than 0 and at most 360 degrees.

        An equirectangular picture has as many degrees a pixel everywhere. None when the projection is another
        one, or when the picture has not the shape that is written: then it was cropped later.
        """
        if self.projection.casefold() != EQUIRECTANGULAR:
            return None
        full = self.full or self.part or (2, 1)
        shown = self.part or (full if _same_shape(full, (width, height)) else (width, height))
        share = shown[0] / full[0]
        return 360 * share if _same_shape(shown, (width, height)) and 0 < share <= 1 else None


def _same_shape(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) <= SAME_SHAPE


def field_of_view(focal_length_35mm: float, width: int, height: int) -> float | None:
    """Return the horizontal angle of view of an upright picture, in degrees.

    2·atan(d/2f), where d is the width of a picture of this shape whose diagonal is that of the film (43.27
    mm), because the 35 mm equivalent is defined by the diagonal (CIPA DCG-001).

    Args:
        focal_length_35mm: millimetres, above 0.
        width: upright pixels.
        height: upright pixels.

    Returns:
        More than 0 and less than 180, or None for a panorama, which is wider than the lens's view.
    """
    if max(width, height) >= PANORAMA_RATIO * min(width, height):
        return None
    across = FILM_DIAGONAL_MM * width / math.hypot(width, height)
    return math.degrees(2 * math.atan(across / (2 * focal_length_35mm)))
