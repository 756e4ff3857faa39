"""Small pictures in sRGB, for the index and for a drawing."""
from __future__ import annotations

import io
from base64 import b64encode
from functools import lru_cache

from PIL import Image, ImageCms

THUMBNAIL_SIDE = 256  # pixels
THUMBNAIL_BYTES = 10_000  # of JPEG; base64 adds a third
THUMBNAIL_QUALITIES = (80, 70, 60, 45, 30)
CACHED_PROFILE_BYTES = 1 << 16  # a camera's are below 4 kB


def make_thumbnail(upright: Image.Image, profile: bytes | None = None) -> str:
    """Return a small JPEG of a picture in base64: at most 256 pixels a side, about 10 kB, sRGB, no EXIF.

    Args:
        upright: RGB.
        profile: ICC profile of its colours; phones write Display P3, which would look pale without it.
    """
    small = upright.copy() if max(upright.size) <= THUMBNAIL_SIDE else _shrink(upright)
    colours = to_srgb(small, profile)
    for quality in THUMBNAIL_QUALITIES:
        stream = io.BytesIO()
        colours.save(stream, "JPEG", quality=quality, optimize=True)
        if stream.tell() <= THUMBNAIL_BYTES:
            break
    return b64encode(stream.getvalue()).decode("ascii")


def _shrink(upright: Image.Image) -> Image.Image:
    scale = THUMBNAIL_SIDE / max(upright.size)
    size = (max(1, round(upright.width * scale)), max(1, round(upright.height * scale)))
    # First by a whole factor, then by the filter, in a third of its time: that changes far less (44 dB of
    # peak signal to noise at least) than the JPEG does (28 to 31 dB).
    return upright.resize(size, Image.Resampling.LANCZOS, reducing_gap=1.5)


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
