"""Image files to upright RGB pictures, by content and never by extension.

Five kinds are decoded: JPEG, PNG, WebP, HEIF and TIFF. Other kinds and damaged files are refused with a
reason that a person can act on. Nothing here needs torch, so it can run in worker processes.
"""
from __future__ import annotations

import io
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from PIL.ExifTags import IFD, Base
from pillow_heif import open_heif, register_heif_opener

from loader.files.content import (
    HEAD_BYTES,
    UnreadableImage,
    explain_content,
    file_bytes,
    note,
    read_bytes,
    sniff_kind,
)
from loader.files.decoding_cost import DECODED_BYTES, bytes_needed, find_excess, large_decoding
from loader.files.kinds import heif_tiles
from loader.files.kinds.heif_boxes import find_damage, read_meta
from loader.files.orientation import SWAPPED, TURNS, read_orientation
from loader.files.shrinking import extent, mark_extent, shrink_factor, shrink_lines, shrink_to_rgb, turn
from loader.text import shorten

# Above the largest phone sensor (200 megapixels); a picture's RGB pixels then stay below 660 MB.
MEGAPIXELS = 220
MAX_PIXELS = MEGAPIXELS * 1_000_000
IMPOSSIBLE_BYTES = 1 << 40  # of memory; a header that asks for so much is damaged

# Measured over real photos: vectors keep a cosine of 0.9999 to those of the full picture (docs/loading.md).
DECODED_TIMES, LARGEST_JPEG_STEP = 3, 4

# The second is a JPEG with further pictures behind the first (CIPA DC-007), as many phones write it.
JPEG_FORMATS = ("JPEG", "MPO")

# TIFF/EP and DNG tags: a raw file's first picture is a small preview (NewSubfileType bit 0).
NEW_SUBFILE_TYPE, DNG_VERSION = 254, 50706

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
    with _damage_explained(kind):
        excess = find_excess(data) if kind == "JPEG" else None
        if excess:
            raise UnreadableImage(f"the JPEG file is damaged, or made to do harm ({excess})")
        is_cut = kind == "HEIF" and _refuse_cut(data)
        image = Image.open(io.BytesIO(data), formats=(kind,))
        if math.prod(image.size) > MAX_PIXELS:
            size = " × ".join(map(str, image.size))
            raise UnreadableImage(f"{size} pixels are more than the {MEGAPIXELS} megapixels that are read")
        if image.format == "TIFF":
            _forget_directories(image)
            _refuse_raw(image)
        if is_cut:
            note(image, "the file is cut off behind its picture")
        return image


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
    with _damage_explained(kind):
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
        image.load()
        _refuse_ranges(image)
        small = shrink_to_rgb(image, factor)
        if small is not image:
            image.close()  # gives its pixels' memory back
        return mark_extent(small, covered[0] / factor, covered[1] / factor)


def _draft(image: Image.Image, side: int) -> tuple[float, float]:
    """Let a JPEG be scaled while it is decoded; return the width and height that the image then covers."""
    least = max(side, -(-min(image.size) // LARGEST_JPEG_STEP))
    drafted = image.draft("RGB", (least, least)) if image.format in JPEG_FORMATS else None
    return drafted[1][2:] if drafted else image.size


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


def _refuse_cut(data: bytes) -> bool:
    """Refuse a HEIF file without all of its picture; tell whether other items are missing."""
    meta = read_meta(data)
    if meta is None:
        return False
    if damage := find_damage(meta):
        raise UnreadableImage(f"the HEIF file is damaged ({damage})")
    return bool(meta.missing())


def _refuse_raw(image: Any) -> None:
    if DNG_VERSION in image.tag_v2 or int(image.tag_v2.get(NEW_SUBFILE_TYPE, 0)) & 1:
        raise UnreadableImage("a camera's raw file is not read; export it as JPEG or HEIF")


def _refuse_ranges(image: Image.Image) -> None:
    if image.mode == "P" and image.palette is None:  # Pillow would show it black
        raise UnreadableImage(f"the {image.format} file is damaged (its palette is missing)")
    if image.mode in ("I", "F"):
        raise UnreadableImage("32-bit pixels have no defined brightness; save it with 8 or 16 bits")


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


@contextmanager
def _damage_explained(kind: str) -> Iterator[None]:
    """Turn every exception of a decoder into `UnreadableImage`: hostile bytes can raise any."""
    try:
        yield
    except UnreadableImage:
        raise
    except MemoryError as error:
        raise UnreadableImage("there is not enough memory to decode it") from error
    except Image.DecompressionBombError as error:
        raise UnreadableImage(f"it holds more than the {MEGAPIXELS} megapixels that are read") from error
    except UnidentifiedImageError as error:
        raise UnreadableImage(f"the {kind} file is damaged (its header cannot be read)") from error
    except Exception as error:
        detail = shorten(str(error), 120) or type(error).__name__
        raise UnreadableImage(f"the {kind} file is damaged ({detail})") from error
