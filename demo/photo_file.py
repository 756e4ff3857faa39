"""Photo files as a phone writes them: JPEG or HEIC, EXIF with position, direction and time, pixels turned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pillow_heif
from PIL import ExifTags, Image

from demo.trail import Shot

pillow_heif.register_heif_opener()

MAKE, MODEL, SOFTWARE = "Trek Optics", "TO-3 Phone", "demo.render"
JPEG_QUALITY = 86
HEIC_QUALITY = 62
FULL_FRAME_CROP = 5.4

# What a reader does to the stored pixels to have them upright, undone: EXIF 2.32, tag 0x0112.
STORED_AS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def write_photo(
    path: Path, picture: Image.Image, shot: Shot, *, orientation: int, content: str, description: str | None
) -> None:
    """Write an upright RGB picture as `content` ("jpeg" or "heic"), whatever the path's ending says.

    `orientation` is EXIF's 1 to 8; the pixels are stored so that a reader who obeys it sees them upright.
    """
    stored = picture.transpose(STORED_AS[orientation]) if orientation in STORED_AS else picture
    exif = build_exif(stored.size, shot, orientation, description)
    if content == "heic":
        stored.save(path, format="HEIF", quality=HEIC_QUALITY, exif=exif.tobytes())
    else:
        stored.save(path, format="JPEG", quality=JPEG_QUALITY, exif=exif.tobytes())


def build_exif(size: tuple[int, int], shot: Shot, orientation: int, description: str | None) -> Image.Exif:
    """The three EXIF directories: the picture, the exposure, the position."""
    exif = Image.Exif()
    written = shot.taken.strftime("%Y:%m:%d %H:%M:%S")
    base = ExifTags.Base
    exif[base.Make], exif[base.Model], exif[base.Software] = MAKE, MODEL, SOFTWARE
    exif[base.Orientation] = orientation
    exif[base.DateTime] = written
    if description is not None:
        exif[base.ImageDescription] = description
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {
            base.DateTimeOriginal: written,
            base.DateTimeDigitized: written,
            base.OffsetTime: shot.offset,
            base.OffsetTimeOriginal: shot.offset,
            base.FocalLength: round(shot.focal_length_35mm / FULL_FRAME_CROP, 2),
            base.FocalLengthIn35mmFilm: shot.focal_length_35mm,
            base.ExifImageWidth: size[0],
            base.ExifImageHeight: size[1],
        }
    )
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(position_tags(shot))
    return exif


def position_tags(shot: Shot) -> dict[int, Any]:
    """The GPS directory: position, altitude above the sea, direction of the picture from true north."""
    tag = ExifTags.GPS
    return {
        tag.GPSLatitudeRef: "N" if shot.place.lat >= 0 else "S",
        tag.GPSLatitude: sexagesimal(abs(shot.place.lat)),
        tag.GPSLongitudeRef: "E" if shot.place.lon >= 0 else "W",
        tag.GPSLongitude: sexagesimal(abs(shot.place.lon)),
        tag.GPSAltitudeRef: b"\x00",
        tag.GPSAltitude: round(shot.place.altitude, 1),
        tag.GPSImgDirectionRef: "T",
        tag.GPSImgDirection: round(shot.bearing, 2),
    }


def sexagesimal(degrees: float) -> tuple[float, float, float]:
    """Degrees, minutes and seconds with a hundredth of a second (about 30 cm)."""
    hundredths = round(degrees * 360_000)
    minutes, seconds = divmod(hundredths, 6000)
    return (float(minutes // 60), float(minutes % 60), seconds / 100)
