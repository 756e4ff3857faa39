"""What lies between photos and is none of a person's: other programs' previews, trash and snapshots.

Each has a kind, under which it is counted: its name, its extension (``*.lrdata``), or a person's pattern.
"""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePath

from loader.errors import PeaksError

HIDDEN, NO_PICTURE, SIDECAR = "hidden", "no picture", "sidecar"

# Folders, whatever the case of their letters. Those with a dot would be passed over as hidden.
_FOLDERS = {
    name.lower(): name
    for name in (
        *("@eaDir", "#recycle", "#snapshot", "@tmp", "@sharesnap"),  # Synology
        *("@Recycle", "@Recently-Snapshot", ".@__thumb"),  # QNAP
        *("$RECYCLE.BIN", "RECYCLER", "System Volume Information"),  # Windows
        *("lost+found", ".thumbnails", ".dtrash", ".Trash", ".Trashes"),  # Linux, Android, digiKam, macOS
        *("__MACOSX", "Network Trash Folder", "Temporary Items"),  # macOS on foreign disks
        *("Thumbs", "Thumbnails", "THMBNL"),  # galleries, and cameras' previews of films
    )
}
_FOLDER_EXTENSIONS = (".lrdata", ".lrcat-data")  # Lightroom's previews
_ORIGINALS_IN_LRDATA = "mobile downloads.lrdata"  # the one that holds photos
# Apple's and Capture One's libraries: folders, of which only these sub-folders hold a person's own files
_LIBRARIES = {
    extension: frozenset(("originals", "masters"))
    for extension in (".photoslibrary", ".migratedphotolibrary", ".photolibrary", ".aplibrary", ".cocatalog")
}
# JPEG previews of films, and the drawings of `peaks sight`
_FILE_ENDINGS = (".thm", ".sight.png", ".sight.svg")


def passed_over_kind(name: str, folder: str, *, is_folder: bool) -> str | None:
    """The kind under which a file or folder is passed over, by its name; None: it is not.

    Args:
        name: of the file or folder.
        folder: the name of the folder that it lies in.
        is_folder: whether it is one.
    """
    lower = name.lower()
    extension, library = (PurePath(each).suffix.lower() for each in (name, folder))
    if library in _LIBRARIES and not (is_folder and lower in _LIBRARIES[library]):
        return f"*{library}"
    if is_folder and lower in _FOLDERS:
        return _FOLDERS[lower]
    if name.startswith("."):
        return HIDDEN
    if is_folder and extension in _FOLDER_EXTENSIONS and lower != _ORIGINALS_IN_LRDATA:
        return f"*{extension}"
    endings = () if is_folder else _FILE_ENDINGS
    return next((f"*{ending}" for ending in endings if lower.endswith(ending)), None)


class Exclusions:
    """Patterns of a person in the form of a ``.gitignore``; the last that fits decides.

    Raises:
        PeaksError: a pattern that is none, or that git takes for a comment.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        from pathspec import GitIgnoreSpec  # 40 ms: only for those who exclude something

        self._patterns = patterns
        for pattern in patterns:
            try:
                found = GitIgnoreSpec.from_lines([pattern]).patterns
                is_pattern = any(each.include is not None for each in found)
            except (ValueError, re.error):
                is_pattern = False
            if not is_pattern:
                written = f"\\{pattern}" if pattern.startswith("#") else "raw/, *.png or /2019/film"
                raise PeaksError(
                    f"--exclude {pattern!r} is no pattern in the form of a .gitignore: write {written}."
                )
        self._spec = GitIgnoreSpec.from_lines([unicodedata.normalize("NFC", pattern) for pattern in patterns])

    def find(self, relative: str, *, is_folder: bool) -> str | None:
        """The kind of an excluded file or folder, by its path from the library's root; None: it is not."""
        path = unicodedata.normalize("NFC", relative)
        found = self._spec.check_file(f"{path}/" if is_folder else path)
        if not found.include or found.index is None:
            return None
        return f"excluded by {self._patterns[found.index]}"
