"""The box ``meta`` of a HEIF file: its items, where their bytes lie, and what of them is missing.

The boxes are those of ISO/IEC 14496-12 (``meta``, ``iinf``, ``iloc``, ``iref``, ``idat``) and
ISO/IEC 23008-12 (``iprp``).
"""
from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

MAX_META_BYTES = 1 << 18  # a grid of 1,000 tiles needs 50 kB
IN_FILE, IN_IDAT = 0, 1  # an extent's construction method: the offset counts from the file, or from ``idat``
LENGTH_SIZE = 21  # the byte of ``hvcC`` whose last two bits say how long a NAL unit's length is, less 1
# A NAL unit never holds three zero bytes in a row (ITU-T H.265, 7.4.2). The four bytes of its length can add
# three more. Holes of a broken copy are longer.
ZEROS = bytes(16)
DERIVED = (b"grid", b"iovl", b"iden")  # types of items that are made of other items
ALPHA = (b"urn:mpeg:hevc:2015:auxid:1\0", b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0")
LOST = (b"", b"")  # name and body of a property that is named but not there

Properties = list[tuple[bytes, bytes, bool]]  # name, body and "essential", in the order in which they hold


class Extent(NamedTuple):
    """A piece of an item: how its place is told, the place and the length."""

    method: int
    offset: int
    length: int


class Meta:
    """The items of a HEIF file by their numbers.

    Attributes:
        primary: the number of the picture that is shown.
        parts: of a derived item such as a grid: the items that it is made of, in their order.
        properties: of each item.

    Raises:
        ValueError, struct.error, LookupError: the box is missing, damaged, or larger than any camera's.
    """

    def __init__(self, data: bytes) -> None:
        body = next((body for name, body in _boxes(memoryview(data)) if name == b"meta"), memoryview(b""))
        if len(body) > MAX_META_BYTES:
            raise ValueError("a larger meta box than any camera's")
        boxes = dict(_boxes(body[4:]))
        primary = _Numbers(boxes[b"pitm"])
        self.primary = primary.take(4 if primary.version else 2)
        self._sources = {IN_FILE: memoryview(data), IN_IDAT: boxes.get(b"idat", memoryview(b""))}
        self._extents = dict(_extents(_Numbers(boxes[b"iloc"])))
        self._infos = boxes.get(b"iinf", memoryview(b""))
        references = list(_references(boxes[b"iref"])) if b"iref" in boxes else []
        self.parts = {item: others for name, item, others in references if name == b"dimg"}
        self._helpers = [item for name, item, of in references if name == b"auxl" and self.primary in of]
        properties = dict(_boxes(boxes[b"iprp"]))
        defined = [(name, bytes(body)) for name, body in _boxes(properties[b"ipco"])]
        self.properties = dict(_properties(_Numbers(properties[b"ipma"]), defined))

    def length(self, item: int) -> int:
        """Return how many bytes an item has, whether they are there or not; 0 if it has no place."""
        return sum(extent.length for extent in self._extents.get(item, ()))

    def content(self, item: int) -> bytes:
        """Return an item's bytes.

        Raises:
            ValueError, LookupError: it has none, or they lie beyond the file, or in another item.
        """
        if not self.length(item) or self._is_cut(item):
            raise ValueError("an item beyond the file's end")
        if not all(extent.method in self._sources for extent in self._extents[item]):
            raise ValueError("Unsupported construction method of an item")  # libheif would paint over a tile
        return b"".join(
            self._sources[method][offset : offset + length] for method, offset, length in self._extents[item]
        )

    def body(self, item: int, name: bytes) -> bytes:
        """Return the body of one of an item's properties; empty when it has none of this name."""
        return next((body for known, body, _ in self.properties.get(item, ()) if known == name), b"")

    def shares_nothing(self, items: Iterable[int]) -> bool:
        """Tell whether items can all lie in the file. If not, a small file could give gigabytes."""
        return sum(map(self.length, items)) <= len(self._sources[IN_FILE])

    def used_items(self) -> list[int]:
        """Return the primary item, its transparency, and all that these are made of."""
        alphas = [item for item in self._helpers if self.body(item, b"auxC")[4:].startswith(ALPHA)]
        found, waiting = dict.fromkeys([self.primary, *alphas]), [self.primary, *alphas]
        while waiting:
            parts = [part for part in self.parts.get(waiting.pop(), ()) if part not in found]
            found.update(dict.fromkeys(parts))
            waiting += parts
        return list(found)

    def other_coding(self) -> str | None:
        """Name the coding of the picture, or of a part of it, that is not HEVC; None: there is none.

        Raises:
            ValueError, struct.error, LookupError: the types of the items are damaged.
        """
        types, used = dict(_types(self._infos)), self.used_items()
        other = (types[item] for item in used if types[item] not in (b"hvc1", *DERIVED))
        return next((each.decode("ascii") for each in other), None)

    def is_turned(self) -> bool:
        """Tell whether a box says how the picture, or a part of it, is turned, if only by 0°."""
        used = (self.properties.get(item, ()) for item in self.used_items())
        return any(name in (b"irot", b"imir") for properties in used for name, _, _ in properties)

    def missing(self) -> list[int]:
        """Return the items that do not lie in the file as a whole: those with a place beyond its end."""
        return [item for item in self._extents if self._is_cut(item)]

    def _is_cut(self, item: int) -> bool:
        sources = self._sources
        return any(
            method in sources and offset + length > len(sources[method])
            for method, offset, length in self._extents[item]
        )


def read_meta(data: bytes) -> Meta | None:
    """Read the items of a whole HEIF file; None where only libheif can tell what is wrong, or unusual."""
    try:
        return Meta(data)
    except (struct.error, LookupError, ValueError):
        return None


def find_damage(meta: Meta) -> str | None:
    """Say what is missing of the picture, which a decoder may paint over; None: nothing that boxes tell.

    Raises:
        ValueError: it is not damaged but of an unsupported form.
    """
    missing, used = set(meta.missing()), meta.used_items()
    if missing.intersection(used):
        return "its picture reaches beyond the file's end"
    if not meta.shares_nothing(used):
        return None  # reading each could take hours; libheif has limits
    # HEVC pictures need their size, too; all parts of a picture are coded alike.
    coded = {item: meta.body(item, b"ispe") and meta.body(item, b"hvcC") for item in used}
    coded = {item: config for item, config in coded.items() if item not in meta.parts}
    has_lost = any((name, body) == LOST for item in used for name, body, _ in meta.properties.get(item, ()))
    if has_lost or (any(coded.values()) and not all(coded.values())):
        return "a part of its picture has lost its settings"
    for item, config in coded.items():
        if config and not meta.length(item):
            return "a part of its picture lies nowhere in the file"
        if config and _is_broken_off(meta.content(item), (config[LENGTH_SIZE] & 3) + 1):
            return "a part of its picture is broken off"
    return None


def _is_broken_off(coded: bytes, width: int) -> bool:
    """Tell whether NAL units, each behind its length of ``width`` bytes, have holes or do not fit."""
    place = 0
    while place < len(coded):
        size = int.from_bytes(coded[place : place + width], "big")
        place += width + size
        if not size or place > len(coded):
            return True
    return ZEROS in coded


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


def _types(iinf: memoryview) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the type of each item."""
    for _, body in _boxes(iinf[8 if iinf[0] else 6 :]):
        info = _Numbers(body)
        item = info.take(4 if info.version > 2 else 2)
        yield item, bytes(info.body[info.place + 2 :][:4])  # behind the number of its protection


def _extents(iloc: _Numbers) -> Iterator[tuple[int, tuple[Extent, ...]]]:
    """Yield the number and the pieces of each item."""
    sizes = iloc.take(2)
    offset_width, length_width, base_width, index_width = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    width = 2 if iloc.version < 2 else 4
    if iloc.version > 2 or not offset_width + length_width:
        raise ValueError("places without a width")  # thousands of them would take no bytes
    for _ in range(iloc.take(width)):
        item = iloc.take(width)
        method = iloc.take(2) & 15 if iloc.version else IN_FILE
        iloc.take(2)  # a file that holds it; libheif, too, takes it for this one
        base = iloc.take(base_width)
        pieces = []
        for _ in range(iloc.take(2)):
            iloc.take(index_width if iloc.version else 0)
            pieces.append(Extent(method, base + iloc.take(offset_width), iloc.take(length_width)))
        yield item, tuple(pieces)


def _references(iref: memoryview) -> Iterator[tuple[bytes, int, Sequence[int]]]:
    """Yield the kind of a reference, the item that refers, and those that it refers to."""
    code = "L" if iref[0] else "H"
    for name, entry in _boxes(iref[4:]):
        item, count = struct.unpack_from(f">{code}H", entry)
        yield name, item, struct.unpack_from(f">{count}{code}", entry, struct.calcsize(f">{code}H"))


def _properties(ipma: _Numbers, defined: Sequence[tuple[bytes, bytes]]) -> Iterator[tuple[int, Properties]]:
    by_number, width = dict(enumerate(defined, 1)), 2 if ipma.flags & 1 else 1
    mark = 1 << (8 * width - 1)  # of an essential property
    for _ in range(ipma.take(4)):
        item = ipma.take(4 if ipma.version else 2)
        owned = [ipma.take(width) for _ in range(ipma.take(1))]
        numbers = [(each & (mark - 1), bool(each & mark)) for each in owned]
        yield item, [(*by_number.get(number, LOST), essential) for number, essential in numbers if number]
