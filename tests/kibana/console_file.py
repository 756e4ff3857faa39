"""Reads the requests of a file that Kibana's Console imports."""
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Console's file format, as far as kibana/console.txt uses it: paragraphs of comment, request and body.
# Console itself takes more (several bodies, comments inside of one); what this reads, Console reads. Source:
# elastic/kibana, src/platform/packages/shared/kbn-monaco/src/languages/console (the parser).


@dataclass(frozen=True)
class ConsoleRequest:
    """One request of the file.

    Attributes:
        line: where it stands, from 1.
        comment: the comment right above it, without its marks.
        path: as it stands, without a leading slash.
        body: a JSON document, or None.
    """

    line: int
    comment: str
    method: str
    path: str
    body: Any


def parse_console(text: str) -> list[ConsoleRequest]:
    """Read every request of a file.

    Raises:
        ValueError: a paragraph is neither comments nor a request with one JSON document under it.
    """
    return list(_requests(text))


def _requests(text: str) -> Iterator[ConsoleRequest]:
    for paragraph in re.finditer(r"(?:.+\n?)+", text):
        comments, request = re.fullmatch(r"((?:#.*\n?)*)((?s:.*))", paragraph[0]).groups()  # type: ignore[union-attr]
        if not request:
            continue
        line = text.count("\n", 0, paragraph.start()) + comments.count("\n") + 1
        head, _, body = request.partition("\n")
        found = re.fullmatch(r"(GET|POST|PUT|DELETE) (\S+)", head)
        if found is None:
            raise ValueError(f"line {line} is neither a comment nor a request: {head[:60]}")
        comment = " ".join(part.lstrip("# ") for part in comments.splitlines())
        yield ConsoleRequest(line, comment, found[1], found[2], _read_body(body, line))


def _read_body(text: str, line: int) -> Any:
    """A JSON document whose strings may stand in triple quotes; no key stands twice in an object."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError(f"line {line}: a key stands twice")
        return dict(pairs)

    if not text.strip():
        return None
    strict = re.sub(r'(?s)"""(.*?)"""', lambda found: json.dumps(found[1]), text)
    return json.loads(strict, object_pairs_hook=unique)


def parse_quoted(text: str) -> list[ConsoleRequest]:
    """Read the requests that stand in comments, indented by three spaces, for a person to complete."""
    quoted = re.findall(r"(?:^#   .*\n)+", text, re.MULTILINE)
    return [one for block in quoted for one in parse_console(block.replace("#   ", ""))]
