"""Files that are cut short, empty, or not what their names say."""
from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from PIL import Image

from scripts.hostile_photos.case import Case, Loaded, Outcome, PassedOver, Refused, of_bytes
from scripts.hostile_photos.pictures import EXTENSIONS, KINDS, encode, noise, quadrants

READ = "JPEG, PNG, WebP, HEIF and TIFF"
NO_IMAGE = Refused(f"the content is not an image ({READ} are read)")
# Where a file is cut, in hundredths; the last is one byte before its end.
STAGES = {"header": 1, "tables": 8, "a-third": 33, "two-thirds": 66}


def file_cases() -> Iterator[Case]:
    """Yield every case of this module."""
    yield from _truncated()
    yield from _lying()
    yield from _trifles()


def _truncated() -> Iterator[Case]:
    for kind in KINDS:
        damaged = Refused(f"the {kind} file is damaged (")
        for stage, share in STAGES.items():
            yield of_bytes(f"cut/{stage}.{EXTENSIONS[kind]}", f"a {kind} cut after {share} %", damaged,
                           partial(_cut, kind, share))
        # A PNG's last byte is in a check sum of nothing, a JPEG's in its end marker.
        last: Outcome = Loaded() if kind in ("PNG", "JPEG") else damaged
        yield of_bytes(f"cut/last-byte.{EXTENSIONS[kind]}", f"a {kind} without its last byte", last,
                       partial(_without_last_byte, kind))


def _cut(kind: str, share: int) -> bytes:
    data = encode(noise(), kind)
    return data[: max(len(data) * share // 100, 16)]


def _without_last_byte(kind: str) -> bytes:
    return encode(quadrants(), kind)[:-1]


def _lying() -> Iterator[Case]:
    for kind, name in zip(KINDS, ("png", "heic", "tif", "webp", "jpg"), strict=True):
        yield of_bytes(f"lies/{kind}.{name}", f"a {kind} named .{name}", Loaded(),
                       partial(encode, quadrants(), kind, **_best(kind)))
    yield of_bytes("lies/photo.txt", "a JPEG named .txt", Loaded(), partial(encode, quadrants(), quality=95))
    yield of_bytes("lies/photo", "a JPEG without an extension", Loaded(),
                   partial(encode, quadrants(), quality=95))
    black = Image.new("RGB", (96, 64))
    yield of_bytes("lies/animation.jpg", "an animated GIF named .jpg",
                   Refused(f"GIF is not read ({READ} are)"),
                   partial(encode, quadrants(), "GIF", save_all=True, append_images=[black]))
    yield of_bytes("lies/bitmap.jpg", "a BMP named .jpg", Refused(f"BMP is not read ({READ} are)"),
                   partial(encode, quadrants(), "BMP"))
    yield of_bytes("lies/film.heic", "a film named .heic",
                   Refused(f"this kind of media file is not read ({READ} are)"),
                   lambda: b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(200))
    for name, about, data in (
        ("script.jpg", "a shell script", b"#!/bin/sh\nexit 1\n"),
        ("page.png", "a web page", b"<html><body onload='x()'>"),
        ("archive.tif", "a ZIP", b"PK\3\4" + bytes(100)),
        ("zeros.webp", "a megabyte of zeros", bytes(1 << 20)),
    ):
        yield of_bytes(f"lies/{name}", f"{about} named {name}", NO_IMAGE, partial(bytes, data))
    yield of_bytes("lies/notes.txt", "words named .txt", PassedOver(), lambda: b"words")


def _best(kind: str) -> dict[str, object]:
    options: dict[str, dict[str, object]] = {
        "JPEG": {"quality": 95}, "HEIF": {"quality": 95}, "WEBP": {"lossless": True},
    }  # fmt: skip
    return options.get(kind, {})


def _trifles() -> Iterator[Case]:
    for extension in EXTENSIONS.values():
        yield of_bytes(f"cut/empty.{extension}", "no bytes at all", Refused("the file is empty"), bytes)
    yield of_bytes("cut/empty.txt", "no bytes at all, and no picture's name", PassedOver(), bytes)
    yield of_bytes("cut/one-byte.jpg", "one byte", NO_IMAGE, lambda: b"\xff")
