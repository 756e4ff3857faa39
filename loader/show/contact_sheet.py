"""A contact sheet: an answer as one HTML file that needs nothing beside it.

The page's own files lie in ``contact_sheet_page/``.
"""
from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from jinja2 import Environment
from PIL import Image

from loader.search.answer import Answer, ShotTime, Similarity
from loader.show.pages import open_pages
from loader.show.values import format_probability, format_time

if TYPE_CHECKING:
    from loader.show.identification_table import IdentifiedImage


def render_photos(answer: Answer, limits: str | None = None) -> str:
    """Return a contact sheet of photos as an HTML document; ``limits`` are those of their model."""
    return _pages().get_template("photos.html").render(answer=answer, limits=limits)


def render_identifications(images: Sequence[IdentifiedImage], limits: str | None = None) -> str:
    """Return a contact sheet of images beside the peaks that they may show, as an HTML document."""
    return _pages().get_template("identified.html").render(images=images, limits=limits)


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


def _clock(time: ShotTime) -> str:
    """The photo's own clock without its offset, which the page tells on demand."""
    return format_time(replace(time, offset=None))


def _pages() -> Environment:
    pages = open_pages("contact_sheet_page")
    pages.filters |= {"clock": _clock, "ratio": _shape, "scores": _scores}
    return pages
