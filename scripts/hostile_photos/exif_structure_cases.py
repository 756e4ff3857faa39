"""EXIF blocks that loop, end too soon or unfold without end: what is true of them is kept."""
from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from PIL.ExifTags import GPS, IFD, Base

from scripts.hostile_photos.case import Case, Loaded, Refused, of_bytes
from scripts.hostile_photos.exif_blocks import (
    RATIONAL,
    Entry,
    exif_block,
    longs,
    rationals,
    words,
    write_directory,
)
from scripts.hostile_photos.exif_cases import (
    ALL,
    CAMERA,
    DIRECTION,
    HEIGHT,
    MAIN,
    NAMCHE,
    READ_IN_PART,
    TAKEN,
    WHERE,
    WITHOUT_GPS,
    jpeg_with,
    photo,
)
from scripts.hostile_photos.pictures import encode, quadrants
from scripts.hostile_photos.png_cases import png_chunk, png_with
from scripts.hostile_photos.tiff_cases import tiff_of

NOT_READ = "its EXIF is damaged and was not read"
LONG_LIST = 16_000_000  # bytes


def exif_structure_cases() -> Iterator[Case]:
    """Yield every case of this module."""
    yield from _structures()
    yield from _bombs()


def _structures() -> Iterator[Case]:
    nothing, healthy = Loaded(notes=(NOT_READ,)), exif_block(MAIN, TAKEN, NAMCHE)
    for name, about, block in (
        ("no-header", "no TIFF header", b"garbage garbage"),
        ("seven-bytes", "a header that is cut", b"II*\0\x08\0\0"),
        ("offset-0", "the first directory at 0", b"II*\0" + bytes(30)),
        ("offset-beyond", "the first directory beyond the end", b"II*\0\xff\xff\xff\x7f" + bytes(8)),
        ("65535-entries", "65,535 entries promised, none there", b"II*\0\x08\0\0\0\xff\xff"),
    ):
        yield of_bytes(f"exif/block-{name}.jpg", about, nothing, partial(jpeg_with, block))
    yield of_bytes("exif/block-empty.jpg", "an empty segment", Loaded(), partial(jpeg_with, b""))
    yield of_bytes("exif/block-in-two-segments.jpg", "a second, empty block", Loaded(fields=ALL),
                   partial(jpeg_with, healthy, b""))
    yield of_bytes("exif/loop.jpg", "the first directory is followed by itself", Loaded(fields=ALL),
                   partial(jpeg_with, exif_block(MAIN, TAKEN, NAMCHE, following=8)))
    yield from _lying_tags(healthy)


def _lying_tags(healthy: bytes) -> Iterator[Case]:
    itself: dict[int, Entry | None] = {IFD.Exif: longs(8), IFD.GPSInfo: longs(8)}
    yield photo("directories-are-the-first", "Exif and GPS point at the first directory", CAMERA, main=itself)
    yield photo("gps-beyond", "the GPS directory lies beyond the end", WITHOUT_GPS, READ_IN_PART,
                main={IFD.GPSInfo: longs(2**31)})
    yield photo("gps-pointer-text", "the GPS pointer is a word", WITHOUT_GPS, READ_IN_PART,
                main={IFD.GPSInfo: words("abc")})
    yield photo("maker-note-loop", "a MakerNote that is the block itself", ALL,
                exif={IFD.MakerNote: Entry(7, 60_000, b"", offset=8)})
    yield photo("type-99", "a tag of a type that there is not", ALL, main={305: Entry(99, 7, bytes(4))})
    yield photo("type-99-for-the-time", "the time in a type that there is not",
                {**CAMERA, **WHERE, **HEIGHT, **DIRECTION},
                exif={Base.DateTimeOriginal: Entry(99, 7, bytes(4))})
    yield photo("greedy-tag", "one tag claims 4 GB, before all others", ALL,
                main={1: Entry(4, 2**32 - 1, b"", offset=0)})
    yield of_bytes("exif/cut.jpg", "the block ends before its values",
                   Loaded(fields=CAMERA, notes=(READ_IN_PART,)),
                   partial(jpeg_with, healthy[: healthy.index(b"2023:10:29")]))
    yield of_bytes("exif/position-twice.jpg", "a second latitude: the last one counts",
                   Loaded(fields={**ALL, "gps": {"lat": 1.0341667, "lon": 86.7119667}}), _position_twice)


def _position_twice() -> bytes:
    entries = list(NAMCHE.items())
    doubled = [*entries, (GPS.GPSLatitude, rationals((1, 1), (2, 1), (3, 1)))]
    place = len(exif_block({**MAIN, IFD.GPSInfo: longs(0)}, TAKEN))
    front = exif_block({**MAIN, IFD.GPSInfo: longs(place)}, TAKEN)
    return jpeg_with(front + write_directory(doubled, place))


def _bombs() -> Iterator[Case]:
    """A list of rationals becomes a list of objects in Pillow's reader: forty times its size."""
    yield of_bytes("exif/bomb-of-lists.jpg", "5,000 tags share one list of 7,000 rationals", Loaded(),
                   lambda: jpeg_with(_overlapping(5000, 7000)))
    yield of_bytes("exif/bomb-of-segments.jpg", "20 segments of EXIF are one list of rationals",
                   Refused("the JPEG file is damaged, or made to do harm (1,310,660 bytes of EXIF, where one "
                           "segment holds 65,533)"), _many_segments)
    yield of_bytes("exif/bomb.png", "16 MB of rationals behind a PNG's pixels", Loaded(fields=CAMERA),
                   lambda: png_with(png_chunk(b"eXIf", _long_list()), behind=True))
    yield of_bytes("exif/bomb.webp", "16 MB of rationals in a WebP", Loaded(fields=CAMERA),
                   lambda: encode(quadrants(), "WEBP", lossless=True, exif=_long_list()))
    yield of_bytes("exif/bomb.heic", "16 MB of rationals in a HEIC", Loaded(fields=CAMERA),
                   lambda: encode(quadrants(), "HEIF", quality=95, exif=_long_list()))
    yield of_bytes("exif/bomb.tif", "16 MB of rationals in a TIFF's Exif directory", Loaded(fields=CAMERA),
                   _long_list_in_tiff)


def _overlapping(tags: int, values: int) -> bytes:
    shared = Entry(RATIONAL, values, b"", offset=8)
    return exif_block({1000 + tag: shared for tag in range(tags)})


def _many_segments() -> bytes:
    piece = bytes(65_527)  # a segment's length is two bytes, which count themselves
    return jpeg_with(_overlapping(1, 10)[:8].ljust(len(piece), b"\0"), *[piece] * 19)


def _long_list() -> bytes:
    values = Entry(RATIONAL, LONG_LIST // 8, b"\1\0\0\0" * (LONG_LIST // 4))
    return exif_block(MAIN, {40_000: values})


def _long_list_in_tiff() -> bytes:
    """The picture's own directory, and an Exif directory behind it."""
    place = len(tiff_of(quadrants().tobytes(), 0, {**MAIN, IFD.Exif: longs(0)}))
    values = Entry(RATIONAL, LONG_LIST // 8, b"\1\0\0\0" * (LONG_LIST // 4))
    picture = tiff_of(quadrants().tobytes(), 0, {**MAIN, IFD.Exif: longs(place)})
    return picture + write_directory([(40_000, values)], place)
