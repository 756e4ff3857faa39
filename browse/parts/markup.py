"""HTML for the page from the files in ``page_parts/``; every value is escaped."""
from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import streamlit
from jinja2 import Environment

from loader.search.answer import PhotoHit
from loader.show.pages import open_pages, thumbnail_uri
from loader.show.values import (
    format_alike,
    format_certainty,
    format_metres,
    format_prediction,
    format_probability,
    format_time,
)
from loader.text import format_direction

PARTS = Path(__file__).parents[1] / "page_parts"


def show(part: str, **values: Any) -> None:
    """Put a file of ``page_parts/`` on the page where Streamlit stands, unless it says nothing."""
    if text := render(part, **values).strip():
        streamlit.html(text)


def render(part: str, **values: Any) -> str:
    """A file of ``page_parts/`` with its values."""
    return _pages().get_template(part).render(**values)


def as_plain_text(text: str) -> str:
    """The text for a label that Streamlit reads as Markdown, where a name could load a picture."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)  # CommonMark: before every ASCII punctuation mark


def describe_photo(hit: PhotoHit) -> str:
    """What a picture shows, for those who cannot see it."""
    named = ", ".join(each.peak.name for each in hit.predictions)
    concepts = ", ".join(concept.name for concept in hit.concepts)
    shown = ", ".join(filter(None, [named, concepts]))
    return f"{hit.path}: {shown}" if shown else hit.path


@cache
def _pages() -> Environment:
    pages = open_pages(str(PARTS))
    filters: dict[str, Any] = {
        "shot_time": format_time,
        "alike": format_alike,
        "probability": format_probability,
        "certainty": format_certainty,
        "prediction": format_prediction,
        "metres": format_metres,
        "direction": format_direction,
        "thumbnail_uri": thumbnail_uri,
        "alt": describe_photo,
    }
    pages.filters.update(filters)
    return pages
