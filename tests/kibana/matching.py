"""Shapes of JSON: what a value may be, with one sentence for each place where it is not.

A shape is a type, a set of values, a compiled pattern of a whole text, a `range` of numbers, a list of one
shape for every item, a tuple of alternatives, or a mapping: its keys are all that there may be, those that
end with "?" may be missing, and `ANY` stands for every key.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

ANY = re.compile(r".+")


def mismatches(value: Any, shape: Any, path: str = "") -> Iterator[str]:
    """Yield where a value has not its shape."""
    if isinstance(shape, tuple):
        tried = [list(mismatches(value, one, path)) for one in shape]
        yield from min(tried, key=lambda found: (len(found), -max(map(len, found), default=0)))
    elif isinstance(shape, dict):
        yield from _mapping_mismatches(value, shape, path)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path}: no list"
        else:
            for place, item in enumerate(value):
                yield from mismatches(item, shape[0], f"{path}.{place}")
    elif not _fits(value, shape):
        yield f"{path}: {value!r}"


def _mapping_mismatches(value: Any, shape: Mapping[Any, Any], path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: no object"
        return
    known = {str(key).removesuffix("?"): inner for key, inner in shape.items() if key is not ANY}
    for key, inner in value.items():
        if key in known or ANY in shape:
            yield from mismatches(inner, known.get(key, shape.get(ANY)), f"{path}.{key}")
        else:
            yield f"{path}.{key}: unknown"
    for key in shape:
        if key is not ANY and not key.endswith("?") and key not in value:
            yield f"{path}.{key}: missing"


def _fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, type):
        return type(value) is shape
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    if isinstance(shape, range):
        return type(value) in (int, float) and shape.start <= value < shape.stop
    return isinstance(value, str | bool | int) and value in shape
