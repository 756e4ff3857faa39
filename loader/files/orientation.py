"""How the pixels of an opened image of any kind must be turned to stand upright."""
from __future__ import annotations

import re

from PIL import Image
from PIL.ExifTags import Base

from loader.files.content import file_bytes
from loader.files.facts.exif_block import LONG, SHORT, read_tags
from loader.files.facts.xmp import find_packet
from loader.files.kinds.heif_boxes import read_meta

# The turn that makes a picture upright, for each of EXIF's orientations (CIPA DC-008, 4.6.5.1.6).
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SWAPPED = 5  # from this orientation on width and height change places

_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])["<]')


def read_orientation(image: Image.Image) -> int:
    """Return the orientation of an opened image, 1 to 8, that is left to do; 1 if not known.

    EXIF's tag counts, and where it has none XMP's, as in Pillow. Pillow turns a TIFF with the tag itself. A
    HEIC with boxes that turn it (``irot``, ``imir``) is turned by libheif; its EXIF only repeats that turn.
    """
    if image.format == "HEIF":
        meta = read_meta(file_bytes(image))
        written = image.info.get("original_orientation") or 1  # pillow-heif has set the tag itself to 1
        return written if meta is not None and not meta.is_turned() and 1 <= written <= 8 else 1
    if image.format == "TIFF" and Base.Orientation in getattr(image, "tag_v2", {}):
        return 1
    tag = read_tags(image).found.get("Image Orientation")
    if tag is None:
        found = _XMP_ORIENTATION.search(find_packet(image))
        return int(found[1]) if found else 1
    is_usual = tag.field_type in (SHORT, LONG) and tag.values and 1 <= tag.values[0] <= 8
    return int(tag.values[0]) if is_usual else 1


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Return width and height of an opened image as it is shown, pixels; nothing is decoded."""
    return image.size[::-1] if read_orientation(image) >= SWAPPED else image.size
