"""HTML pages that need nothing beside them: the contact sheet and the map.

Every value is escaped by Jinja. Thumbnails stand in the page as data URIs, so that the file can be mailed or
opened from a phone's storage.
"""
from __future__ import annotations

import base64
import binascii
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_JPEG_START = b"\xff\xd8\xff"


def open_pages(folder: str) -> Environment:
    """The Jinja templates of a folder beside this file; every value is escaped."""
    return Environment(loader=FileSystemLoader(Path(__file__).parent / folder), autoescape=True,
                       undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def thumbnail_uri(thumbnail: str | None) -> str | None:
    """A base64 JPEG as a data URI; None for anything that is no JPEG."""
    if not thumbnail:
        return None
    try:
        image = base64.b64decode(thumbnail, validate=True)
    except (binascii.Error, ValueError):
        return None
    return f"data:image/jpeg;base64,{thumbnail}" if image.startswith(_JPEG_START) else None
