"""Image files to upright RGB pictures, by content and never by extension.

Five kinds are decoded: JPEG, PNG, WebP, HEIF and TIFF. Other kinds and damaged files are refused with a
reason that a person can act on. Nothing here needs torch, so it can run in worker processes.
"""
from __future__ import annotations

import io
import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.ExifTags import IFD, Base
from pillow_heif import HeifImageFile, open_heif, register_heif_opener

from loader.files.content import (
    HEAD_BYTES,
    NOTES,
    UnreadableImage,
    explain_content,
    file_bytes,
    read_bytes,
    sniff_kind,
)
from loader.files.decoding_cost import DECODED_BYTES, bytes_needed, find_excess, large_decoding
from loader.files.kinds import heif_tiles, jpeg, png, webp
from loader.files.kinds.damage import MAX_PIXELS, MEGAPIXELS, damage_explained
from loader.files.kinds.heif_boxes import find_damage, read_meta
from loader.files.orientation import SWAPPED, TURNS, read_orientation
from loader.files.shrinking import extent, mark_extent, shrink_factor, shrink_lines, shrink_to_rgb, turn

IMPOSSIBLE_BYTES = 1 << 40  # of memory; a header that asks for so much is damaged

# Measured over real photos: vectors keep a cosine of 0.9999 to those of the full picture (docs/loading.md).
DECODED_TIMES, LARGEST_JPEG_STEP = 3, 4

END_ADDED = "peaks end added"  # of Pillow's info: to a JPEG without its end marker

# The second is a JPEG with further pictures behind the first (CIPA DC-007), as many phones write it.
JPEG_FORMATS = ("JPEG", "MPO")

# TIFF/EP and DNG tags: a raw file's first picture is a small preview (NewSubfileType bit 0).
NEW_SUBFILE_TYPE, DNG_VERSION = 254, 50706
SAMPLE_FORMAT, SIGNED = 339, 2  # a TIFF's tag, and its value for integers with a sign

# A HEIC's own thumbnail must never replace the picture, and its auxiliary images are not needed.
register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
# `open_encoded` refuses earlier and says why; Pillow's own limit (89 megapixels) is below today's phones.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
# A damaged EXIF tag is left out; Pillow would print a warning for each.
warnings.filterwarnings("ignore", module=r"PIL\.")


@dataclass(frozen=True)
class ModelInput:
    """The form of picture that a vision tower takes; decoding workers need it without the tower.

    Attributes:
        width: pixels.
        height: pixels.
        resample: Pillow's filter, as the checkpoint's preprocessor names it.
    """

    width: int
    height: int
    resample: int = Image.Resampling.BILINEAR

    @property
    def decoded_side(self) -> int:
        """Pixels that a decoder must leave on the shorter side (see `render_at_least`)."""
        return DECODED_TIMES * max(self.width, self.height)

    def fit(self, picture: Image.Image) -> Image.Image:
        """Stretch an upright RGB picture to the tower's size, exactly as SigLIP's own preprocessor does."""
        size = self.width, self.height
        fitted = picture.resize(size, Image.Resampling(self.resample), box=extent(picture))
        fitted.info = {}
        return fitted


def open_image(path: Path | str) -> Image.Image:
    """Read an image file as an upright RGB picture in its full size.

    Args:
        path: a JPEG, PNG, WebP, HEIF or TIFF file, whatever its extension. Of an animation the first frame
            is read, of a TIFF the first page, of a HEIF the primary image.

    Raises:
        UnreadableImage: with the reason.
    """
    return render_upright(open_encoded(read_bytes(Path(path))))


def open_encoded(data: bytes) -> Image.Image:
    """Open an image file's bytes: kind, size and EXIF are known afterwards, no pixel is decoded.

    Raises:
        UnreadableImage: not one of the five kinds, damaged, a camera's raw file, or too many pixels.
    """
    kind = sniff_kind(data[:HEAD_BYTES])
    if kind is None:
        raise UnreadableImage(explain_content(data[:HEAD_BYTES]))
    with damage_explained(kind, data):
        prepared, noted = _prepare(kind, data)
        stream = io.BytesIO(prepared)
        # Pillow looks at a HEIF's first brand only, `sniff_kind` at all of them.
        image = HeifImageFile(stream) if kind == "HEIF" else Image.open(stream, formats=(kind,))
        if math.prod(image.size) > MAX_PIXELS:
            size = " × ".join(map(str, image.size))
            raise UnreadableImage(f"{size} pixels are more than the {MEGAPIXELS} megapixels that are read")
        if image.format == "TIFF":
            _forget_directories(image)
            _refuse_raw(image)
        image.info[NOTES] = noted
        image.info[END_ADDED] = kind == "JPEG" and prepared is not data
        return image


def _prepare(kind: str, data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Refuse what Pillow would not, and keep it from refusing a file for what holds no pixels.

    Returns:
        The file to open, and notes about it.
    """
    if kind == "PNG":
        return png.mend(data)
    if kind == "JPEG":
        if excess := find_excess(data):
            raise UnreadableImage(f"the JPEG file is damaged, or made to do harm ({excess})")
        return jpeg.add_end(data) or data, ()
    meta = read_meta(data) if kind == "HEIF" else None
    if meta is None:
        return data, ()
    if damage := find_damage(meta):
        raise UnreadableImage(f"the HEIF file is damaged ({damage})")
    return data, ("the file is cut off behind its picture",) if meta.missing() else ()


def render_upright(image: Image.Image) -> Image.Image:
    """Decode an opened image into upright RGB in its full size, as `render_at_least` does."""
    return render_at_least(image, None)[0]


def render_at_least(image: Image.Image, side: int | None) -> tuple[Image.Image, tuple[int, int]]:
    """Decode an opened image into upright RGB of at least ``side`` pixels both ways; None: in its full size.

    A JPEG is scaled to 1/2 or 1/4 while its blocks are decoded (1/8 would leave only the means of the blocks
    and is not used). A HEIC is shrunk tile by tile when its faster decoder is installed (`heif_tiles`). A
    picture that is still at least twice as large as needed is averaged over squares of 2, 4, … pixels.
    Transparent pixels are laid on white.

    Args:
        image: of `open_encoded`; it must not be used afterwards.
        side: pixels.

    Returns:
        The picture, and the upright width and height of the full image.

    Raises:
        UnreadableImage: damaged pixels, a pixel format without a defined brightness range, or more memory
            needed than `DECODED_BYTES`.
    """
    kind, full = image.format or "image", image.size
    orientation = read_orientation(image)  # before the pixels are loaded, which closes a TIFF
    with damage_explained(kind, file_bytes(image), is_opened=True):
        picture = None
        if kind == "HEIF" and side is not None:
            picture = heif_tiles.decode_tiles(image, file_bytes(image), side)
        picture = picture or _decode_whole(image, side)
    how = TURNS.get(orientation)
    upright = turn(picture, how) if how is not None else picture
    return upright, (full[::-1] if orientation >= SWAPPED else full)


def _decode_whole(image: Image.Image, side: int | None) -> Image.Image:
    full = image.size
    covered = _draft(image, side) if side else full
    factor = shrink_factor(image.size, side)
    needed = bytes_needed(image, full, factor)
    _check_memory(image, full, needed)
    with large_decoding(needed):
        if image.format == "HEIF":
            heif_tiles.check_tiles(file_bytes(image))
            return _decode_heif(file_bytes(image), factor)
        data, is_jpeg = file_bytes(image), image.format in JPEG_FORMATS
        _refuse_zeros(image, data)
        image.load()
        _refuse_ranges(image)
        may_lack = is_jpeg and (image.info.get(END_ADDED) or jpeg.ends_grey(image))
        levels = image.histogram() if may_lack else []
        small = shrink_to_rgb(image, factor)
        if small is not image:
            image.close()  # gives its pixels' memory back
        if may_lack and levels != _levels(jpeg.end_otherwise(data), side):
            raise UnreadableImage("the JPEG file is damaged (it is cut off)")
        return mark_extent(small, covered[0] / factor, covered[1] / factor)


def _draft(image: Image.Image, side: int) -> tuple[float, float]:
    """Let a JPEG be scaled while it is decoded; return the width and height that the image then covers."""
    least = max(side, -(-min(image.size) // LARGEST_JPEG_STEP))
    drafted = image.draft("RGB", (least, least)) if image.format in JPEG_FORMATS else None
    return drafted[1][2:] if drafted else image.size


def _levels(data: bytes, side: int | None) -> list[int]:
    """Return the histogram of a JPEG, decoded as `render_at_least` does."""
    picture = Image.open(io.BytesIO(data), formats=("JPEG",))
    if side:
        _draft(picture, side)
    return picture.histogram()


def _decode_heif(data: bytes, factor: int) -> Image.Image:
    """Decode by libheif, and read its memory directly: Pillow's copy would nearly double the memory."""
    heif = open_heif(io.BytesIO(data), convert_hdr_to_8bit=True, remove_stride=False)
    lines, (width, height) = memoryview(heif.data), heif.size
    small = shrink_lines(lines, heif.mode, (width, height), heif.stride, factor)
    return mark_extent(small, width / factor, height / factor)


def _forget_directories(image: Any) -> None:
    """Keep Pillow from reading more of a TIFF's EXIF, when it loads the pixels, than the tag Orientation.

    It would decode every tag of the Exif and GPS directories. It would also turn the pixels by XMP, but not
    the size.
    """
    exif = image.getexif()  # only an index so far
    for tag in (IFD.Exif, IFD.GPSInfo, IFD.Interop, Base.Orientation):
        if tag in exif and not (tag == Base.Orientation and tag in image.tag_v2):
            del exif[tag]


def _refuse_raw(image: Any) -> None:
    if DNG_VERSION in image.tag_v2 or int(image.tag_v2.get(NEW_SUBFILE_TYPE, 0)) & 1:
        raise UnreadableImage("a camera's raw file is not read; export it as JPEG or HEIF")


def _refuse_zeros(image: Image.Image, data: bytes) -> None:
    """Refuse zeros that a broken copy has in the place of pixels, and that decoders make pixels of."""
    if image.format == "WEBP" and webp.is_broken_off(data):
        raise UnreadableImage("the WEBP file is damaged (it ends with zeros)")
    if image.format in JPEG_FORMATS and jpeg.has_hole(data):
        raise UnreadableImage("the JPEG file is damaged (it has a hole)")


def _refuse_ranges(image: Image.Image) -> None:
    if image.mode == "P" and image.palette is None:  # Pillow would show it black
        raise UnreadableImage(f"the {image.format} file is damaged (its palette is missing)")
    if image.mode in ("I", "F"):
        is_signed = getattr(image, "tag_v2", {}).get(SAMPLE_FORMAT, (0,))[0] == SIGNED
        kind = "signed" if is_signed else "32-bit"
        raise UnreadableImage(f"{kind} pixels have no defined brightness; save it with 8 or 16 bits")


def _check_memory(image: Image.Image, full: tuple[int, int], needed: int) -> None:
    if needed <= DECODED_BYTES:
        return
    if needed > IMPOSSIBLE_BYTES:
        raise UnreadableImage(f"the {image.format} file is damaged (its sizes cannot be true)")
    fix = "save it with fewer pixels"
    if image.format in JPEG_FORMATS:
        fix = "save it as a baseline JPEG (not progressive)"
    elif image.format == "HEIF" and not heif_tiles.is_available():
        fix = "install the package av (the extra fast), which decodes it in parts"
    raise UnreadableImage(
        f"{full[0]} × {full[1]} pixels of {image.format} need {needed / 1e9:.1f} GB of memory to decode, "
        f"more than the {DECODED_BYTES / 1e9:.1f} GB that are allowed; {fix}"
    )
