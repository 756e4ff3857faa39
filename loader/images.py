"""Image files to upright RGB pictures, by content and never by extension.

Five decoders are allowed: JPEG, PNG, WebP, HEIF and TIFF. Everything else, and everything damaged, is refused
with a reason that a person can act on. Nothing here needs torch, so it can run in worker processes.
"""
from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.ExifTags import Base
from pillow_heif import register_heif_opener

# Above the largest phone sensor (200 megapixels); a picture's RGB pixels then stay below 660 MB.
MAX_PIXELS = 220_000_000
MAX_BYTES = 1 << 30

# Measured over real photos (docs/loading.md): vectors keep a cosine of 0.9999 to those of the full picture.
DECODED_TIMES, LARGEST_JPEG_STEP = 4, 4

READ_KINDS = "JPEG, PNG, WebP, HEIF and TIFF"
HEAD_BYTES = 64  # enough for every signature, and for the brands of a HEIF file

# ISO/IEC 23008-12, and the brands that pillow-heif opens.
HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

# The second is a JPEG with further pictures behind the first (CIPA DC-007), as many phones write it.
JPEG_FORMATS = ("JPEG", "MPO")

# TIFF/EP and DNG tags: a raw file's first picture is a small preview (NewSubfileType bit 0).
NEW_SUBFILE_TYPE, DNG_VERSION, BITS_PER_SAMPLE = 254, 50706, 258

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
        return picture.resize((self.width, self.height), Image.Resampling(self.resample))


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
    """Read a whole file of at most 1 GiB.

    Raises:
        UnreadableImage: missing, empty, larger, or not permitted.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableImage("the file is larger than 1 GiB")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableImage(f"the file cannot be read ({error.strerror})") from error
    if not data:
        raise UnreadableImage("the file is empty")
    return data


def open_encoded(data: bytes) -> Image.Image:
    """Open an image file's bytes: kind, size and EXIF are known afterwards, no pixel is decoded.

    Raises:
        UnreadableImage: not one of the five kinds, damaged, a camera's raw file, or too many pixels.
    """
    kind = sniff_kind(data[:HEAD_BYTES])
    if kind is None:
        raise UnreadableImage(explain_content(data[:HEAD_BYTES]))
    try:
        image = Image.open(io.BytesIO(data), formats=(kind,))
        _check_size(image)
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

    Raises:
        UnreadableImage: damaged pixels, or a pixel format without a defined brightness range.
    """
    kind = image.format or "image"
    try:
        image.load()
        return _turn(_to_rgb(image))
    except UnreadableImage:
        raise
    except Exception as error:  # hostile bytes reach every corner of a decoder
        raise UnreadableImage(_explain_damage(kind, error)) from error


def render_at_least(image: Image.Image, side: int) -> tuple[Image.Image, tuple[int, int]]:
    """Decode an opened image into upright RGB of at least ``side`` pixels both ways, or its full size.

    A JPEG is scaled to 1/2 or 1/4 while its blocks are decoded, in about half the time; with ``side`` four
    times the vision tower's, the tower's picture then differs by 0.3 grey levels (docs/loading.md). At 1/8
    only the blocks' means are left: not used. Other kinds are decoded in full.

    Returns:
        The picture, and the upright width and height of the full image.

    Raises:
        UnreadableImage: as `render_upright`.
    """
    full = image.size
    turned = _orientation(image) >= 5
    least = max(side, -(-min(full) // LARGEST_JPEG_STEP))
    if image.format not in JPEG_FORMATS or image.draft("RGB", (least, least)) is None:
        picture = render_upright(image)
        return picture, picture.size
    return render_upright(image), full[::-1] if turned else full


def sniff_kind(head: bytes) -> str | None:
    """Return Pillow's format name for a file that starts with ``head`` (64 bytes); None: not read here."""
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(TIFF_STARTS) and head[8:10] != b"CR":
        return "TIFF"
    if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS and not _is_avif(head):
        return "HEIF"
    return None


def explain_content(head: bytes) -> str:
    """Say what a file is that `sniff_kind` does not take."""
    name = _other_kind(head)
    if name is None:
        return f"the content is not an image ({READ_KINDS} are read)"
    return f"{name} is not read ({READ_KINDS} are)"


def _is_avif(head: bytes) -> bool:
    brands = {head[start : start + 4] for start in range(8, len(head), 4)}
    return bool(brands & {b"avif", b"avis"}) and not brands & {b"heic", b"heix"}


def _other_kind(head: bytes) -> str | None:
    if head[4:8] == b"ftyp":
        brand = "Canon raw" if head[8:12] == b"crx " else "this kind of media file"
        return "AVIF" if _is_avif(head) else brand
    starts = (
        (b"GIF8", "GIF"),
        (b"BM", "BMP"),
        (b"8BPS", "Photoshop"),
        (b"\xff\x0a", "JPEG XL"),
        (b"\0\0\0\x0cJXL ", "JPEG XL"),
        (b"\0\0\0\x0cjP  ", "JPEG 2000"),
        (b"II*\0", "Canon raw"),
        (b"IIRO", "Olympus raw"),
        (b"IIU\0", "Panasonic raw"),
        (b"FUJIFILM", "Fujifilm raw"),
    )
    return next((name for start, name in starts if head.startswith(start)), None)


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableImage(
            f"{width} × {height} pixels are more than the {MAX_PIXELS // 1_000_000} megapixels that are read"
        )


def _refuse_raw(image: Image.Image) -> None:
    tags = getattr(image, "tag_v2", None)
    if tags is not None and (DNG_VERSION in tags or int(tags.get(NEW_SUBFILE_TYPE, 0)) & 1):
        raise UnreadableImage("a camera's raw file is not read; export it as JPEG or HEIF")


def _to_rgb(image: Image.Image) -> Image.Image:
    """Convert every pixel format to RGB with the EXIF kept, so that the picture can still be turned."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith("I;16"):
        return _keep_exif(image, _from_16_bits(image).convert("RGB"))
    if image.mode in ("I", "F"):
        raise UnreadableImage("32-bit pixels have no defined brightness; save it with 8 or 16 bits")
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        return _keep_exif(image, Image.alpha_composite(paper, image.convert("RGBA")).convert("RGB"))
    return image.convert("RGB")


def _turn(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # a damaged EXIF block costs the orientation, not the picture
        return picture


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(Base.Orientation, 1))
    except Exception:  # as in `_turn`
        return 1


def _keep_exif(source: Image.Image, picture: Image.Image) -> Image.Image:
    picture.info = {key: source.info[key] for key in ("exif", "icc_profile", "xmp") if key in source.info}
    return picture


def _from_16_bits(image: Image.Image) -> Image.Image:
    """Scale grey levels of 9 to 16 bits to 8; Pillow's own conversion would clip them."""
    tags = getattr(image, "tag_v2", {})
    bits = int(tags.get(BITS_PER_SAMPLE, (16,))[0])
    return Image.fromarray((np.asarray(image) >> max(bits - 8, 0)).astype(np.uint8))


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
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(clean, source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return clean
    return turned or clean
