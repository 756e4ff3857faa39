"""HTML from templates: the contact sheet and the map, which need nothing beside them, and the page's parts.

Every value is escaped by Jinja. Thumbnails stand in the page as data URIs, so that the file can be mailed or
opened from a phone's storage.
"""
from __future__ import annotations

import base64
import binascii
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from loader.files.paths import real_path
from loader.show.values import (
    format_alike,
    format_certainty,
    format_metres,
    format_picture,
    format_prediction,
    format_probability,
    format_time,
)
from loader.text import format_direction

_JPEG_START = b"\xff\xd8\xff"


def open_pages(folder: str) -> Environment:
    """The Jinja templates of a folder beside this file, with filters for what people read."""
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent / folder), autoescape=True,
                        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    pages.filters |= {
        "alt": format_picture,
        "alike": format_alike,
        "certainty": format_certainty,
        "direction": format_direction,
        "file_uri": file_uri,
        "metres": format_metres,
        "prediction": format_prediction,
        "probability": format_probability,
        "shot_time": format_time,
        "thumbnail_uri": thumbnail_uri,
    }
    return pages


def file_uri(file: str | None) -> str | None:
    """A file: URI for the text of a path; None where it does not tell where the file lies."""
    if file is None:
        return None
    path = real_path(file)
    return path.absolute().as_uri() if path.is_absolute() or path.exists() else None


def thumbnail_uri(thumbnail: str | None) -> str | None:
    """A base64 JPEG as a data URI; None for anything that is no JPEG."""
    if not thumbnail:
        return None
    try:
        image = base64.b64decode(thumbnail, validate=True)
    except (binascii.Error, ValueError):
        return None
    return f"data:image/jpeg;base64,{thumbnail}" if image.startswith(_JPEG_START) else None
