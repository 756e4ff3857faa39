"""A photo file and the summits before its camera: its EXIF, its sights, and its pixels for a drawing."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

from PIL import Image

from loader.files.content import named_image, notes
from loader.files.facts.sidecar_names import sidecars_beside
from loader.files.images import open_encoded, render_at_least
from loader.files.orientation import upright_size
from loader.files.photo import metadata_fields, read_metadata, to_srgb
from loader.peaks.sight.camera import read_camera
from loader.peaks.sight.geometry import Camera, Sight, Summits, look

# Pixels of the longer side in a drawing.
DRAWN_SIDE = 1100


@dataclass(frozen=True)
class PhotoCamera:
    """The EXIF of a photo about its camera.

    Attributes:
        path: as the person gave it.
        fields: of the photo's document, those that come from EXIF.
        notes: damaged parts and EXIF values that cannot be true, as ends of the sentence "IMG_1.jpg: …".
        width: upright pixels.
        height: upright pixels.
    """

    path: str
    fields: Mapping[str, Any]
    notes: tuple[str, ...]
    width: int
    height: int


def read_photo_camera(path: str, zone: tzinfo | None = None) -> PhotoCamera:
    """Read a photo's EXIF; no pixel is decoded.

    Args:
        path: of a JPEG, PNG, WebP, HEIF or TIFF file.
        zone: the camera's clock where the file does not tell its UTC offset.

    Raises:
        PeaksError: there is no such file, or it cannot be read as an image, with the reason.
    """
    with named_image(path) as data:
        opened = open_encoded(data)
    metadata = read_metadata(opened, sidecars_beside(Path(path)))
    width, height = upright_size(opened)
    fields = metadata_fields(metadata, width, height, zone)
    return PhotoCamera(path, fields, (*notes(opened), *metadata.notes), width, height)


@dataclass(frozen=True)
class SightedPhoto:
    """A photo with the summits in front of its camera.

    Attributes:
        photo: what its EXIF says.
        camera: None for a photo without a position.
        sights: in the order of `sort_sights`.
    """

    photo: PhotoCamera
    camera: Camera | None
    sights: tuple[Sight, ...]

    @property
    def shown(self) -> tuple[Sight, ...]:
        """The summits in the frame with nothing of the catalogue before them, from left to right."""
        return tuple(sight for sight in self.sights if sight.is_shown)


def sight_photo(photo: PhotoCamera, summits: Summits) -> SightedPhoto:
    """Look from a photo's camera at a catalogue's summits."""
    camera = read_camera(photo.fields)
    sights = [] if camera is None else look(camera, summits)
    return SightedPhoto(photo, camera, tuple(sort_sights(sights)))


def sort_sights(sights: Sequence[Sight]) -> list[Sight]:
    """Return the summits in the frame from left to right, then the others, the nearest in direction first.

    Without a bearing the nearest in distance come first.
    """

    def place(sight: Sight) -> tuple[bool, float, float]:
        offset = 0.0 if sight.offset is None else sight.offset
        return not sight.in_frame, offset if sight.in_frame else abs(offset), sight.distance

    return sorted(sights, key=place)


def read_picture(path: str, side: int = DRAWN_SIDE) -> Image.Image:
    """Read a photo upright, in sRGB.

    Args:
        path: of its file.
        side: most pixels of the longer side.

    Raises:
        PeaksError: as `read_photo_camera`, or its pixels are damaged.
    """
    with named_image(path) as data:
        opened = open_encoded(data)
        profile = opened.info.get("icc_profile")
        picture, _ = render_at_least(opened, side)
    picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return to_srgb(picture, profile)
