"""HTML for the page from the files in ``page_parts/``; every value is escaped."""
from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import streamlit

from loader.elastic.error_sentences import explained_errors
from loader.errors import PeaksError
from loader.show.pages import open_pages

PARTS = Path(__file__).parents[1] / "page_parts"


def show(part: str, **values: Any) -> None:
    """Put a file of ``page_parts/`` on the page where Streamlit stands, unless it says nothing."""
    if text := PAGES.get_template(part).render(**values).strip():
        streamlit.html(text)


@contextmanager
def said_errors() -> Iterator[None]:
    """An error is one sentence on the page, and the rest of the page stays.

    Streamlit's own box reads Markdown, where a name from a file or an address could load a picture.
    """
    try:
        with explained_errors():
            yield
    except PeaksError as error:
        show("error.html", message=error.message)
    except Exception as error:  # by a document that nobody foresaw; Streamlit's own box offers no fix
        show("error.html", message=f"This part of the page failed ({type(error).__name__}: {error}). If only "
             "one photo does this, load it again with `peaks load-photos --reload`.")


def as_plain_text(text: str) -> str:
    """The text for a label that Streamlit reads as Markdown, where a name could load a picture."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)  # CommonMark: before every ASCII punctuation mark


def leave_out_options(text: str) -> str:
    """A sentence without the command line's options, which are parts of the address here."""
    options = r"(?<![\w`-])--(area|box|from|library|page|reverse|to)\b"
    return re.sub(options, r"\1", re.sub(r" \(--[^)]*\)", "", text))


PAGES = open_pages(str(PARTS))
PAGES.filters["on_page"] = leave_out_options
