"""The kind of a file by its first bytes, never by its extension. This needs no decoder."""
from __future__ import annotations

READ_KINDS = "JPEG, PNG, WebP, HEIF and TIFF"
HEAD_BYTES = 64  # enough for every signature, and for the brands of a HEIF file

# ISO/IEC 23008-12, and the brands that pillow-heif opens.
HEIF_BRANDS = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)
TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


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
    """Name the kind of a file that `sniff_kind` does not accept."""
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
