"""A photo's XMP: in the file, or in a sidecar beside it (ISO 16684-1; namespaces exif, dc, photoshop, GPano).

Pillow's ``getxmp`` does not see a JPEG's extended packets, or sidecars; so the packet is parsed here by the
library that it uses too, defusedxml, which refuses entities.
"""
from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from PIL import Image

from loader.files.content import MAX_PACKET
from loader.files.facts.exif_block import raw_profile
from loader.files.facts.metadata import (
    Judge,
    Metadata,
    camera_name,
    clean_keywords,
    first_description,
    focal_length,
    north_of,
)
from loader.files.facts.panorama import EQUIRECTANGULAR, Panorama
from loader.files.facts.times import first_moment
from loader.place import Point

_RDF, _XML = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}", "{http://www.w3.org/XML/1998/namespace}"
_NAMESPACES = {
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://ns.google.com/photos/1.0/panorama/": "GPano",
}
SIDECAR = "sidecar's "  # in notes: "its sidecar's GPS position …"
_BLANKS = b"\0 \r\n\t"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_EXTENSION_HEAD = len(_EXTENSION) + 32 + 4 + 4  # a hash of the whole, its length, this part's offset
_SIZE = r"\d+(?:\.\d*)?"
_DEGREES = re.compile(rf"([+-]?{_SIZE})(?:,({_SIZE}))?(?:,({_SIZE}))?\s*([NSEW]?)", re.IGNORECASE)


def read_xmp(image: Image.Image) -> Metadata:
    """Read the XMP of an opened image; its pixels need not be decoded. Never raises."""
    packet = find_packet(image)
    packets = [packet] if packet.strip(_BLANKS) else []
    parts = [part for _, part in getattr(image, "applist", ()) if part.startswith(_EXTENSION)]
    if parts:
        parts.sort(key=lambda part: part[_EXTENSION_HEAD - 4 : _EXTENSION_HEAD])
        packets.append(b"".join(part[_EXTENSION_HEAD:] for part in parts))
    return parse_xmp(packets)


def find_packet(image: Image.Image) -> bytes:
    """Return the XMP of an opened image without the packets that extend it; b"" when it has none."""
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if packet is None and image.format == "PNG":
        packet = raw_profile(image, "xmp")
    if isinstance(packet, str):
        packet = packet.encode("utf-8", "replace")
    return packet if isinstance(packet, bytes) else b""


def parse_xmp(packets: list[bytes], sidecar: str | None = None) -> Metadata:
    """Say what XMP packets mean.

    Args:
        packets: of one photo; the first that has a property counts.
        sidecar: the file's name; None for packets in the photo.
    """
    properties: dict[str, list[str]] = {}
    try:
        for packet in packets:
            for key, values in _properties(_parse(packet)):
                properties.setdefault(key, values)
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        if sidecar is None and not any(b"RDF" in packet for packet in packets):
            return Metadata()  # nothing that a person could miss
        name = "XMP" if sidecar is None else f"sidecar {sidecar}"
        return Metadata(notes=(f"its {name} is damaged and was not read",))
    return _Statement(properties, Judge("XMP " if sidecar is None else SIDECAR)).metadata()


def _parse(packet: bytes) -> Element:
    if len(packet) > MAX_PACKET:
        raise ValueError("too large")
    is_utf_16 = packet.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = packet.decode("utf-16") if is_utf_16 else packet.strip(_BLANKS)
    try:
        root: Element = fromstring(text)
    except ParseError:  # a few bytes that are no UTF-8 do not spoil the rest
        root = fromstring(packet.decode("utf-8", "replace"))
    return root


def _properties(root: Element) -> Iterator[tuple[str, list[str]]]:
    """Yield every property that stands directly in a description, as "dc:subject" and its texts."""
    for description in (each for rdf in root.iter(f"{_RDF}RDF") for each in rdf):
        for tag, value in description.attrib.items():
            if name := _short(tag):
                yield name, [value]
        for child in description:
            if name := _short(child.tag):
                yield name, _texts(child)


def _texts(value: Element) -> list[str]:
    items = [item for item in value.iter(f"{_RDF}li") if item.text]
    items.sort(key=lambda item: item.get(f"{_XML}lang") not in (None, "x-default"))  # the default first
    return [item.text or "" for item in items] or [value.text or ""]


def _short(tag: str) -> str | None:
    space, _, name = tag.removeprefix("{").partition("}")
    return f"{_NAMESPACES[space]}:{name}" if space in _NAMESPACES else None


@dataclass
class _Statement:
    """What the properties of one photo mean."""

    found: dict[str, list[str]]
    judge: Judge = field(default_factory=Judge)

    def metadata(self) -> Metadata:
        names = ("exif:DateTimeOriginal", "photoshop:DateCreated", "exif:DateTimeDigitized", "xmp:CreateDate")
        local, offset = first_moment(map(self.text, names))
        camera = camera_name(self.text("tiff:Make"), self.text("tiff:Model"))
        described = ("dc:description", "tiff:ImageDescription", "exif:UserComment", "dc:title",
                     "photoshop:Headline")
        return Metadata(
            position=self.position(),
            altitude=self.judge.altitude(
                self.number("exif:GPSAltitude"), self.number("exif:GPSAltitudeRef")
            ),
            bearing=self.judge.bearing(self.number("exif:GPSImgDirection")),
            bearing_reference=north_of(self.text("exif:GPSImgDirectionRef")),
            focal_length_35mm=focal_length(self.number("exif:FocalLengthIn35mmFilm")),
            panorama=self.panorama(),
            shot_time_local=local,
            utc_offset=offset,
            description=first_description(map(self.text, described), camera),
            keywords=self.keywords(),
            camera=camera,
            notes=tuple(self.judge.notes),
        )

    def text(self, name: str) -> str:
        return next((value.strip() for value in self.found.get(name, ()) if value.strip()), "")

    def number(self, name: str) -> float | None:
        """The number of a property, which may be a fraction such as "74/1"."""
        above, _, below = self.text(name).partition("/")
        try:
            number = float(above) / float(below or 1)
        except (ValueError, ZeroDivisionError, OverflowError):
            return None
        return number if math.isfinite(number) else None

    def position(self) -> Point | None:
        if not self.text("exif:GPSLatitude") and not self.text("exif:GPSLongitude"):
            return None
        lat, lon = self.degrees("exif:GPSLatitude", "NS"), self.degrees("exif:GPSLongitude", "EW")
        return self.judge.position(lat, lon)

    def degrees(self, name: str, letters: str) -> float | None:
        """Signed degrees of "27,51.6N" or "27,51,36N", which the standard asks for, or of "27.86"."""
        found = _DEGREES.fullmatch(self.text(name))
        if found is None:
            return None
        degrees, minutes, seconds = (float(part or 0) for part in found.groups()[:3])
        letter = (found[4] or self.text(f"{name}Ref"))[:1].upper()
        if letter not in letters or (found[2] and not letter) or max(minutes, seconds) > 60:
            return None
        size = abs(degrees) + minutes / 60 + seconds / 3600
        return -size if degrees < 0 or (letter and letter == letters[1]) else size

    def panorama(self) -> Panorama | None:
        if not any(name.startswith("GPano:") for name in self.found):
            is_merged = self.text("aux:IsMergedPanorama").casefold() == "true"
            return Panorama() if is_merged else None
        heading, full = self.number("GPano:PoseHeadingDegrees"), self.size("GPano:FullPano")
        return Panorama(
            projection=self.text("GPano:ProjectionType") or (EQUIRECTANGULAR if full else ""),
            heading=heading % 360 if heading is not None and abs(heading) <= 360 else None,
            full=full,
            part=self.size("GPano:CroppedAreaImage"),
        )

    def size(self, name: str) -> tuple[float, float] | None:
        width, height = self.number(f"{name}WidthPixels"), self.number(f"{name}HeightPixels")
        return (width, height) if width and height and min(width, height) > 0 else None

    def keywords(self) -> tuple[str, ...]:
        paths = self.found.get("lr:hierarchicalSubject", []) + self.found.get("digiKam:TagsList", [])
        leaves = [re.split(r"[|/]", path)[-1] for path in paths]
        return clean_keywords(self.found.get("dc:subject") or leaves)
