"""Console's file format: comments, ``METHOD path``, and JSON bodies with comments and triple quotes.

Source: elastic/kibana, src/platform/packages/shared/kbn-monaco/src/languages/console (the parser) and
src/platform/plugins/shared/console/public/application/containers/editor (how a body is sent).
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

_REQUEST = re.compile(r"(GET|POST|PUT|DELETE|PATCH|HEAD)[ \t]+(\S+)[ \t]*")
_TRIPLE = re.compile(r'"""(.*?)"""', re.DOTALL)


class ConsoleSyntaxError(ValueError):
    """Text that Console would underline."""


@dataclass(frozen=True)
class ConsoleRequest:
    """One request of the file.

    Attributes:
        line: where it stands, from 1.
        comment: the comment right above it, without its marks.
        path: as it stands, without a leading slash.
        bodies: JSON documents; several for `_bulk` and `_msearch`.
    """

    line: int
    comment: str
    method: str
    path: str
    bodies: tuple[object, ...]

    @property
    def target(self) -> str:
        """The path for an HTTP client."""
        return f"/{self.path.lstrip('/')}"


def parse_console(text: str) -> list[ConsoleRequest]:
    """Read every request of a file.

    Raises:
        ConsoleSyntaxError: with the line.
    """
    return list(_requests(text.splitlines()))


def _requests(lines: list[str]) -> Iterator[ConsoleRequest]:
    at, comment = 0, list[str]()
    while at < len(lines):
        line = lines[at].strip()
        if not line:
            comment = []
        elif line.startswith(("#", "//")):
            comment.append(line.lstrip("#/ "))
        else:
            found = _REQUEST.fullmatch(lines[at])
            if found is None:
                raise ConsoleSyntaxError(f"line {at + 1}: neither a comment nor a request: {line[:60]}")
            end = _end_of_body(lines, at + 1)
            bodies = tuple(_bodies("\n".join(lines[at + 1 : end]), at + 2))
            yield ConsoleRequest(at + 1, " ".join(comment), found[1], found[2], bodies)
            at, comment = end, []
            continue
        at += 1


def _end_of_body(lines: list[str], start: int) -> int:
    """A body begins right under its request, and ends where no brace or string is open any more."""
    at, text = start, ""
    while at < len(lines):
        line = lines[at].strip()
        if not text and not line.startswith(("{", "[")):
            break
        text += lines[at] + "\n"
        at += 1
        if _is_whole(text) and not (at < len(lines) and lines[at].strip().startswith("{")):
            break
    return at


def _is_whole(text: str) -> bool:
    if text.count('"""') % 2:
        return False
    bare = re.sub(r'"(?:\\.|[^"\\\n])*"', '""', _TRIPLE.sub('""', text))
    return bare.count("{") == bare.count("}") and bare.count("[") == bare.count("]")


def _bodies(text: str, line: int) -> Iterator[object]:
    """JSON documents one after another, their comments and triple quotes undone."""
    strict = _without_comments(_TRIPLE.sub(lambda found: json.dumps(found[1]), text)).strip()
    decoder = json.JSONDecoder(object_pairs_hook=_unique)
    while strict:
        try:
            body, end = decoder.raw_decode(strict)
        except json.JSONDecodeError as error:
            raise ConsoleSyntaxError(f"line {line - 1 + error.lineno}: {error.msg}") from error
        yield body
        strict = strict[end:].strip()


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    if len(keys) > len(set(keys)):
        raise ConsoleSyntaxError(f"a key stands twice among {keys}")
    return dict(pairs)


def _without_comments(text: str) -> str:
    """Blank out `#` and `//` comments that are not inside of strings."""
    return re.sub(r'("(?:\\.|[^"\\])*")|(?:#|//)[^\n]*', lambda found: found[1] or "", text)


def parse_quoted(text: str) -> list[ConsoleRequest]:
    """Read the requests that stand in comments, indented by three spaces, for a person to complete."""
    quoted = re.findall(r"(?:^#   .*\n)+", text, re.MULTILINE)
    return [one for block in quoted for one in parse_console(block.replace("#   ", ""))]
