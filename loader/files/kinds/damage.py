"""Why a file is not decoded: it is damaged, too large, or of a form that no decoder here reads."""
from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from loader.files.content import UnreadableImage
from loader.files.kinds import jpeg, png, tiff
from loader.files.kinds.heif_boxes import read_meta
from loader.text import clean_text, shorten

# Above the largest phone sensor (200 megapixels); a picture's RGB pixels then stay below 660 MB.
MEGAPIXELS = 220
MAX_PIXELS = MEGAPIXELS * 1_000_000
DETAIL_LIMIT = 120  # characters of a decoder's own words


@contextmanager
def damage_explained(kind: str, data: bytes, is_opened: bool = False) -> Iterator[None]:
    """Turn every exception of a decoder into `UnreadableImage`: hostile bytes can raise any.

    Args:
        kind: Pillow's name of the format.
        data: the whole file.
        is_opened: its header could be read.
    """
    try:
        yield
    except UnreadableImage:
        raise
    except MemoryError as error:
        raise UnreadableImage("there is not enough memory to decode it") from error
    except Image.DecompressionBombError as error:
        raise UnreadableImage(f"it holds more than the {MEGAPIXELS} megapixels that are read") from error
    except Exception as error:
        is_header = isinstance(error, UnidentifiedImageError)
        detail = "its header cannot be read" if is_header else shorten(str(error), DETAIL_LIMIT)
        if unsupported := _find_unsupported(kind, data, is_opened, detail):
            reason = f"this form of {kind} is not supported ({unsupported}); save it as a baseline JPEG"
            raise UnreadableImage(reason) from error
        raise UnreadableImage(f"the {kind} file is damaged ({detail or type(error).__name__})") from error


def _find_unsupported(kind: str, data: bytes, is_opened: bool, detail: str) -> str | None:
    if kind == "TIFF":
        return tiff.find_unsupported(data, is_opened)
    if kind == "HEIF":
        return detail if "Unsupported" in detail else _other_coding(data)
    return {"JPEG": jpeg, "MPO": jpeg, "PNG": png}[kind].find_unsupported(data) if kind != "WEBP" else None


def _other_coding(data: bytes) -> str | None:
    try:
        coding = (meta := read_meta(data)) and meta.other_coding()
    except (struct.error, LookupError, ValueError):
        return None
    return f"coded as {clean_text(coding)}, not as HEVC" if coding else None
