"""Turns one photo file into a document of the index `photos`; the file is read once for everything."""
from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, overload

from PIL import Image, ImageCms

from loader.files.content import UnreadableImage, notes, read_bytes
from loader.files.facts.exif import read_exif
from loader.files.facts.exif_block import read_tags
from loader.files.facts.iptc import read_iptc
from loader.files.facts.metadata import Metadata, join
from loader.files.facts.panorama import field_of_view
from loader.files.facts.sidecars import read_sidecars
from loader.files.facts.times import format_offset
from loader.files.facts.xmp import read_xmp
from loader.files.images import ModelInput, open_encoded, render_at_least
from loader.files.library import PhotoFile, Skipped, path_words

THUMBNAIL_SIDE = 256  # pixels
THUMBNAIL_BYTES = 10_000  # of JPEG; base64 adds a third
THUMBNAIL_QUALITIES = (80, 70, 60, 45, 30)
CACHED_PROFILE_BYTES = 1 << 16  # a camera's are below 4 kB


@dataclass(frozen=True)
class Photo:
    """A decoded photo, small enough to be passed between processes.

    Attributes:
        id: the document's ``_id``.
        name: its path from the library's root.
        picture: RGB, already at the vision tower's size.
        fields: of the document, all but the vector and the peaks.
        notes: damaged parts and values that cannot be true, as ends of the sentence "IMG_1.jpg: …".
    """

    id: str
    name: str
    picture: Image.Image
    fields: dict[str, Any]
    notes: tuple[str, ...]

    def document(
        self, vector: Sequence[float], found: Mapping[str, Any], origin: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the whole document.

        Args:
            vector: the image's embedding, length 1.
            found: the fields of its identification (`loader.peaks.identification.document_fields`).
            origin: the fields that say in which library it is.
        """
        return {**self.fields, "clip_image": list(vector), **found, **origin}


@dataclass(frozen=True)
class Known:
    """A file whose content the index holds already, under this name or another.

    Attributes:
        file: the file.
        content_hash: of its bytes and its sidecars' (`PhotoFile.content_key`).
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
    """Read one file once, and make everything that needs its bytes or pixels. Never raises.

    Args:
        file: the photo.
        shape: the picture that the vision tower takes.
        zone: the camera's clock where the file does not tell its UTC offset.
        known: keys of contents that need no decoding (`PhotoFile.content_key`).
    """
    try:
        data = read_bytes(file.path)
        content_hash = sha256(data).hexdigest()
        key = file.content_key(content_hash)
        if key in known:
            return Known(file, key)
        opened = open_encoded(data)
        profile = opened.info.get("icc_profile")
        sidecars = [each.path for each in file.sidecars]
        metadata, noted = read_metadata(opened, sidecars), notes(opened)
        upright, (width, height) = render_at_least(opened, max(shape.decoded_side, THUMBNAIL_SIDE))
    except UnreadableImage as unreadable:
        return Skipped(file.name, unreadable.reason)
    fields: dict[str, Any] = {
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
    if file.sidecars:
        fields |= {"sidecars": file.sidecar_state, "sidecars_hash": key.partition("+")[2]}
    return Photo(file.id, file.name, shape.fit(upright), fields, (*noted, *metadata.notes))


def read_metadata(image: Image.Image, sidecars: Iterable[Path] = ()) -> Metadata:
    """Read the facts of an opened image; call it before the pixels are loaded (TIFF reads from its file).

    Never raises: a damaged part gives no values, and a note. Where sources disagree, EXIF counts first, then
    XMP, IPTC, and last what stands beside the file.

    Args:
        image: of `loader.files.images.open_encoded`.
        sidecars: files beside it (`loader.files.facts.sidecar_names`).
    """
    return join({
        "exif": read_exif(read_tags(image)),
        "xmp": read_xmp(image),
        "iptc": read_iptc(image),
        "sidecar": read_sidecars(sidecars),
    })


def metadata_fields(metadata: Metadata, width: int, height: int, zone: tzinfo | None) -> dict[str, Any]:
    """Return the document's fields that come from the photo's metadata; unknown ones are left out.

    Args:
        metadata: of the photo.
        width: upright pixels.
        height: upright pixels.
        zone: the camera's clock where the file does not tell its UTC offset.
    """
    focal, position = metadata.focal_length_35mm, metadata.position
    angle = field_of_view(focal, width, height) if focal else None
    if metadata.panorama:  # the lens has not seen it in one picture
        angle = metadata.panorama.angle(width, height)
    known = {
        "description": metadata.description,
        "keywords": list(metadata.keywords) or None,
        "gps": {"lat": position.lat, "lon": position.lon} if position else None,
        "has_gps": position is not None,
        "position_source": metadata.position_source,
        "altitude": metadata.altitude,
        "bearing": metadata.bearing,
        "bearing_reference": metadata.bearing_reference,
        "focal_length_35mm": focal,
        "field_of_view": None if angle is None else round(angle, 2),
        "camera": metadata.camera,
        **_times(metadata, zone),
        "time_source": metadata.time_source,
    }
    return {name: value for name, value in known.items() if value is not None}


def _times(metadata: Metadata, zone: tzinfo | None) -> dict[str, str | None]:
    local, instant = metadata.times(zone)
    offset = instant.utcoffset() if instant and local else None
    return {
        "shot_time": instant.isoformat(timespec="seconds") if instant else None,
        "shot_time_local": local.isoformat(timespec="seconds") if local else None,
        "shot_time_offset": None if offset is None else format_offset(offset),
    }


def make_thumbnail(upright: Image.Image, profile: bytes | None = None) -> str:
    """Return a small JPEG of a picture in base64: at most 256 pixels a side, about 10 kB, sRGB, no EXIF.

    Args:
        upright: RGB.
        profile: ICC profile of its colours; phones write Display P3, which would look pale without it.
    """
    small = upright.copy()
    # First by a whole factor, then by the filter, in a third of its time: that changes far less (44 dB of
    # peak signal to noise at least) than the JPEG does (28 to 31 dB).
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS, reducing_gap=1.5)
    colours = to_srgb(small, profile)
    for quality in THUMBNAIL_QUALITIES:
        stream = io.BytesIO()
        colours.save(stream, "JPEG", quality=quality, optimize=True)
        if stream.tell() <= THUMBNAIL_BYTES:
            break
    return b64encode(stream.getvalue()).decode("ascii")


def to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a copy of an RGB picture in sRGB, without EXIF, XMP and profile.

    Args:
        picture: RGB.
        profile: ICC profile of its colours; a damaged one, or one of grey or CMYK, changes nothing.
    """
    clean = Image.new("RGB", picture.size)
    clean.paste(picture)
    if not profile:
        return clean
    try:
        # The files of one camera share a profile; its transform takes longer to make than to apply.
        make = _srgb_transform if len(profile) <= CACHED_PROFILE_BYTES else _srgb_transform.__wrapped__
        converted = ImageCms.applyTransform(clean, make(profile))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return clean
    return converted or clean


@lru_cache(maxsize=8)
def _srgb_transform(profile: bytes) -> ImageCms.ImageCmsTransform:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "RGB", "RGB")
