"""A contact sheet: an answer as one HTML file that needs nothing beside it.

The page's own files lie in ``contact_sheet_page/``.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jinja2 import Environment

from loader.files.paths import real_path
from loader.search.answer import Answer
from loader.show.pages import open_pages, thumbnail_uri
from loader.show.values import format_alike, format_metres, format_probability, format_time
from loader.text import compass_point

if TYPE_CHECKING:
    from loader.show.identification_table import IdentifiedImage


def render_photos(answer: Answer) -> str:
    """Return a contact sheet of photos as an HTML document."""
    return _pages().get_template("photos.html").render(answer=answer)


def render_identifications(images: Sequence[IdentifiedImage]) -> str:
    """Return a contact sheet of images beside the peaks that they may show, as an HTML document."""
    return _pages().get_template("identified.html").render(images=images)


def file_uri(file: str | None) -> str | None:
    """A file: URI for the text of a path; None where it does not tell where the file lies."""
    if file is None:
        return None
    path = real_path(file)
    return path.absolute().as_uri() if path.is_absolute() or path.exists() else None


def _pages() -> Environment:
    pages = open_pages("contact_sheet_page")
    filters: dict[str, Any] = {
        "shot_time": format_time,
        "alike": format_alike,
        "probability": format_probability,
        "metres": format_metres,
        "compass": compass_point,
        "thumbnail_uri": thumbnail_uri,
        "file_uri": file_uri,
    }
    pages.filters.update(filters)
    return pages
