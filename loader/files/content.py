"""The content of one file: its kind by its first bytes, all its bytes, their hash. Imports no decoder."""
from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from loader.errors import PeaksError

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 256 << 20  # of a photo's file: a worker holds it beside its pixels
NOTES = "peaks notes"  # of Pillow's info (see `notes`)
MAX_PACKET = 16 << 20  # of XMP, and of a sidecar; phones keep depth maps in extended packets

READ_KINDS = "JPEG, PNG, WebP, HEIF and TIFF"
HEAD_BYTES = 64  # enough for every signature, and for the brands of a HEIF file

# Of HEVC, and of any coding (ISO/IEC 23008-12). One of them suffices, wherever it stands, as for libheif.
HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1")
)
OTHER_KINDS = (
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
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


class UnreadableImage(Exception):
    """A file that cannot be shown as a picture.

    Attributes:
        reason: why, as the end of the sentence "IMG_1.jpg was skipped: …".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Read a whole file.

    Args:
        path: of a photo, or of a sidecar.
        limit: bytes.

    Raises:
        UnreadableImage: missing, empty, larger, or not permitted.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would block, a device never ends
            raise UnreadableImage("not a regular file")
        if status.st_size > limit:
            raise UnreadableImage(f"the file is larger than {limit >> 20} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableImage(f"the file cannot be read ({error.strerror})") from error
    if not data:
        raise UnreadableImage("the file is empty")
    return data


@contextmanager
def named_image(path: str) -> Iterator[bytes]:
    """Read an image file that a person named; an error becomes one sentence with its name.

    Raises:
        PeaksError: there is no such file, or the block raises `UnreadableImage`.
    """
    if not Path(path).is_file():
        raise PeaksError(f"There is no image file {path}: check the path.")
    try:
        yield read_bytes(Path(path))
    except UnreadableImage as error:
        raise PeaksError(f"{path} cannot be read as an image: {error.reason}.") from error


def file_bytes(image: Image.Image) -> bytes:
    """Return the whole file of an image that `loader.files.images.open_encoded` opened."""
    stream = getattr(image, "fp", None)
    return stream.getvalue() if isinstance(stream, io.BytesIO) else b""


def notes(image: Image.Image) -> tuple[str, ...]:
    """Return what of an opened image's file cannot be used, as ends of the sentence "IMG_1.jpg: …".

    Decoding its pixels forgets it.
    """
    noted: tuple[str, ...] = image.info.get(NOTES, ())
    return noted


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal, as ``content_hash`` holds it.

    Raises:
        PeaksError: the file cannot be read.
    """
    digest = sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise PeaksError(f"{path} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()


def explain_refusal(path: Path) -> str | None:
    """Return why a file is no photo, as the end of a sentence; None when it is one by its first bytes."""
    try:
        if path.is_symlink() and not path.exists():
            return "a link to nothing"
        if not stat.S_ISREG(path.stat().st_mode):
            return "not a regular file"
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        return f"the file cannot be read ({error.strerror})"
    if sniff_kind(head):
        return None
    return explain_content(head) if head else "the file is empty"


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
    if head[4:8] == b"ftyp" and _brands(head) & HEIF_BRANDS and not _is_avif(head):
        return "HEIF"
    return None


def explain_content(head: bytes) -> str:
    """Name the kind of a file that `sniff_kind` does not accept."""
    name = next((name for start, name in OTHER_KINDS if head.startswith(start)), None)
    if head[4:8] == b"ftyp":
        brand = "Canon raw" if head[8:12] == b"crx " else "this kind of media file"
        name = "AVIF" if _is_avif(head) else brand
    if name is None:
        return f"the content is not an image ({READ_KINDS} are read)"
    return f"{name} is not read ({READ_KINDS} are)"


def _brands(head: bytes) -> set[bytes]:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return {head[start : start + 4] for start in range(8, end, 4)}


def _is_avif(head: bytes) -> bool:
    brands = _brands(head)
    return bool(brands & {b"avif", b"avis"}) and not brands & {b"heic", b"heix"}
