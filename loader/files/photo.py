"""One photo file to one document of the index `photos`: pixels, EXIF, thumbnail and hash from one reading."""
from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from hashlib import sha256
from typing import Any, overload
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from PIL import Image

from loader.errors import PeaksError
from loader.files.exif import Metadata, field_of_view, parse_offset, read_metadata
from loader.files.images import ModelInput, UnreadableImage, open_encoded, read_bytes, render_at_least
from loader.files.library import PhotoFile, Skipped, path_words
from loader.files.thumbnail import THUMBNAIL_SIDE, make_thumbnail

_ZONE_WORD = re.compile(r"[A-Za-z][\w+/-]*")


@dataclass(frozen=True)
class Photo:
    """A decoded photo, small enough to be passed between processes.

    Attributes:
        id: the document's ``_id``.
        name: its path from the library's root.
        picture: RGB, already at the vision tower's size.
        fields: of the document, all but the vector and the peaks.
        notes: what its EXIF says that cannot be true, as ends of the sentence "IMG_1.jpg: …".
    """

    id: str
    name: str
    picture: Image.Image
    fields: dict[str, Any]
    notes: tuple[str, ...]

    def document(self, vector: Sequence[float], found: Mapping[str, Any], library: str) -> dict[str, Any]:
        """Return the whole document.

        Args:
            vector: the image's embedding, length 1.
            found: the fields of its identification (`loader.peaks.identification.fields`).
            library: the name of the photo's library.
        """
        return {**self.fields, "clip_image": list(vector), **found, "library": library}


@dataclass(frozen=True)
class Known:
    """A file whose very bytes the index holds already, under this name or another.

    Attributes:
        file: the file.
        content_hash: SHA-256 of its bytes, hexadecimal.
    """

    file: PhotoFile
    content_hash: str


@overload
def decode_photo(file: PhotoFile, shape: ModelInput, zone: tzinfo | None = None) -> Photo | Skipped: ...
@overload
def decode_photo(
    file: PhotoFile, shape: ModelInput, zone: tzinfo | None, known: Collection[str]
) -> Photo | Known | Skipped: ...


def decode_photo(
    file: PhotoFile, shape: ModelInput, zone: tzinfo | None = None, known: Collection[str] = ()
) -> Photo | Known | Skipped:
    """Read one file once and make everything of it that needs its bytes or pixels. Never raises.

    Args:
        file: the photo.
        shape: the picture that the vision tower takes.
        zone: the camera's clock where the file does not tell its UTC offset.
        known: SHA-256 of contents that need no decoding, hexadecimal.
    """
    try:
        data = read_bytes(file.path)
        content_hash = sha256(data).hexdigest()
        if content_hash in known:
            return Known(file, content_hash)
        opened = open_encoded(data)
        profile = opened.info.get("icc_profile")
        metadata = read_metadata(opened)
        upright, (width, height) = render_at_least(opened, max(shape.decoded_side, THUMBNAIL_SIDE))
    except UnreadableImage as unreadable:
        return Skipped(file.name, unreadable.reason)
    fields = {
        "path": file.name,
        "path_words": path_words(file.name),
        "width": width,
        "height": height,
        "size_bytes": len(data),
        "modified": file.modified,
        "content_hash": content_hash,
        "thumbnail": make_thumbnail(upright, profile),
        **metadata_fields(metadata, width, height, zone),
    }
    return Photo(file.id, file.name, shape.fit(upright), fields, metadata.notes)


def metadata_fields(metadata: Metadata, width: int, height: int, zone: tzinfo | None) -> dict[str, Any]:
    """Return the document's fields that come from EXIF; what is not known is not there.

    Args:
        metadata: of the photo.
        width: upright pixels.
        height: upright pixels.
        zone: the camera's clock where the file does not tell its UTC offset.
    """
    focal, position = metadata.focal_length_35mm, metadata.position
    angle = field_of_view(focal, width, height) if focal else None
    known = {
        "description": metadata.description,
        "keywords": list(metadata.keywords) or None,
        "gps": {"lat": position.lat, "lon": position.lon} if position else None,
        "has_gps": position is not None,
        "altitude": metadata.altitude,
        "bearing": metadata.bearing,
        "bearing_reference": metadata.bearing_reference,
        "focal_length_35mm": focal,
        "field_of_view": None if angle is None else round(angle, 2),
        "camera": metadata.camera,
        **_times(metadata, zone),
    }
    return {name: value for name, value in known.items() if value is not None}


def _times(metadata: Metadata, zone: tzinfo | None) -> dict[str, str | None]:
    local, instant = metadata.shot_time_local, metadata.instant(zone)
    offset = instant.utcoffset() if instant and local else None
    return {
        "shot_time": instant.isoformat(timespec="seconds") if instant else None,
        "shot_time_local": local.isoformat(timespec="seconds") if local else None,
        "shot_time_offset": None if offset is None else format_offset(offset),
    }


def format_offset(offset: timedelta) -> str:
    """Return a UTC offset as "+05:45"."""
    minutes = round(offset.total_seconds() / 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def parse_zone(written: str) -> tzinfo:
    """Return the time zone that a person names: "Asia/Kathmandu" or "+05:45".

    Raises:
        PeaksError: no such zone.
    """
    offset = parse_offset(written)
    if offset is not None:
        return timezone(offset)
    try:
        if _ZONE_WORD.fullmatch(written):
            return ZoneInfo(written)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise PeaksError(f"There is no time zone '{written}': give a name such as Asia/Kathmandu, or an offset "
                     "such as +05:45.")
