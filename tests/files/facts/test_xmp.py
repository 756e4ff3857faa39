"""XMP and IPTC of every kind of file, written by Pillow or by hand."""
from __future__ import annotations

import io
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import TiffImagePlugin

from loader.files.content import read_bytes
from loader.files.facts.metadata import Metadata
from loader.files.facts.xmp import parse_xmp
from loader.files.images import open_encoded
from loader.files.photo import read_metadata
from loader.place import Point
from scripts.hostile_photos.png_cases import png_chunk, png_with
from tests.files.picture_files import encode, quadrants

SPACES = " ".join(
    f'xmlns:{prefix}="{space}"' for prefix, space in {
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "exif": "http://ns.adobe.com/exif/1.0/",
        "tiff": "http://ns.adobe.com/tiff/1.0/",
        "dc": "http://purl.org/dc/elements/1.1/",
        "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "lr": "http://ns.adobe.com/lightroom/1.0/",
        "xmpNote": "http://ns.adobe.com/xmp/note/",
        "GPano": "http://ns.google.com/photos/1.0/panorama/",
    }.items()
)
PLACE = 'exif:GPSLatitude="27,51.6N" exif:GPSLongitude="86,47.4E"'
YAK = """<dc:description><rdf:Alt><rdf:li xml:lang="de">Ein Yak</rdf:li>
<rdf:li xml:lang="x-default">A yak on the trail</rdf:li></rdf:Alt></dc:description>
<dc:subject><rdf:Bag><rdf:li>yak</rdf:li><rdf:li>trail</rdf:li></rdf:Bag></dc:subject>"""
TAKEN = 'exif:DateTimeOriginal="2023-10-05T12:00:00.5+05:45"'
NEPAL = timedelta(hours=5, minutes=45)


def packet(attributes: str = "", children: str = "") -> bytes:
    """An XMP packet as programs write it."""
    return (
        f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF {SPACES}><rdf:Description rdf:about="" {attributes}>{children}</rdf:Description></rdf:RDF>'
        '</x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def read(data: bytes) -> Metadata:
    """The metadata of a picture file."""
    return read_metadata(open_encoded(data))


def segments(*contents: bytes, marker: int = 0xE1, data: bytes = b"") -> bytes:
    """A JPEG, or this one, with these segments."""
    data = data or encode(quadrants())
    parts = (b"\xff" + bytes([marker]) + struct.pack(">H", len(each) + 2) + each for each in contents)
    return data[:2] + b"".join(parts) + data[2:]


def photoshop(records: bytes, data: bytes = b"") -> bytes:
    """A JPEG with IPTC in Photoshop's segment."""
    resource = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(records)) + records + bytes(len(records) % 2)
    return segments(b"Photoshop 3.0\0" + resource, marker=0xED, data=data)


def tiff(xmp: bytes) -> bytes:
    """A TIFF with XMP in its tag 700."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[700] = xmp
    stream = io.BytesIO()
    quadrants().save(stream, "TIFF", tiffinfo=tags)
    return stream.getvalue()


def itxt(xmp: bytes) -> bytes:
    """A PNG's chunk with XMP."""
    return png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)


def hexadecimal(xmp: bytes) -> bytes:
    """A PNG's chunk with XMP as ImageMagick writes it."""
    lines = f"\nxmp\n{len(xmp):8}\n{xmp.hex()}\n".encode()
    return png_chunk(b"tEXt", b"Raw profile type xmp\0" + lines)


KINDS: dict[str, Callable[[bytes], bytes]] = {
    "JPEG": lambda xmp: encode(quadrants(), xmp=xmp),
    "WEBP": lambda xmp: encode(quadrants(), "WEBP", xmp=xmp),
    "HEIF": lambda xmp: encode(quadrants(), "HEIF", xmp=xmp),
    "TIFF": tiff,
    "PNG": lambda xmp: png_with(itxt(xmp)),
    "PNG of ImageMagick": lambda xmp: png_with(hexadecimal(xmp)),
    "PNG, behind the pixels": lambda xmp: png_with(itxt(xmp), behind=True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_its_xmp(kind: str) -> None:
    camera = 'tiff:Make="NIKON" tiff:Model="D5" exif:GPSAltitude="3985/1" exif:GPSAltitudeRef="0"'
    looks = 'exif:GPSImgDirection="7400/100" exif:GPSImgDirectionRef="M" exif:FocalLengthIn35mmFilm="24"'
    assert read(KINDS[kind](packet(f"{PLACE} {TAKEN} {camera} {looks}", YAK))) == Metadata(
        position=Point(27.86, 86.79), position_source="xmp", altitude=3985.0,
        bearing=74.0, bearing_reference="magnetic", focal_length_35mm=24.0,
        shot_time_local=datetime(2023, 10, 5, 12), utc_offset=NEPAL, time_source="xmp",
        description="A yak on the trail", keywords=("yak", "trail"), camera="NIKON D5",
    )


@pytest.mark.parametrize(
    ("lat", "lon", "place"),
    [
        ('="27,51,36N"', '="86,47,24E"', (27.86, 86.79)),
        ('="16,50.4S"', '="179,54.0W"', (-16.84, -179.9)),
        ('="27.86"', '="-86.79"', (27.86, -86.79)),
        ('="27.86" exif:GPSLatitudeRef="S"', '="86.79" exif:GPSLongitudeRef="W"', (-27.86, -86.79)),
        ('="27,51.6N"', '="86,74E"', None),
        ('="91,0N"', '="86,47E"', None),
        ('="0,0N"', '="0,0E"', None),
        ('="north"', '="86,47E"', None),
    ],
)
def test_ways_to_write_a_position(lat: str, lon: str, place: tuple[float, float] | None) -> None:
    metadata = parse_xmp([packet(f"exif:GPSLatitude{lat} exif:GPSLongitude{lon}")], "XMP ")
    assert metadata.position == (place and Point(*place))
    assert bool(metadata.notes) == (place is None)


@pytest.mark.parametrize(
    ("written", "local", "offset"),
    [
        (TAKEN, datetime(2023, 10, 5, 12), NEPAL),
        ('exif:DateTimeOriginal="2023-10-05T12:00Z"', datetime(2023, 10, 5, 12), timedelta(0)),
        ('exif:DateTimeOriginal="2023:10:05 12:00:00"', datetime(2023, 10, 5, 12), None),
        ('photoshop:DateCreated="2023-10-05T12:00:07"', datetime(2023, 10, 5, 12, 0, 7), None),
        ('exif:DateTimeOriginal="2023-10"', None, None),  # a month is no moment
    ],
)
def test_times(written: str, local: datetime | None, offset: timedelta | None) -> None:
    metadata = parse_xmp([packet(written)], "XMP ")
    assert (metadata.shot_time_local, metadata.utc_offset) == (local, offset)


def test_properties_may_be_elements_and_keywords_paths() -> None:
    children = (
        "<exif:GPSLatitude>27,51.6N</exif:GPSLatitude><exif:GPSLongitude>86,47.4E</exif:GPSLongitude>"
        "<lr:hierarchicalSubject><rdf:Bag><rdf:li>Nepal|Khumbu</rdf:li></rdf:Bag></lr:hierarchicalSubject>"
    )
    metadata = parse_xmp([packet("", children)], "XMP ")
    assert metadata.position == Point(27.86, 86.79) and metadata.keywords == ("Khumbu",)


@pytest.mark.parametrize(
    "written",
    [
        f"<rdf:RDF {SPACES}><rdf:Description {PLACE}/><rdf:Description {TAKEN}/></rdf:RDF>",
        f'<?xml version="1.0" encoding="UTF-16"?><rdf:RDF {SPACES}>'
        f"<rdf:Description {PLACE} {TAKEN}/></rdf:RDF>",
        f"\ufeff<x:xapmeta xmlns:x='adobe:ns:meta/'><rdf:RDF {SPACES}><rdf:Description {PLACE} {TAKEN}/>"
        "</rdf:RDF></x:xapmeta>\0\0",
    ],
)
def test_packets_of_other_programs(written: str) -> None:
    data = written.encode("utf-16" if "UTF-16" in written else "utf-8")
    metadata = parse_xmp([data], "XMP ")
    assert metadata == Metadata(
        position=Point(27.86, 86.79), shot_time_local=datetime(2023, 10, 5, 12), utc_offset=NEPAL
    )


def test_an_extended_packet_is_put_together() -> None:
    """Adobe's XMP specification, part 3, 1.1.3.1: parts in further segments, in any order."""
    extended = packet("", YAK)
    guid = md5(extended, usedforsecurity=False).hexdigest().upper().encode()
    head = b"http://ns.adobe.com/xmp/extension/\0" + guid
    parts = [
        head + struct.pack(">II", len(extended), start) + extended[start : start + 300]
        for start in range(0, len(extended), 300)
    ]
    main = b"http://ns.adobe.com/xap/1.0/\0" + packet(f'{PLACE} xmpNote:HasExtendedXMP="{guid.decode()}"')
    metadata = read(segments(main, *reversed(parts)))
    assert len(parts) > 2 and metadata.position == Point(27.86, 86.79)
    assert metadata.description == "A yak on the trail" and metadata.keywords == ("yak", "trail")


# --- hostile packets ---------------------------------------------------------------------------------------


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">""" + b"".join(
    b'<!ENTITY %c "%b">' % (97 + level, b"&%c;" % (96 + level) * 10) for level in range(1, 10)
) + b"]><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>&j;</rdf:RDF>"
FILE = b"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&a;</rdf:RDF>"""


@pytest.mark.parametrize("data", [BOMB, FILE, packet(PLACE)[:-60], b"<rdf:RDF", b"RDF" + bytes(range(256))])
def test_a_damaged_or_hostile_packet_gives_a_note(data: bytes) -> None:
    metadata = read(encode(quadrants(), xmp=data))
    assert metadata == Metadata(notes=("its XMP is damaged and was not read",))


@given(st.binary(max_size=200))
@settings(max_examples=50)
def test_any_bytes_do_no_harm(data: bytes) -> None:
    behind = png_with(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0" + data), behind=True)
    extension = segments(b"http://ns.adobe.com/xmp/extension/\0" + data)
    for file in (behind, extension, photoshop(data), encode(quadrants(), xmp=data)):
        assert isinstance(read(file), Metadata)


def test_deep_nesting_does_no_harm() -> None:
    deep = packet(PLACE, "<dc:x>" * 100_000 + "</dc:x>" * 100_000)
    assert parse_xmp([deep], "XMP ").position == Point(27.86, 86.79)


def test_a_few_bytes_that_are_no_utf_8_do_not_spoil_the_rest() -> None:
    metadata = parse_xmp([packet(PLACE, YAK).replace(b"Ein Yak", b"Ein \xff\xe4")], "XMP ")
    assert metadata.position == Point(27.86, 86.79) and metadata.description == "A yak on the trail"


def test_the_example_of_the_wild(shared: Path) -> None:
    metadata = read(read_bytes(shared / "failing" / "xmp_iptc_only.jpg"))
    expected: dict[str, Any] = {
        "position": Point(27.9, 86.8), "bearing": 74.0, "bearing_reference": "true", "utc_offset": NEPAL,
        "description": "A yak on the trail", "keywords": ("yak",), "position_source": "xmp",
    }
    assert {name: getattr(metadata, name) for name in expected} == expected
