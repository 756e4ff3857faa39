"""A contact sheet: an answer as one HTML file that needs nothing beside it.

The page's own files lie in ``contact_sheet_page/``.
"""
from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jinja2 import Environment
from PIL import Image

from loader.files.paths import real_path
from loader.search.answer import Answer, PhotoHit, ShotTime, Similarity
from loader.show.pages import open_pages, thumbnail_uri
from loader.show.values import (
    format_alike,
    format_certainty,
    format_metres,
    format_prediction,
    format_probability,
    format_time,
)
from loader.text import compass_point

if TYPE_CHECKING:
    from loader.show.identification_table import IdentifiedImage


def render_photos(answer: Answer, limits: str | None = None) -> str:
    """Return a contact sheet of photos as an HTML document; ``limits`` are those of their model."""
    return _pages().get_template("photos.html").render(answer=answer, limits=limits)


def render_identifications(images: Sequence[IdentifiedImage], limits: str | None = None) -> str:
    """Return a contact sheet of images beside the peaks that they may show, as an HTML document."""
    return _pages().get_template("identified.html").render(images=images, limits=limits)


def file_uri(file: str | None) -> str | None:
    """A file: URI for the text of a path; None where it does not tell where the file lies."""
    if file is None:
        return None
    path = real_path(file)
    return path.absolute().as_uri() if path.is_absolute() or path.exists() else None


def _shape(thumbnail: str | None) -> str:
    """Width by height of a thumbnail's data URI, at least 0.7: a narrower one has no room for its line."""
    data = base64.b64decode((thumbnail or "").partition(",")[2])
    try:
        with Image.open(io.BytesIO(data)) as image:
            return f"{max(image.width / image.height, 0.7):.3f}"
    except OSError:  # none, or a damaged one
        return "1.500"


def _scores(similarity: Similarity) -> list[str]:
    return [
        f"rank score {similarity.score:.4f}" if similarity.is_rank else "",
        f"cosine {similarity.cosine:.3f}" if similarity.cosine is not None else "",
        f"SigLIP {format_probability(similarity.probability)}" if similarity.probability is not None else "",
    ]


def _direction(hit: PhotoHit) -> str:
    if hit.bearing is None:
        return ""
    magnetic = " magnetic" if hit.bearing_reference == "magnetic" else ""
    return f"{compass_point(hit.bearing)} {hit.bearing:.0f}°{magnetic}"


def _clock(time: ShotTime) -> str:
    """The photo's own clock without its offset, which the page tells on demand."""
    return format_time(replace(time, offset=None))


def _pages() -> Environment:
    pages = open_pages("contact_sheet_page")
    filters: dict[str, Any] = {
        "shot_time": format_time,
        "clock": _clock,
        "scores": _scores,
        "direction": _direction,
        "prediction": format_prediction,
        "ratio": _shape,
        "alike": format_alike,
        "probability": format_probability,
        "certainty": format_certainty,
        "metres": format_metres,
        "compass": compass_point,
        "thumbnail_uri": thumbnail_uri,
        "file_uri": file_uri,
    }
    pages.filters.update(filters)
    return pages
