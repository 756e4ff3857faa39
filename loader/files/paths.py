"""Paths as text and back, and whether a file is missing or only out of reach."""
from __future__ import annotations

import os
import re
import stat
import unicodedata
from pathlib import Path

_ESCAPE = re.compile(rb"\\x(5c|[89a-f][0-9a-f])")


def printable_path(path: str) -> str:
    """A path as text: a byte that is no UTF-8 is written ``\\xff``, and a backslash that reads so ``\\x5c``.

    No two paths have the same text; `real_path` is the inverse.

    Args:
        path: as the operating system gives it (`os.fsdecode`).
    """
    return _ESCAPE.sub(rb"\\x5cx\1", os.fsencode(path)).decode("utf-8", "backslashreplace")


def real_path(text: str) -> Path:
    """The path that `printable_path` wrote."""
    return Path(os.fsdecode(_ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), os.fsencode(text))))


def join_path(root: str, path: str) -> str:
    """The absolute path, as text, of a file of a library."""
    return f"{root.rstrip('/')}/{path}"


def find_inside(root: str | None, path: str) -> Path | None:
    """The file of a library; None where it is away, or where its path leads out of the library's folder.

    Args:
        root: the library's folder, as `printable_path` writes it; None when it is not known.
        path: of the file inside of it.
    """
    if root is None:
        return None
    try:
        folder, file = real_path(root).resolve(), real_path(join_path(root, path)).resolve()
        return file if file.is_relative_to(folder) and file.is_file() else None
    except (OSError, ValueError, RuntimeError):  # no right to look, a NUL in the path, links in a circle
        return None


def spellings(path: str) -> list[str]:
    """A path as it stands and in both Unicode forms: Macs write decomposed letters, and keyboards do not."""
    forms = (path, unicodedata.normalize("NFC", path), unicodedata.normalize("NFD", path))
    return list(dict.fromkeys(forms))


def find_spelling(path: str) -> str:
    """The spelling of a path at which there is something; the path as it stands when there is nothing."""
    return next(filter(os.path.exists, spellings(path)), path)


def is_missing(path: Path) -> bool:
    """Whether there is no file at a path; one that may not be looked at counts as there."""
    try:
        path.lstat()
    except OSError as error:
        return isinstance(error, FileNotFoundError | NotADirectoryError)
    return False


def is_out_of_reach(path: Path) -> bool:
    """Whether a missing file may lie on a disk that is not connected.

    Its nearest folder is then empty, as the mount point of such a disk is, or a link to nothing.
    """
    folder = next(parent for parent in path.parents if not is_missing(parent))
    try:
        return stat.S_ISDIR(folder.stat().st_mode) and not any(os.scandir(folder))
    except OSError:
        return True
