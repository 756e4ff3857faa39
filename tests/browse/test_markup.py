"""Names from a catalogue in labels that Streamlit reads as Markdown."""
from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from browse.parts.markup import as_plain_text

NAME = "![x](http://192.0.2.1/x.png) :red[a] $x$ *b* _c_ `d` <b>e</b> a\\b <http://192.0.2.1> Yül-Lha & Mt. 2"


@given(st.text(string.ascii_letters + string.digits + string.punctuation + "ü山 ", min_size=1))
def test_a_name_is_read_as_it_stands(name: str) -> None:
    for each in (NAME, name):
        (line,) = MarkdownIt().parseInline(f"This is {as_plain_text(each)}")
        parts = line.children or []
        assert {part.type for part in parts} <= {"text", "text_special"}
        assert "".join(part.content for part in parts) == f"This is {each}"
