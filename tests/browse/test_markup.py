"""Words for the page: names in labels that Streamlit reads as Markdown, sentences without options."""
from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from browse.parts.markup import as_plain_text, leave_out_options

NAME = "![x](http://192.0.2.1/x.png) :red[a] $x$ *b* _c_ `d` <b>e</b> a\\b <http://192.0.2.1> Yül-Lha & Mt. 2"


@given(st.text(string.ascii_letters + string.digits + string.punctuation + "ü山 ", min_size=1))
def test_a_name_is_read_as_it_stands(name: str) -> None:
    for each in (NAME, name):
        (line,) = MarkdownIt().parseInline(f"This is {as_plain_text(each)}")
        parts = line.children or []
        assert {part.type for part in parts} <= {"text", "text_special"}
        assert "".join(part.content for part in parts) == f"This is {each}"


def test_a_sentence_names_no_option_of_the_command_line_but_in_a_command() -> None:
    assert leave_out_options("No photo fits (--min-similarity -1 shows the nearest).") == "No photo fits."
    assert leave_out_options("--box 'x' is no box; see --page 2.") == "box 'x' is no box; see page 2."
    kept = "Give --checkpoint DIR, or run `peaks apply --next`, `--to 2023` in day--to--box.jpg."
    assert leave_out_options(kept) == kept
