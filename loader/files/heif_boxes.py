"""Where the HEVC pictures of a HEIC file lie, and how they make the one picture that is shown.

The boxes are those of ISO/IEC 14496-12 (``meta``, ``iloc``, ``iinf``, ``iref``) and ISO/IEC 23008-12
(``iprp``, ``ispe``, ``irot``, ``imir``, ``grid``). Only what phones write is understood. Whatever else a file
holds, damaged or merely unusual, makes `read_hevc_picture` return None: libheif is then to decide.
"""
from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

from PIL.Image import Transpose

MAX_META_BYTES = 4 << 20  # a grid of 1,000 tiles needs 50 kB
MAX_ITEMS = 4096  # tiles, thumbnails and metadata of one file
MAX_SIDE = 1 << 16  # pixels, of a picture or a tile

TURNS = (None, Transpose.ROTATE_90, Transpose.ROTATE_180, Transpose.ROTATE_270)  # anticlockwise, as irot says
MIRRORS = (Transpose.FLIP_TOP_BOTTOM, Transpose.FLIP_LEFT_RIGHT)  # imir's axis, as libheif reads it

# Properties that change neither the samples nor their places; others may be passed over unless essential.
HARMLESS = frozenset((b"colr", b"pixi", b"pasp", b"clli", b"mdcv", b"cclv", b"amve"))


Value = TypeVar("Value")


class _Unexpected(Exception):
    """The file is not one of those that are read here."""


@dataclass(frozen=True)
class Colours:
    """How YCbCr is to be understood (ISO/IEC 23091-2, as a ``colr`` box of type ``nclx`` gives it)."""

    matrix: int
    full_range: bool


@dataclass(frozen=True)
class HevcPicture:
    """A picture of HEVC tiles, before it is turned.

    Attributes:
        width, height: pixels of the stored picture that are shown, from its top left corner.
        tile_width, tile_height: pixels.
        columns: tiles in a row.
        config: the body of the ``hvcC`` box that all tiles share.
        tiles: the encoded tiles, row by row.
        turns: what brings the stored picture upright, in this order.
        colours: as the file says; None: as the tiles say.
    """

    width: int
    height: int
    tile_width: int
    tile_height: int
    columns: int
    config: bytes
    tiles: tuple[bytes, ...]
    turns: tuple[Transpose, ...]
    colours: Colours | None


def read_hevc_picture(data: bytes) -> HevcPicture | None:
    """Find the primary picture of a HEIC file; None when it is not a single HEVC picture or a plain grid.

    Args:
        data: the whole file.
    """
    try:
        return _picture(data, _read_meta(data))
    except (_Unexpected, struct.error):
        return None


@dataclass
class _Reader:
    """Big-endian numbers of a part of the file; nothing outside of it can be read."""

    data: bytes
    place: int
    end: int

    def take(self, count: int) -> bytes:
        if not 0 <= count <= self.end - self.place:
            raise _Unexpected
        self.place += count
        return self.data[self.place - count : self.place]

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def rest(self) -> bytes:
        return self.take(self.end - self.place)

    def part(self, count: int) -> _Reader:
        start = self.place
        if not 0 <= count <= self.end - start:
            raise _Unexpected
        self.place += count
        return _Reader(self.data, start, start + count)

    def boxes(self) -> Iterator[tuple[bytes, _Reader]]:
        """Yield type and body of each box up to the end."""
        while self.place < self.end:
            start = self.place
            size, kind = self.number(4), self.take(4)
            if size == 1:
                size = self.number(8)
            elif size == 0:
                size = self.end - start
            yield kind, self.part(size - (self.place - start))

    def version_and_flags(self) -> tuple[int, int]:
        return self.number(1), self.number(3)


@dataclass(frozen=True)
class _Place:
    """Where an item's bytes are: in the file, or in the ``idat`` box."""

    in_idat: bool
    extents: tuple[tuple[int, int], ...]  # offset and length


@dataclass
class _Meta:
    primary: int = 0
    kinds: dict[int, bytes] = field(default_factory=dict)
    places: dict[int, _Place] = field(default_factory=dict)
    parts: dict[int, list[int]] = field(default_factory=dict)  # of `dimg`: derived picture to its sources
    properties: list[tuple[bytes, bytes]] = field(default_factory=list)  # type and body
    owned: dict[int, list[tuple[int, bool]]] = field(default_factory=dict)  # 1-based property and "essential"
    idat: bytes = b""


def _read_meta(data: bytes) -> _Meta:
    body = next((body for kind, body in _Reader(data, 0, len(data)).boxes() if kind == b"meta"), None)
    if body is None or body.end - body.place > MAX_META_BYTES:
        raise _Unexpected
    body.version_and_flags()
    meta, seen = _Meta(), set()
    for kind, part in body.boxes():
        reader = _READERS.get(kind)
        if reader is None:
            continue
        if kind in seen:
            raise _Unexpected
        seen.add(kind)
        reader(part, meta)
    return meta


def _read_primary(part: _Reader, meta: _Meta) -> None:
    version, _ = part.version_and_flags()
    meta.primary = part.number(2 if version == 0 else 4)


def _read_item_info(part: _Reader, meta: _Meta) -> None:
    version, _ = part.version_and_flags()
    count = part.number(2 if version == 0 else 4)
    for kind, entry in part.boxes():
        entry_version, _ = entry.version_and_flags()
        if kind != b"infe" or entry_version not in (2, 3):
            raise _Unexpected
        number = entry.number(2 if entry_version == 2 else 4)
        if entry.number(2) != 0:  # protected
            continue
        _put(meta.kinds, number, entry.take(4))
    if count > MAX_ITEMS or len(meta.kinds) > count:
        raise _Unexpected


def _read_places(part: _Reader, meta: _Meta) -> None:
    version, _ = part.version_and_flags()
    sizes, more = part.number(1), part.number(1)
    widths = (sizes >> 4, sizes & 15, more >> 4, more & 15 if version in (1, 2) else 0)
    if version > 2 or any(width not in (0, 4, 8) for width in widths):
        raise _Unexpected
    for _ in range(_at_most(part.number(4 if version == 2 else 2))):
        number = part.number(4 if version == 2 else 2)
        method = part.number(2) & 15 if version else 0
        elsewhere = part.number(2)  # a data reference: another file
        place = _read_place(part, method, widths)
        if not elsewhere and method < 2:
            _put(meta.places, number, place)


def _read_place(part: _Reader, method: int, widths: Sequence[int]) -> _Place:
    offset_width, length_width, base_width, index_width = widths
    base = part.number(base_width)
    extents = []
    for _ in range(_at_most(part.number(2))):
        part.take(index_width)
        offset = base + part.number(offset_width)
        extents.append((offset, part.number(length_width)))
    return _Place(method == 1, tuple(extents))


def _read_references(part: _Reader, meta: _Meta) -> None:
    version, _ = part.version_and_flags()
    width = 2 if version == 0 else 4
    for kind, entry in part.boxes():
        source = entry.number(width)
        targets = [entry.number(width) for _ in range(_at_most(entry.number(2)))]
        if kind == b"dimg":
            _put(meta.parts, source, targets)


def _read_properties(part: _Reader, meta: _Meta) -> None:
    for kind, body in part.boxes():
        if kind == b"ipco":
            meta.properties += [(name, inner.rest()) for name, inner in body.boxes()]
        elif kind == b"ipma":
            _read_owners(body, meta)


def _read_owners(part: _Reader, meta: _Meta) -> None:
    version, flags = part.version_and_flags()
    width = 2 if flags & 1 else 1
    for _ in range(_at_most(part.number(4))):
        number = part.number(2 if version == 0 else 4)
        owned = [part.number(width) for _ in range(part.number(1))]
        mark = 1 << (8 * width - 1)  # the highest bit: essential
        _put(meta.owned, number, [(index & (mark - 1), bool(index & mark)) for index in owned])


def _read_idat(part: _Reader, meta: _Meta) -> None:
    meta.idat = part.rest()


_READERS = {
    b"pitm": _read_primary,
    b"iinf": _read_item_info,
    b"iloc": _read_places,
    b"iref": _read_references,
    b"iprp": _read_properties,
    b"idat": _read_idat,
}


def _put(table: dict[int, Value], number: int, value: Value) -> None:
    if number in table:  # which of two holds is libheif's to say
        raise _Unexpected
    table[number] = value


def _at_most(count: int) -> int:
    if count > MAX_ITEMS:
        raise _Unexpected
    return count


def _picture(data: bytes, meta: _Meta) -> HevcPicture:
    kind, properties = meta.kinds.get(meta.primary), _properties(meta, meta.primary)
    if kind == b"hvc1":
        return _single(data, meta, properties)
    if kind == b"grid":
        return _grid(data, meta, properties)
    raise _Unexpected


@dataclass(frozen=True)
class _Properties:
    width: int
    height: int
    config: bytes | None
    colours: Colours | None
    turns: tuple[Transpose, ...]
    crop: tuple[int, int] | None  # width and height, from the top left corner


def _properties(meta: _Meta, number: int) -> _Properties:
    found: dict[bytes, bytes] = {}
    colours: Colours | None = None
    turns: list[Transpose] = []
    crop: tuple[int, int] | None = None
    for index, essential in meta.owned.get(number, []):
        if not 1 <= index <= len(meta.properties):
            raise _Unexpected
        kind, body = meta.properties[index - 1]
        if kind in (b"ispe", b"hvcC"):
            if kind in found:
                raise _Unexpected
            found[kind] = body
        elif kind == b"colr":
            colours = _colours(body) or colours
        elif kind in (b"irot", b"imir"):
            turns += _turn(kind, body)
        elif kind == b"clap":
            if turns or crop or b"ispe" not in found:
                raise _Unexpected
            crop = _crop(body, *_size(found[b"ispe"]))
        elif essential and kind not in HARMLESS:
            raise _Unexpected
    if b"ispe" not in found:
        raise _Unexpected
    return _Properties(*_size(found[b"ispe"]), found.get(b"hvcC"), colours, tuple(turns), crop)


def _size(body: bytes) -> tuple[int, int]:
    _, width, height = struct.unpack(">III", body)
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise _Unexpected
    return width, height


def _colours(body: bytes) -> Colours | None:
    if body[:4] != b"nclx":
        return None
    _, _, matrix, flags = struct.unpack(">HHHB", body[4:])
    return Colours(matrix, bool(flags & 0x80))


def _turn(kind: bytes, body: bytes) -> list[Transpose]:
    if len(body) != 1:
        raise _Unexpected
    if kind == b"imir":
        return [MIRRORS[body[0] & 1]]
    turn = TURNS[body[0] & 3]
    return [turn] if turn is not None else []


def _crop(body: bytes, width: int, height: int) -> tuple[int, int]:
    """Return a clean aperture's size; only whole pixels from the top left corner are understood."""
    numbers = struct.unpack(">IIIIiIiI", body)
    if not all(numbers[1::2]):
        raise _Unexpected
    new_width, new_height, right, down = (
        Fraction(above, below) for above, below in zip(numbers[::2], numbers[1::2], strict=True)
    )
    at_corner = right == (new_width - width) / 2 and down == (new_height - height) / 2
    whole = new_width.denominator == new_height.denominator == 1
    if not (at_corner and whole and 1 <= new_width <= width and 1 <= new_height <= height):
        raise _Unexpected
    return int(new_width), int(new_height)


def _single(data: bytes, meta: _Meta, properties: _Properties) -> HevcPicture:
    width, height = properties.crop or (properties.width, properties.height)
    return HevcPicture(
        width,
        height,
        properties.width,
        properties.height,
        1,
        _config([properties]),
        _contents(data, meta, [meta.primary]),
        properties.turns,
        properties.colours,
    )


def _grid(data: bytes, meta: _Meta, properties: _Properties) -> HevcPicture:
    rows, columns, width, height = _grid_shape(*_contents(data, meta, [meta.primary]))
    numbers = meta.parts.get(meta.primary, [])
    tiles = [_properties(meta, number) for number in numbers]
    if (width, height) != (properties.width, properties.height) or len(tiles) != rows * columns:
        raise _Unexpected
    first = tiles[0]
    if any(_unlike(tile, first) for tile in tiles) or any(meta.kinds.get(one) != b"hvc1" for one in numbers):
        raise _Unexpected
    if not (_covers(width, first.width, columns) and _covers(height, first.height, rows)):
        raise _Unexpected
    shown = properties.crop or (width, height)
    return HevcPicture(
        *shown,
        first.width,
        first.height,
        columns,
        _config(tiles),
        _contents(data, meta, numbers),
        properties.turns,
        properties.colours or first.colours,
    )


def _grid_shape(body: bytes) -> tuple[int, int, int, int]:
    """Return rows, columns, width and height (ISO/IEC 23008-12, 6.6.2.3.2)."""
    layout = ">BBBBII" if body[1:2] and body[1] & 1 else ">BBBBHH"
    version, _, rows, columns, width, height = struct.unpack(layout, body)
    if version != 0:
        raise _Unexpected
    return rows + 1, columns + 1, width, height


def _unlike(tile: _Properties, first: _Properties) -> bool:
    """Tell whether a tile cannot be treated as the first one is, or would have to be turned by itself."""
    size = (tile.width, tile.height) != (first.width, first.height)
    return size or tile.colours != first.colours or bool(tile.turns) or tile.crop is not None


def _covers(length: int, tile: int, count: int) -> bool:
    return tile * (count - 1) < length <= tile * count


def _config(tiles: Sequence[_Properties]) -> bytes:
    config = tiles[0].config
    if config is None or any(tile.config != config for tile in tiles):
        raise _Unexpected
    return config


def _contents(data: bytes, meta: _Meta, numbers: Sequence[int]) -> tuple[bytes, ...]:
    places = [meta.places.get(number) or _Place(False, ()) for number in numbers]
    lengths = [sum(length for _, length in place.extents) for place in places]
    # Items that share bytes could make gigabytes of a small file.
    if not all(lengths) or sum(lengths) > len(data):
        raise _Unexpected
    return tuple(_content(meta.idat if place.in_idat else data, place) for place in places)


def _content(source: bytes, place: _Place) -> bytes:
    if any(offset + length > len(source) for offset, length in place.extents):
        raise _Unexpected
    return b"".join(source[offset : offset + length] for offset, length in place.extents)
