"""A contact sheet: an answer as one HTML file that needs nothing beside it.

The page's own files lie in ``contact_sheet_page/``. Every value is escaped by Jinja; thumbnails stand in the
page as data URIs, so that the file can be mailed or opened from a phone's storage.
"""
from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from loader.search.answer import Answer
from loader.show.values import format_metres, format_probability, format_time
from loader.text import compass_point

if TYPE_CHECKING:
    from loader.show.identification_table import IdentifiedImage

_JPEG_START = b"\xff\xd8\xff"


def render_photos(answer: Answer) -> str:
    """Return a contact sheet of photos as an HTML document."""
    return _pages().get_template("photos.html").render(answer=answer)


def render_identifications(images: Sequence[IdentifiedImage]) -> str:
    """Return a contact sheet of images beside the peaks that they may show, as an HTML document."""
    return _pages().get_template("identified.html").render(images=images)


def thumbnail_uri(thumbnail: str | None) -> str | None:
    """A base64 JPEG as a data URI; None for anything that is no JPEG."""
    if not thumbnail:
        return None
    try:
        image = base64.b64decode(thumbnail, validate=True)
    except (binascii.Error, ValueError):
        return None
    return f"data:image/jpeg;base64,{thumbnail}" if image.startswith(_JPEG_START) else None


def open_pages(folder: str) -> Environment:
    """The Jinja templates of a folder beside this file; every value is escaped."""
    return Environment(loader=FileSystemLoader(Path(__file__).parent / folder), autoescape=True,
                       undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _pages() -> Environment:
    pages = open_pages("contact_sheet_page")
    filters: dict[str, Any] = {
        "shot_time": format_time,
        "probability": format_probability,
        "metres": format_metres,
        "compass": compass_point,
        "thumbnail_uri": thumbnail_uri,
    }
    pages.filters.update(filters)
    return pages
