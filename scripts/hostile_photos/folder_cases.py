"""Folders with links, pipes, devices, odd names and closed permissions, and files that change meanwhile."""
from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scripts.hostile_photos.case import Case, Loaded, PassedOver, Refused, Unseen
from scripts.hostile_photos.pictures import encode, quadrants

NOT_REGULAR, NOWHERE = Refused("not a regular file"), Refused("a link to nothing")
NO_IMAGE = Refused("the content is not an image (JPEG, PNG, WebP, HEIF and TIFF are read)")
CLOSED = "cannot be read (Permission denied)"
GIBIBYTE = 1 << 30


def folder_cases() -> Iterator[Case]:
    """Yield every case of this module."""
    yield from _links()
    yield from _no_files()
    yield from _names()
    yield from _closed()
    yield from _changing()


def _photo(path: Path) -> None:
    path.write_bytes(encode(quadrants(), quality=95, subsampling=0))


def _link(target: str, path: Path) -> None:
    path.symlink_to(target)


def _links() -> Iterator[Case]:
    yield Case("links/up", "a link to the folder above", Unseen(), partial(_link, ".."))
    yield Case("links/here", "a link to its own folder", Unseen(), partial(_link, "."))
    yield Case("links/dangling.jpg", "a link to nothing", NOWHERE, partial(_link, "nowhere.jpg"))
    yield Case("links/itself.jpg", "a link to itself", NOWHERE, partial(_link, "itself.jpg"))
    yield Case("links/ping.jpg", "a link to a link to it", NOWHERE, partial(_link, "pong.jpg"))
    yield Case("links/pong.jpg", "a link to a link to it", NOWHERE, partial(_link, "ping.jpg"))
    yield Case("links/zeros.jpg", "a link to a device without end", NOT_REGULAR, partial(_link, "/dev/zero"))
    yield Case("links/terminal.jpg", "a link to a terminal", NOT_REGULAR, partial(_link, "/dev/tty"))
    yield Case("links/dangling", "a link to nothing without a picture's name", PassedOver(),
               partial(_link, "nowhere"))


def _no_files() -> Iterator[Case]:
    yield Case("pipe.jpg", "a named pipe that nobody writes", NOT_REGULAR, os.mkfifo)
    yield Case("socket.jpg", "a socket", NOT_REGULAR, lambda path: os.mknod(path, stat.S_IFSOCK | 0o600))
    yield Case("folder.jpg", "a folder with a picture's name", Unseen(), Path.mkdir)
    yield Case("folder.jpg/inside.jpg", "a photo in a folder with a picture's name", Loaded(), _photo)
    yield Case(".hidden.jpg", "a hidden photo", PassedOver(), _photo)
    yield Case("sparse.jpg", "a photo and nothing behind it up to 1 GiB and a byte",
               Refused("the file is larger than 256 MiB"), partial(_sparse, GIBIBYTE + 1))
    yield Case("sparse.heic", "3 GiB of nothing",
               NO_IMAGE, lambda path: _resize(3 * GIBIBYTE, path))


def _resize(size: int, path: Path) -> None:
    with path.open("ab") as stream:
        stream.truncate(size)


def _sparse(size: int, path: Path) -> None:
    _photo(path)
    _resize(size, path)


def _names() -> Iterator[Case]:
    for name, about in (
        (os.fsdecode(b"not-utf-8-\xff\xfe.jpg"), "a name that is not UTF-8"),
        ("line\nfeed.jpg", "a name of two lines"),
        ("escape-\x1b[2J\x07.jpg", "a name that clears a terminal"),
        ("right-\u202egpj.left.jpg", "a name with a bidirectional control character"),
        ("emoji-🏔️👩‍🚀.jpg", "a name of emoji"),
        ("back\\slash.jpg", "a name with a backslash"),
        (" .jpg", "a name that is a blank"),
        ("-rf.jpg", "a name that looks like an option"),
        ("%s{0}$(id).jpg", "a name that looks like a template"),
        ("n" * 251 + ".jpg", "a name of 255 bytes"),
        (unicodedata.normalize("NFC", "Zürich.jpg"), "ü as one character"),
        (unicodedata.normalize("NFD", "Zürich.jpg"), "ü as two characters: another file"),
    ):
        yield Case(f"names/{name}", about, Loaded(), _photo)


def _closed() -> Iterator[Case]:
    yield Case("closed.jpg", "a photo that may not be read", Refused(f"the file {CLOSED}"), _closed_photo,
               mode_matters=True)
    yield Case("closed", "a folder that may not be read", Refused(f"the folder {CLOSED}"),
               lambda path: path.mkdir(mode=0), mode_matters=True)


def _closed_photo(path: Path) -> None:
    _photo(path)
    path.chmod(0)


def _replace(target: str, path: Path) -> None:
    path.unlink()
    path.symlink_to(target)


def _as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _changing() -> Iterator[Case]:
    missing = Refused("the file cannot be read (No such file or directory)")
    yield Case("changing/vanishes.jpg", "deleted between walk and reading", missing, _photo, Path.unlink)
    yield Case("changing/shrinks.jpg", "cut between walk and reading", Refused("the JPEG file is damaged ("),
               _photo,
               lambda path: os.truncate(path, 300))
    yield Case("changing/empties.jpg", "emptied between walk and reading", Refused("the file is empty"),
               _photo, lambda path: os.truncate(path, 0))
    yield Case("changing/grows.jpg", "grown beyond 1 GiB", Refused("the file is larger than 256 MiB"), _photo,
               partial(_resize, GIBIBYTE + 1))
    yield Case("changing/pipe.jpg", "exchanged for a pipe", NOT_REGULAR, _photo, _as_pipe)
    yield Case("changing/device.jpg", "exchanged for a link to a device without end", NOT_REGULAR, _photo,
               partial(_replace, "/dev/zero"))
    yield Case("changing/folder.jpg", "exchanged for a folder", NOT_REGULAR, _photo, _as_folder)
    yield Case("changing/other.jpg", "exchanged for another content",
               NO_IMAGE, _photo, _write_words)
    yield Case("changing/closes.jpg", "closed between walk and reading", Refused(f"the file {CLOSED}"),
               _photo, lambda path: path.chmod(0), mode_matters=True)


def _write_words(path: Path) -> None:
    path.write_bytes(b"words")
