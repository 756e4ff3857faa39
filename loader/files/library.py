"""A library: the photo files under a folder, by their content and in a fixed order. Imports no decoder."""
from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from loader.errors import PeaksError
from loader.files.content import MAX_PACKET, UnreadableImage, explain_refusal, read_bytes
from loader.files.facts.sidecar_names import SUFFIXES, SidecarNames, sidecars_beside
from loader.files.passed_over import NO_PICTURE, SIDECAR, Exclusions, passed_over_kind
from loader.files.paths import printable_path

# A file with such a name is meant to be a picture: when it cannot be read, a person wants to know.
PICTURE_EXTENSIONS = frozenset(
    (
        *(".jpg", ".jpeg", ".jpe", ".png", ".webp", ".heic", ".heif", ".hif", ".tif", ".tiff"),
        *(".gif", ".bmp", ".avif", ".jxl", ".jp2"),
        *(".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2"),
    )
)


@dataclass(frozen=True)
class PhotoFile:
    """A file that is to be loaded.

    Attributes:
        path: where to open it.
        name: its path from the library's root with ``/``, as `printable_path` writes it.
        id: its document's id (see `document_id`).
        size: bytes, by the folder's listing.
        modified: milliseconds since 1970 (UTC), by the folder's listing.
        sidecars: files beside it that say more of it, XMP first.
    """

    path: Path
    name: str
    id: str
    size: int = 0
    modified: int = 0
    sidecars: tuple[PhotoFile, ...] = ()

    @property
    def sidecar_state(self) -> str | None:
        """Names, sizes and times of the sidecars, by which a change is seen; None without any."""
        states = (f"{each.path.name} {each.size} {each.modified}" for each in self.sidecars)
        return printable_path("; ".join(states)) or None

    def content_key(self, content_hash: str) -> str:
        """What tells this photo's content from any other: the hash of its file, and that of its sidecars.

        Args:
            content_hash: SHA-256 of the photo's bytes, hexadecimal.
        """
        if not self.sidecars:
            return content_hash
        digest = sha256()
        for each in self.sidecars:
            with suppress(UnreadableImage):
                digest.update(read_bytes(each.path, MAX_PACKET))
        return join_key(content_hash, digest.hexdigest())


def join_key(content_hash: str, sidecars_hash: str | None) -> str:
    """The key of a photo's content (`PhotoFile.content_key`)."""
    return content_hash if sidecars_hash is None else f"{content_hash}+{sidecars_hash}"


@dataclass(frozen=True)
class NamedReason:
    """The name of a file, folder or document, and what is to be said of it."""

    name: str
    reason: str


class Skipped(NamedReason):
    """A file or folder that is not loaded, by its name in the library, and why."""


@dataclass
class Listing:
    """The files of a person under a folder.

    Attributes:
        files: in the order of their names.
        skipped: folders that cannot be read, and pictures (of `walk_library`).
        passed_over: how many files and folders are not looked at, by kind (`loader.files.passed_over`).
        prefix: what the names of all files begin with: "" or "2023/" for a part of a library.
    """

    files: list[PhotoFile] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    prefix: str = ""


def walk_library(folder: Path, root: Path | None = None) -> Listing:
    """List a folder as `list_files` does, and keep the files that are photos by their content."""
    listing = list_files(folder, root)
    photos = []
    for file in listing.files:
        found = recognize(file)
        if isinstance(found, PhotoFile):
            photos.append(found)
        elif found is not None:
            listing.skipped.append(found)
        else:
            listing.passed_over[NO_PICTURE] += 1
    listing.files = photos
    listing.skipped.sort(key=lambda skip: skip.name)
    return listing


def list_files(
    folder: Path, root: Path | None = None, *, library: str | None = None, exclude: Sequence[str] = ()
) -> Listing:
    """List every file of a person under a folder with its size and time, without opening any.

    Links to folders are followed; each real folder is walked once, so links that form a cycle end.

    Args:
        folder: where to look.
        root: what names and ids are relative to (default: ``folder``), so that a part of a library can be
            loaded under the same ids as the whole.
        library: the library's name, which ids depend on (default: `library_name` of the root).
        exclude: patterns in the form of a ``.gitignore``, relative to the root.

    Raises:
        PeaksError: the folder does not lie under the root, or a pattern is none.
    """
    top = folder.resolve()
    base = root.resolve() if root is not None else top
    if not top.is_relative_to(base):
        raise PeaksError(f"{folder} does not lie under --library-root {root}: give a folder above it.")
    listing = Listing(prefix="" if top == base else f"{printable_path(_relative(str(top), base))}/")
    walked = _walk(top, listing, base, Exclusions(exclude) if exclude else None)
    name = library_name(base) if library is None else library
    entries = sorted(walked, key=lambda entry: os.fsencode(entry.path))
    listing.files = _with_sidecars([_photo_file(entry, base, name) for entry in entries], listing)
    return listing


def _with_sidecars(files: Sequence[PhotoFile], listing: Listing) -> list[PhotoFile]:
    """Give each photo the sidecars in its folder; those are no files of their own any more, but counted."""
    beside: dict[str, dict[str, PhotoFile]] = {}
    for file in files:
        folder, _, name = file.name.rpartition("/")
        if name.lower().endswith(SUFFIXES):
            beside.setdefault(folder, {})[name] = file
    if not beside:
        return list(files)
    names = {folder: SidecarNames(found) for folder, found in beside.items()}
    photos, used = [], set[str]()
    for file in files:
        folder, _, name = file.name.rpartition("/")
        if folder in names and name not in beside[folder]:
            found = tuple(beside[folder][each] for each in names[folder].find(name))
            used.update(each.id for each in found)
            photos.append(replace(file, sidecars=found))
        else:
            photos.append(file)
    if used:
        listing.passed_over[SIDECAR] = len(used)
    return [file for file in photos if file.id not in used]


def lone_file(path: Path, name: str) -> PhotoFile:
    """A photo that a person named, with the sidecars beside it; it has no id, and no library.

    Args:
        path: where to open it.
        name: what the person called it.
    """
    sidecars = (PhotoFile(each, each.name, "") for each in sidecars_beside(path))
    return PhotoFile(path, name, "", sidecars=tuple(sidecars))


def library_name(root: Path) -> str:
    """What a library is called unless a person says otherwise: the name of its root folder."""
    return printable_path(root.resolve().name) or "/"


def recognize(file: PhotoFile) -> PhotoFile | Skipped | None:
    """Recognise a file by its first bytes.

    Returns:
        The file itself when it is a photo; a reason when only its name is that of a photo; None for other
        files.
    """
    problem = explain_refusal(file.path)
    if problem is None:
        return file
    return Skipped(file.name, problem) if file.path.suffix.lower() in PICTURE_EXTENSIONS else None


def document_id(library: str, relative: str) -> str:
    """Return a photo's ``_id``: 32 hex digits of SHA-256 over its library's name, a zero byte and its path.

    Args:
        library: the library's name; no two libraries have the same.
        relative: path from the library's root, with ``/``; as the operating system gives it (`os.fsdecode`).
    """
    return sha256(os.fsencode(f"{library}\0{relative}")).hexdigest()[:32]


def path_words(name: str) -> str:
    """Split a path into words: ``Khumbu_2023/AmaDablam-12.JPG`` gives ``Khumbu 2023 Ama Dablam 12``."""
    pieces, before = [], "  "
    for character in unicodedata.normalize("NFC", name.removesuffix(Path(name).suffix)):
        kind = unicodedata.category(character)
        if kind[0] not in "LMN":
            character = " "
        elif (before, kind) == ("Ll", "Lu") or {before[0], kind[0]} in ({"L", "N"}, {"M", "N"}):
            pieces.append(" ")  # AmaDablam, IMG12
        pieces.append(character)
        before = kind
    return " ".join("".join(pieces).split())


def _walk(
    top: Path, listing: Listing, base: Path, exclusions: Exclusions | None
) -> Iterator[os.DirEntry[str]]:
    """Yield every file of a person under ``top``, those in real folders before those in linked ones."""
    seen: set[tuple[int, int]] = set()
    folders, links = [top], list[Path]()
    while folders or links:
        folder = folders.pop() if folders else links.pop(0)
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            name = printable_path(_relative(str(folder), base))
            listing.skipped.append(Skipped(name, f"the folder cannot be read ({error.strerror})"))
            continue
        for entry in entries:
            is_folder = _is_folder(entry)
            kind = passed_over_kind(entry.name, folder.name, is_folder=is_folder)
            if kind is None and exclusions is not None:
                kind = exclusions.find(_relative(entry.path, base), is_folder=is_folder)
            if kind is not None:
                listing.passed_over[kind] += 1
            elif not is_folder:
                yield entry
            else:
                (links if entry.is_symlink() else folders).append(Path(entry.path))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _photo_file(entry: os.DirEntry[str], base: Path, library: str) -> PhotoFile:
    relative = _relative(entry.path, base)
    try:
        status = entry.stat()
        size, modified = status.st_size, status.st_mtime_ns // 1_000_000
    except OSError:  # a link to nothing; `recognize` says so
        size, modified = 0, 0
    identifier = document_id(library, relative)
    return PhotoFile(Path(entry.path), printable_path(relative), identifier, size, modified)


def _relative(path: str, base: Path) -> str:
    return os.path.relpath(path, base).replace(os.sep, "/")
