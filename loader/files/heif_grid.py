"""Where the HEVC tiles of a HEIC's primary picture lie, and how the picture is turned.

The boxes are those of ISO/IEC 14496-12 (``meta``, ``iloc``, ``iref``) and ISO/IEC 23008-12
(``iprp``). Only the forms that phones write are read; libheif decodes every other file. PyAV finds the tiles
too, but does not give their places in the grid (docs/decisions.md).
"""
from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL.Image import Transpose

MAX_META_BYTES = 1 << 18  # a grid of 1,000 tiles needs 50 kB
TURNS = (None, Transpose.ROTATE_90, Transpose.ROTATE_180, Transpose.ROTATE_270)  # anticlockwise, as irot says
MIRRORS = (Transpose.FLIP_TOP_BOTTOM, Transpose.FLIP_LEFT_RIGHT)  # imir's axis, as libheif reads it
# Properties that are handled here or change no sample; others may be ignored unless they are essential.
HARMLESS = frozenset(
    (b"ispe", b"hvcC", b"irot", b"imir", b"colr", b"pixi", b"pasp", b"clli", b"mdcv", b"cclv", b"amve")
)

Size = tuple[int, int]  # width and height, pixels
Properties = list[tuple[bytes, bytes, bool]]  # name, body and "essential", in the order in which they hold


@dataclass(frozen=True)
class HevcPicture:
    """A picture of HEVC tiles, before it is turned.

    Attributes:
        size: of the stored picture; the last tiles of a row or column may reach beyond it.
        tile_size: of each tile.
        columns: tiles in a row.
        config: the body of the ``hvcC`` box that all tiles share.
        tiles: the encoded tiles, row by row.
        turns: the turns that make the stored picture upright, in this order; None for a turn by 0°.
    """

    size: Size
    tile_size: Size
    columns: int
    config: bytes
    tiles: tuple[bytes, ...]
    turns: tuple[Transpose | None, ...]


def read_hevc_picture(data: bytes) -> HevcPicture | None:
    """Find the primary picture of a HEIC file; None when it is not a single HEVC picture or a plain grid.

    Args:
        data: the whole file.
    """
    try:
        return _picture(data, _Meta(data))
    except (struct.error, LookupError, ValueError):
        return None


class _Meta:
    """The box ``meta``: the number of the primary item, and what is known of items by their numbers.

    Raises:
        ValueError, struct.error, LookupError: it is damaged, or not in the form that phones write.
    """

    def __init__(self, data: bytes) -> None:
        body = next((body for name, body in _boxes(memoryview(data)) if name == b"meta"), memoryview(b""))
        if len(body) > MAX_META_BYTES:
            raise ValueError("a larger meta box than any camera's")
        boxes = dict(_boxes(body[4:]))
        primary = _Numbers(boxes[b"pitm"])
        self.primary = primary.take(4 if primary.version else 2)
        self.places = dict(_places(_Numbers(boxes[b"iloc"])))
        self.parts = dict(_parts(boxes[b"iref"])) if b"iref" in boxes else {}
        properties = dict(_boxes(boxes[b"iprp"]))
        defined = [(name, bytes(body)) for name, body in _boxes(properties[b"ipco"])]
        self.properties = dict(_properties(_Numbers(properties[b"ipma"]), defined))


class _Numbers:
    """The big-endian numbers of a box, one after the other, behind its version and flags."""

    def __init__(self, body: memoryview) -> None:
        self.version, self.flags = body[0], int.from_bytes(body[1:4], "big")
        self.body, self.place = body, 4

    def take(self, width: int) -> int:
        end = self.place + width
        if end > len(self.body):
            raise ValueError("a box ends before its numbers")
        number = int.from_bytes(self.body[self.place : end], "big")
        self.place = end
        return number


def _boxes(body: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Yield name and body of each box."""
    place = 0
    while place < len(body):
        size, name = struct.unpack_from(">L4s", body, place)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", body, place + 8)[0], 16
        size = size or len(body) - place
        if size < head or place + size > len(body):
            raise ValueError("a box reaches beyond what holds it")
        yield name, body[place + head : place + size]
        place += size


def _places(iloc: _Numbers) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield the number, offset and length of each item that lies in the file, in one piece."""
    sizes = iloc.take(2)
    offset_width, length_width, base_width, index_width = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    width = 2 if iloc.version < 2 else 4
    for _ in range(iloc.take(width)):
        item = iloc.take(width)
        elsewhere = iloc.take(4 if iloc.version else 2)  # how it is stored, and in which file
        base = iloc.take(base_width)
        if iloc.take(2) != 1 or iloc.version > 2:
            raise ValueError("an item in pieces")
        iloc.take(index_width if iloc.version else 0)
        offset, length = base + iloc.take(offset_width), iloc.take(length_width)
        if not elsewhere:
            yield item, (offset, length)


def _parts(iref: memoryview) -> Iterator[tuple[int, Sequence[int]]]:
    code = "L" if iref[0] else "H"
    for name, entry in _boxes(iref[4:]):
        item, count = struct.unpack_from(f">{code}H", entry)
        if name == b"dimg":
            yield item, struct.unpack_from(f">{count}{code}", entry, struct.calcsize(f">{code}H"))


def _properties(ipma: _Numbers, defined: Sequence[tuple[bytes, bytes]]) -> Iterator[tuple[int, Properties]]:
    by_number, width = dict(enumerate(defined, 1)), 2 if ipma.flags & 1 else 1
    essential = 1 << (8 * width - 1)
    for _ in range(ipma.take(4)):
        item = ipma.take(4 if ipma.version else 2)
        owned = [ipma.take(width) for _ in range(ipma.take(1))]
        yield item, [(*by_number[each & (essential - 1)], bool(each & essential)) for each in owned]


def _picture(data: bytes, meta: _Meta) -> HevcPicture:
    parts = meta.parts.get(meta.primary, [meta.primary])  # of a grid, row by row
    shown, tile = meta.properties[meta.primary], meta.properties[parts[0]]
    if any(meta.properties[part] != tile for part in parts):
        raise ValueError("tiles that are not alike")
    size, tile_size, turns = _size(shown), _size(tile), _turns(shown)
    columns, rows = (-(-whole // part) for whole, part in zip(size, tile_size, strict=True))
    if len(parts) != columns * rows or (tile is not shown and _turns(tile)):
        raise ValueError("a grid that the tiles do not fill")
    config = {name: body for name, body, _ in tile}[b"hvcC"]
    tiles = _contents(data, [meta.places[part] for part in parts])
    return HevcPicture(size, tile_size, columns, config, tiles, turns)


def _size(properties: Properties) -> Size:
    """Return a picture's width and height, if no other property changes the shown part."""
    if any(name == b"clap" or (essential and name not in HARMLESS) for name, _, essential in properties):
        raise ValueError("a property that is not understood")
    body = {name: body for name, body, _ in properties}[b"ispe"]
    _, width, height = struct.unpack(">LLL", body)
    if not (width and height):
        raise ValueError("no size")
    return width, height


def _turns(properties: Properties) -> tuple[Transpose | None, ...]:
    choices = {b"irot": TURNS, b"imir": MIRRORS}
    return tuple(
        choices[name][body[0] % len(choices[name])] for name, body, _ in properties if name in choices
    )


def _contents(data: bytes, places: Sequence[tuple[int, int]]) -> tuple[bytes, ...]:
    # Items that share bytes could make gigabytes of a small file.
    if sum(length for _, length in places) > len(data):
        raise ValueError("items that share bytes")
    if any(not length or offset + length > len(data) for offset, length in places):
        raise ValueError("an item beyond the file's end")
    return tuple(data[offset : offset + length] for offset, length in places)
