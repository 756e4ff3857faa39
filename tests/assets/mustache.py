"""Elasticsearch's mustache in small: the tags that the search templates use, and how it escapes values.

Follows modules/lang-mustache of Elasticsearch over com.github.spullara.mustache.java: false, "", null and an
empty list are absent, 0 and {} are not; a section repeats for each item of a list; ``{{x}}`` is escaped for
a JSON string and never read as a template again. `test_templates_on_node.py` holds it against the engine.
"""
from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

_TAG = re.compile(r"\{\{\{\s*(?P<raw>[\w.]+)\s*\}\}\}|\{\{(?P<sign>[#^/]?)\s*(?P<name>[\w.]+)\s*\}\}")
_MISSING = object()

Scopes = tuple[Any, ...]


@dataclass
class Node:
    """A piece of text, a value, or a section with its children."""

    kind: str
    text: str
    children: list[Node] = field(default_factory=list)

    def names(self) -> set[str]:
        """The parameters that decide how it renders."""
        own = set() if self.kind == "text" or self.text == "." else {self.text.partition(".")[0]}
        return own.union(*(child.names() for child in self.children))


def parse(source: str) -> list[Node]:
    """Read a template; AssertionError for an unbalanced section."""
    root: list[Node] = []
    open_sections: list[Node] = []
    place = 0
    for tag in _TAG.finditer(source):
        siblings = open_sections[-1].children if open_sections else root
        siblings.append(Node("text", source[place : tag.start()]))
        place = tag.end()
        if tag["sign"] == "/":
            assert open_sections.pop().text == tag["name"], tag[0]
        elif tag["sign"]:
            siblings.append(Node(tag["sign"], tag["name"]))
            open_sections.append(siblings[-1])
        else:
            siblings.append(Node("raw" if tag["raw"] else "value", tag["raw"] or tag["name"]))
    assert not open_sections, open_sections
    root.append(Node("text", source[place:]))
    return root


def render(source: str, parameters: Mapping[str, Any]) -> str:
    """Render a template with these parameters."""
    return _render(parse(source), (dict(parameters),))


def render_subsets(source: str, required: Mapping[str, Any], optional: Mapping[str, Any]) -> list[str]:
    """Render a template with every subset of the optional parameters.

    Each top-level piece is rendered once for each subset of its own parameters, then the pieces are joined.
    """
    names = list(optional)
    pieces = [_piece_by_subset(node, names, required, optional) for node in parse(source)]
    subsets = product((False, True), repeat=len(names))
    return ["".join(piece(chosen) for piece in pieces) for chosen in subsets]


def _piece_by_subset(
    node: Node, names: Sequence[str], required: Mapping[str, Any], optional: Mapping[str, Any]
) -> Callable[[tuple[bool, ...]], str]:
    own = [place for place, name in enumerate(names) if name in node.names()]
    rendered: dict[tuple[bool, ...], str] = {}
    for kept in product((False, True), repeat=len(own)):
        given = {names[place]: optional[names[place]] for place, keep in zip(own, kept, strict=True) if keep}
        rendered[kept] = _render([node], ({**required, **given},))
    return lambda chosen: rendered[tuple(chosen[place] for place in own)]


def _render(nodes: Sequence[Node], scopes: Scopes) -> str:
    return "".join(_render_node(node, scopes) for node in nodes)


def _render_node(node: Node, scopes: Scopes) -> str:
    if node.kind == "text":
        return node.text
    value = _look_up(node.text, scopes)
    if node.kind == "raw":
        return _stringify(value)
    if node.kind == "value":
        return json.dumps(_stringify(value), ensure_ascii=False)[1:-1]
    if node.kind == "^":
        return _render(node.children, scopes) if _is_absent(value) else ""
    if _is_absent(value):
        return ""
    items = value if isinstance(value, list) else [value]
    return "".join(_render(node.children, (*scopes, item)) for item in items)


def _is_absent(value: Any) -> bool:
    return value is _MISSING or value is None or value is False or value == "" or value == []


def _look_up(name: str, scopes: Scopes) -> Any:
    if name == ".":
        return scopes[-1]
    first, *rest = name.split(".")
    found = (_member(scope, first) for scope in reversed(scopes))
    value = next((member for member in found if member is not _MISSING), _MISSING)
    for key in rest:
        value = _member(value, key)
    return value


def _member(scope: Any, key: str) -> Any:
    if isinstance(scope, dict):
        return scope.get(key, _MISSING)
    if isinstance(scope, list) and key == "size":
        return len(scope)
    if isinstance(scope, list) and key.isdigit():
        return scope[int(key)]  # IndexError outside the list, as in Elasticsearch
    return _MISSING


def _stringify(value: Any) -> str:
    """Java's String.valueOf; absent values are nothing."""
    if value is None or value is _MISSING:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join("null" if item is None else _stringify(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_stringify(item)}" for key, item in value.items()) + "}"
    return str(value)
