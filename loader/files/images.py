"""Image files to upright RGB pictures, by content and never by extension.

Five decoders are allowed: JPEG, PNG, WebP, HEIF and TIFF. Everything else, and everything damaged, is refused
with a reason that a person can act on. Nothing here needs torch, so it can run in worker processes.
"""
from __future__ import annotations

import io
import os
import stat
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageCms, UnidentifiedImageError
from PIL.ExifTags import IFD
from pillow_heif import open_heif, register_heif_opener

from loader.files import heif_tiles
from loader.files.decoding_gate import large_decoding
from loader.files.decoding_memory import DECODED_BYTES, bytes_needed, file_bytes
from loader.files.exif_tags import read_orientation
from loader.files.file_kinds import HEAD_BYTES, explain_content, sniff_kind
from loader.files.jpeg_segments import find_excess
from loader.files.shrinking import extent, mark_extent, shrink_factor, shrink_lines, shrink_to_rgb, turn

# Above the largest phone sensor (200 megapixels); a picture's RGB pixels then stay below 660 MB.
MAX_PIXELS = 220_000_000
IMPOSSIBLE_BYTES = 1 << 40  # of memory: a header that lies
MAX_BYTES = 256 << 20  # a worker holds the whole file beside its pixels

# Measured over real photos (docs/loading.md): vectors keep a cosine of 0.9999 to those of the full picture.
DECODED_TIMES, LARGEST_JPEG_STEP = 3, 4

NEVER_BLOCK = getattr(os, "O_NONBLOCK", 0)  # for what turns out to be a pipe without a writer
CACHED_PROFILE_BYTES = 1 << 16  # a camera's are below 4 kB
# The second is a JPEG with further pictures behind the first (CIPA DC-007), as many phones write it.
JPEG_FORMATS = ("JPEG", "MPO")

# TIFF/EP and DNG tags: a raw file's first picture is a small preview (NewSubfileType bit 0).
NEW_SUBFILE_TYPE, DNG_VERSION = 254, 50706

# What brings a picture upright that is stored with one of EXIF's orientations (CIPA DC-008, 4.6.5.1.6).
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# A HEIC's own thumbnail must never stand in for the picture, and its side images are not needed.
register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
# `check_size` refuses earlier and says why; Pillow's own limit (89 megapixels) is below today's phones.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
# A damaged EXIF tag costs that tag only; Pillow would print a warning for each.
warnings.filterwarnings("ignore", module=r"PIL\.")


@dataclass(frozen=True)
class ModelInput:
    """The picture that a vision tower takes, without the tower: what a decoding worker needs to know.

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


class UnreadableImage(Exception):
    """A file that cannot be shown as a picture.

    Attributes:
        reason: why, as the end of the sentence "IMG_1.jpg was skipped: …".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def open_image(path: Path | str) -> Image.Image:
    """Read an image file as an upright RGB picture in its full size.

    Args:
        path: a JPEG, PNG, WebP, HEIF or TIFF file, whatever its extension. Of an animation the first frame
            is read, of a TIFF the first page, of a HEIF the primary image.

    Raises:
        UnreadableImage: with the reason.
    """
    return render_upright(open_encoded(read_bytes(Path(path))))


def read_bytes(path: Path) -> bytes:
    """Read a whole file of at most 256 MiB.

    Raises:
        UnreadableImage: missing, empty, larger, or not permitted.
    """
    try:
        with _open_regular(path) as stream:
            if os.fstat(stream.fileno()).st_size > MAX_BYTES:
                raise UnreadableImage("the file is larger than 256 MiB")
            data = stream.read(MAX_BYTES)
    except OSError as error:
        raise UnreadableImage(f"the file cannot be read ({error.strerror})") from error
    if not data:
        raise UnreadableImage("the file is empty")
    return data


def _open_regular(path: Path) -> BinaryIO:
    """Open a file that may have become a pipe or a device since it was found: neither may block us."""
    descriptor = os.open(path, os.O_RDONLY | NEVER_BLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnreadableImage("not a regular file")
    return os.fdopen(descriptor, "rb")


def open_encoded(data: bytes) -> Image.Image:
    """Open an image file's bytes: kind, size and EXIF are known afterwards, no pixel is decoded.

    Raises:
        UnreadableImage: not one of the five kinds, damaged, a camera's raw file, or too many pixels.
    """
    kind = sniff_kind(data[:HEAD_BYTES])
    if kind is None:
        raise UnreadableImage(explain_content(data[:HEAD_BYTES]))
    try:
        _refuse_excess(kind, data)
        image = Image.open(io.BytesIO(data), formats=(kind,))
        _check_size(image)
        _forget_directories(image)
        _refuse_raw(image)
    except UnreadableImage:
        raise
    except Exception as error:  # hostile bytes reach every corner of a decoder
        raise UnreadableImage(_explain_damage(kind, error)) from error
    return image


def render_upright(image: Image.Image) -> Image.Image:
    """Decode an opened image into upright RGB.

    Transparent pixels are laid on white. EXIF's orientation is applied where the decoder has not done so
    (libheif turns HEIF by its own boxes, and pillow-heif then sets EXIF's orientation to 1).

    Args:
        image: of `open_encoded`; it must not be used afterwards.

    Raises:
        UnreadableImage: damaged pixels, a pixel format without a defined brightness range, or more memory
            needed than `DECODED_BYTES`.
    """
    return _render(image, None, False)[0]


def render_at_least(
    image: Image.Image, side: int, *, by_tiles: bool = True
) -> tuple[Image.Image, tuple[int, int]]:
    """Decode an opened image into upright RGB of at least ``side`` pixels both ways, or its full size.

    A JPEG is scaled to 1/2 or 1/4 while its blocks are decoded (at 1/8 only the blocks' means are left: not
    used). A HEIC is shrunk tile by tile when its faster decoder is installed (`heif_tiles`). What
    is still twice as large as it must be is averaged over squares of 2, 4, … pixels. With ``side`` three
    times the tower's, vectors keep a cosine of 0.9999 to those of the full picture (docs/loading.md).

    Args:
        image: as `render_upright`.
        side: pixels.
        by_tiles: let `loader.files.heif_tiles` try first.

    Returns:
        The picture, and the upright width and height of the full image.

    Raises:
        UnreadableImage: as `render_upright`.
    """
    return _render(image, side, by_tiles)


def _render(
    image: Image.Image, side: int | None, by_tiles: bool
) -> tuple[Image.Image, tuple[int, int]]:
    kind = image.format or "image"
    try:
        small = _decode_tiles(image, side) if kind == "HEIF" and side and by_tiles else None
        return (small, image.size) if small else _decode_whole(image, side)
    except UnreadableImage:
        raise
    except Exception as error:  # hostile bytes reach every corner of a decoder
        raise UnreadableImage(_explain_damage(kind, error)) from error


def _decode_tiles(image: Image.Image, side: int) -> Image.Image | None:
    if image.mode != "RGB" or image.info.get("bit_depth") != 8:
        return None
    plan = heif_tiles.plan_decoding(file_bytes(image), side)
    if plan is None or plan.upright_size != image.size:  # libheif is the authority on what is shown
        return None
    with large_decoding(plan.bytes_needed):
        return heif_tiles.decode_small(plan)


def _decode_whole(image: Image.Image, side: int | None) -> tuple[Image.Image, tuple[int, int]]:
    full = image.size
    extent = _draft(image, side) if side else full
    factor = shrink_factor(image.size, side)
    needed = bytes_needed(image, full, factor)
    _check_memory(image, full, needed)
    with large_decoding(needed):
        if image.format == "HEIF":
            return _decode_heif(file_bytes(image), factor)
        return _decode_by_pillow(image, full, extent, factor)


def _draft(image: Image.Image, side: int) -> tuple[float, float]:
    """Let a JPEG be scaled while it is decoded; return the width and height that the image then covers."""
    least = max(side, -(-min(image.size) // LARGEST_JPEG_STEP))
    drafted = image.draft("RGB", (least, least)) if image.format in JPEG_FORMATS else None
    return drafted[1][2:] if drafted else image.size


def _decode_by_pillow(
    image: Image.Image, full: tuple[int, int], extent: tuple[float, float], factor: int
) -> tuple[Image.Image, tuple[int, int]]:
    orientation = read_orientation(image)  # a TIFF is closed once its pixels are there
    image.load()
    _refuse_ranges(image)
    small = shrink_to_rgb(image, factor)
    if image.format == "TIFF":  # turned by Pillow already, its size with it
        full = extent = image.size
    if small is not image:
        image.close()  # gives its pixels' memory back
    small = mark_extent(small, extent[0] / factor, extent[1] / factor)
    how = TURNS.get(orientation)
    return (turn(small, how) if how is not None else small), (full[::-1] if orientation >= 5 else full)


def _decode_heif(data: bytes, factor: int) -> tuple[Image.Image, tuple[int, int]]:
    """Decode by libheif, and read its own memory: Pillow's copy would nearly double what is needed."""
    heif = open_heif(io.BytesIO(data), convert_hdr_to_8bit=True, remove_stride=False)
    lines = memoryview(heif.data)
    width, height = heif.size
    small = shrink_lines(lines, heif.mode, (width, height), heif.stride, factor)
    return mark_extent(small, width / factor, height / factor), (width, height)


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableImage(
            f"{width} × {height} pixels are more than the {MAX_PIXELS // 1_000_000} megapixels that are read"
        )


def _refuse_excess(kind: str, data: bytes) -> None:
    excess = find_excess(data) if kind == "JPEG" else None
    if excess:
        raise UnreadableImage(f"the JPEG file is damaged, or made to do harm ({excess})")


def _forget_directories(image: Image.Image) -> None:
    """Keep Pillow from decoding every tag of a TIFF's Exif and GPS directories when it loads the pixels."""
    if image.format == "TIFF":
        exif = image.getexif()  # only an index so far
        for pointer in (IFD.Exif, IFD.GPSInfo, IFD.Interop):
            if pointer in exif:
                del exif[pointer]


def _refuse_raw(image: Image.Image) -> None:
    tags = getattr(image, "tag_v2", None)
    if tags is not None and (DNG_VERSION in tags or int(tags.get(NEW_SUBFILE_TYPE, 0)) & 1):
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


def _explain_damage(kind: str, error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory to decode it"
    if isinstance(error, Image.DecompressionBombError):
        return f"it holds more than the {MAX_PIXELS // 1_000_000} megapixels that are read"
    if isinstance(error, UnidentifiedImageError):
        return f"the {kind} file is damaged (its header cannot be read)"
    detail = " ".join(str(error).split())[:120] or type(error).__name__
    return f"the {kind} file is damaged ({detail})"


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
