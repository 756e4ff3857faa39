"""Which files of a folder are a photo's sidecars, by their names alone. Imports no reader.

XMP programs write ``IMG_1.jpg.xmp`` or ``IMG_1.xmp``. Google Takeout writes ``IMG_1.jpg.json``, since 2024
``IMG_1.jpg.supplemental-metadata.json``; of both it cuts what stands before ``.json`` at 46 UTF-16 units. The
number of a second file of the name stands last: ``IMG_1(2).jpg`` has ``IMG_1.jpg(2).json`` or
``IMG_1.jpg.supplemental-metadata(2).json``. An edited picture has the original's; the
word that says so may be cut (``…-edi.jpg``).
"""
from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path

SUFFIXES = (".xmp", ".json")
SUPPLEMENT = ".supplemental-metadata"
CUT_AT = 46  # UTF-16 units; 45 where a character of two would be cut in half
# What Takeout puts behind the name of an edited picture, in its languages.
EDITED = (
    "edited", "effects", "smile", "mix", "animation", "collage", "bearbeitet", "modifié", "editado",
    "ha editado", "editat", "modificato", "bewerkt", "edytowane", "redigerad", "redigeret", "redigert",
    "editada", "编辑", "編集済み", "изменено",
)
_NUMBER = re.compile(r"(.+)(\(\d+\))")


class SidecarNames:
    """The sidecars of one folder.

    Args:
        names: of its files.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._xmp: dict[str, str] = {}
        self._json: dict[tuple[str, str], str] = {}
        self._json_of_stem: dict[tuple[str, str], str] = {}
        for name in names:
            stem, suffix = _split(_fold(name))
            if suffix == ".xmp":
                self._xmp[stem] = name
            elif suffix == ".json":
                photo, number = _numbered(stem)
                photo = _without_supplement(photo)
                self._json[photo, number] = name
                self._json_of_stem.setdefault((_split(photo)[0], number), name)

    def find(self, photo: str) -> tuple[str, ...]:
        """Return the names of a photo's sidecars, XMP first."""
        key = _fold(photo)
        xmp = self._xmp.get(key) or self._xmp.get(_split(key)[0])
        return tuple(name for name in (xmp, self._find_json(key)) if name)

    def _find_json(self, photo: str) -> str | None:
        stem, suffix = _split(photo)
        bare, number = _numbered(stem)
        for name, count in ((photo, ""), (f"{bare}{suffix}", number), (bare, number)):
            for cut in chain((name,), _cut(name)):
                if found := self._json.get((cut, count)):
                    return found
        original, _, word = bare.rpartition("-")
        is_cut = _units(photo) > CUT_AT and any(each.startswith(word) for each in EDITED)
        if not original or not (is_cut or word in EDITED):
            return None
        # the original may be of another kind: IMG_1-edited.jpg of IMG_1.HEIC
        return self._find_json(f"{original}{number}{suffix}") or self._json_of_stem.get((original, number))


def sidecars_beside(photo: Path) -> tuple[Path, ...]:
    """Return the sidecars of a photo that is not a part of a listing."""
    folder = photo.parent
    try:
        names = _names_in(folder, folder.stat().st_mtime_ns)
    except OSError:
        return ()
    found = (folder / name for name in names.find(photo.name))
    return tuple(path for path in found if path.is_file())


@lru_cache(maxsize=1)
def _names_in(folder: Path, _changed: int) -> SidecarNames:
    return SidecarNames(path.name for path in folder.iterdir() if not path.name.startswith("."))


def _split(name: str) -> tuple[str, str]:
    stem, dot, last = name.rpartition(".")
    return (stem, dot + last) if stem else (name, "")


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _numbered(stem: str) -> tuple[str, str]:
    """Split "img_1(2)" into "img_1" and "(2)"."""
    found = _NUMBER.fullmatch(stem)
    return (found[1], found[2]) if found else (stem, "")


def _without_supplement(name: str) -> str:
    before, dot, last = name.rpartition(".")
    return before if before and SUPPLEMENT.startswith(f"{dot}{last}") else name


def _cut(name: str) -> Iterator[str]:
    """Yield what may be left of a name that was too long, the longest first."""
    for length in range(len(name) - 1, 0, -1):
        if _units(name[:length]) < CUT_AT - 1:
            return
        yield name[:length]


def _units(name: str) -> int:
    return len(name.encode("utf-16-le", "surrogatepass")) // 2
