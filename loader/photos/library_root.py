"""The root of a library: no two libraries hold the same file, and no library has two roots."""
from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from shlex import quote

from elasticsearch import Elasticsearch

from loader.elastic.photo_index import StoredPhoto, find_other_root, read_documents
from loader.errors import PeaksError
from loader.files.library import Listing, PhotoFile, library_name
from loader.files.paths import is_missing, join_path, real_path
from loader.photos.settings import WHOLE, Settings
from loader.text import format_count, list_words

Stored = Mapping[str, StoredPhoto]

# If this share of the files whose names a library has are of other sizes, they may be others; of so many the
# times are read.
SHARE_REPLACED, REPLACED_READ = 0.9, 10


def settle_root(client: Elasticsearch, listing: Listing, stored: Stored, settings: Settings) -> str | None:
    """Refuse a folder that is not the library's, and return the root that the library had, if it moved.

    Args:
        client: of the cluster.
        listing: the library's files.
        stored: every photo of the index, by id.
        settings: the library's name and root, and whether it moved there.

    Raises:
        PeaksError: the library has another root, another library holds the folder, or it has not moved.
    """
    _refuse_shared_files(listing, stored, settings)
    own = [photo for photo in stored.values() if photo.library == settings.library]
    if settings.is_unnamed and not own:
        _refuse_moved(listing, stored, settings)
    roots = {photo.root for photo in own if photo.root is not None} - {settings.root_text}
    if settings.moved and not own:
        raise PeaksError(
            f"The index has no library {settings.library!r} that could have moved: name the one that moved "
            "with --library (`peaks libraries` lists them)."
        )
    if roots and not settings.moved:
        raise PeaksError(_describe_root(min(roots), settings))
    if roots:
        _refuse_half_moved(own, settings)
    if not settings.reload:
        _refuse_replaced(client, listing, own, settings)
    return min(roots, default=None)


def rerooted(stored: Stored, settings: Settings) -> dict[str, StoredPhoto]:
    """The photos of the library that are stored with another root, with the right one, by id."""
    return {
        identifier: replace(photo, root=settings.root_text)
        for identifier, photo in stored.items()
        if photo.library == settings.library and photo.root not in (None, settings.root_text)
    }


def refuse_other_root(client: Elasticsearch, settings: Settings) -> None:
    """Refuse to go on when another load has begun the library with another root meanwhile."""
    if other := find_other_root(client, settings.library, settings.root_text):
        name = quote(settings.library)
        raise PeaksError(
            f"Another load puts photos of {other} into the library {settings.library!r} too: remove both "
            f"with `peaks forget {name}`, and load each under a name of its own (--library)."
        )


def _refuse_shared_files(listing: Listing, stored: Stored, settings: Settings) -> None:
    """Refuse to load a file that another library holds: it would be found twice.

    Two disks that are mounted at one place, one after the other, share no file. A folder inside of a library
    that shares none is a library of its own only if a person names it.
    """
    others = {
        (join_path(photo.root, photo.path), photo.size, photo.modified): photo
        for photo in stored.values()
        if photo.root is not None and photo.library != settings.library
    }
    here = (
        others.get((join_path(settings.root_text, file.name), file.size, file.modified))
        for file in (listing.files if others else ())
    )
    if shared := sorted({(str(photo.root), str(photo.library)) for photo in here if photo is not None}):
        raise PeaksError(_describe_overlap(settings, listing.prefix, shared))
    if settings.is_unnamed and not _is_stored(stored, settings):
        for library, root in {(str(photo.library), str(photo.root)) for photo in others.values()}:
            if real_path(root) in settings.root.parents:
                named = "name it with --library NAME"
                raise PeaksError(_describe_part(settings.root_text, library, root, named))


def _refuse_moved(listing: Listing, stored: Stored, settings: Settings) -> None:
    """Refuse the files of a library whose own folder is away: its photos would be in the index twice."""
    here = {(file.name, file.size) for file in listing.files}
    libraries: dict[tuple[str, str], list[bool]] = {}
    for photo in stored.values():
        if photo.root is not None:
            is_here = (photo.path, photo.size) in here
            libraries.setdefault((str(photo.library), photo.root), []).append(is_here)
    for (library, root), found in libraries.items():
        if 2 * sum(found) >= len(found) and is_missing(real_path(root)):
            raise PeaksError(
                f"The library {library!r} was loaded from {root}, which is not there now, and "
                f"{settings.root_text} holds its files: if the folder moved there, add --library "
                f"{quote(library)} --moved; if this is a copy, name it with --library NAME."
            )


def _is_stored(stored: Stored, settings: Settings) -> bool:
    """Whether the index holds this library with this root."""
    return any((photo.library, photo.root) == (settings.library, settings.root_text)
               for photo in stored.values())


def _describe_root(before: str, settings: Settings) -> str:
    """Say what can be done with a folder that is not the one from which its library was loaded."""
    parts = "" if settings.part == WHOLE else "all machines that load parts of it must mount it at one path; "
    return (
        f"The library {settings.library!r} was loaded from {before}, and this is "
        f"{settings.root_text}: {parts}if the folder moved there, add --moved; if it is another one, name it "
        f"with --library NAME, or `peaks forget {quote(settings.library)}` first."
    )


def _describe_part(root: str, library: str, other: str, alternative: str) -> str:
    name = "" if library == library_name(Path(other)) else f" --library {quote(library)}"
    option = f"--library-root {quote(other)}{name}"
    return f"{root} is a part of the library {library!r}: load it as that with {option}, or {alternative}."


def _describe_overlap(settings: Settings, prefix: str, shared: Sequence[tuple[str, str]]) -> str:
    """Say how to load a folder that holds files of other libraries.

    Args:
        settings: of the load.
        prefix: the folder's path from the root, with a ``/`` at its end; "" for the root itself.
        shared: the roots and names of those libraries.
    """
    root = settings.root_text
    folder = join_path(root, prefix.rstrip("/")) if prefix else root
    for other, library in shared:
        forget = f"`peaks forget {quote(library)}` first"
        if folder == other:
            if settings.moved:
                return (f"{folder} was loaded as the library {library!r} already: run `peaks forget "
                        f"{quote(library)}`, which touches no file, and then this command again.")
            whole = " and without --library-root" if prefix else ""
            name = f"--library {quote(library)}{whole}"
            return f"{folder} is the library {library!r} already: load it with {name}, or {forget}."
        if Path(folder).is_relative_to(other):
            return _describe_part(folder, library, other, forget)
    inside = [os.path.relpath(other, root) for other, _ in shared]
    nouns, those = ("libraries", "them") if len(shared) > 1 else ("library", "that")
    held = list_words([f"{library!r} in {place}" for place, (_, library) in zip(inside, shared, strict=True)])
    options = " ".join(f"--exclude {quote(f'/{place}/')}" for place in inside)
    forget = list_words([f"`peaks forget {quote(library)}`" for _, library in shared])
    return f"{root} holds the {nouns} {held}: leave {those} out with {options}, or {forget} first."


def _refuse_replaced(
    client: Elasticsearch, listing: Listing, own: Iterable[StoredPhoto], settings: Settings
) -> None:
    """Refuse a folder in which other files have the names of the library's: another card in its place.

    Photos that were all edited are told by the times when they were taken; without those a person says so.
    """
    sizes = {photo.id: photo.size for photo in own if photo.size is not None}
    found = [file for file in listing.files if file.id in sizes]
    others = [file for file in found if file.size != sizes[file.id]]
    if not others or len(others) < SHARE_REPLACED * len(found) or _is_edited(client, others):
        return
    raise PeaksError(
        f"{settings.root_text} has other content under the names of {format_count(len(others), 'photo')} of "
        f"the library {settings.library!r}: if they were edited, add --reload; "
        "if this is another card or folder, name it with --library NAME."
    )


def _is_edited(client: Elasticsearch, files: Sequence[PhotoFile]) -> bool:
    """Whether one of the first files was taken when the photo was that the index holds under its name."""
    from loader.peaks.sight.photo import read_photo_camera  # Pillow: not for an unchanged library

    held = read_documents(client, [file.id for file in files[:REPLACED_READ]])
    for file in files[:REPLACED_READ]:
        with suppress(PeaksError):
            taken = read_photo_camera(str(file.path)).fields.get("shot_time_local")
            if taken is not None and taken == held.get(file.id, {}).get("shot_time_local"):
                return True
    return False


def _refuse_half_moved(own: Iterable[StoredPhoto], settings: Settings) -> None:
    """Refuse a move that would lose sight of files that have stayed where they were."""
    stayed = [
        str(photo.root)
        for photo in own
        if photo.root not in (None, settings.root_text) and _has_stayed(photo, settings.root)
    ]
    if stayed:
        raise PeaksError(
            f"{format_count(len(stayed), 'photo')} of the library {settings.library!r} stayed in "
            f"{list_words(sorted(set(stayed)))} and cannot be found in {settings.root_text}: move the whole "
            "folder, or name this one with --library NAME."
        )


def _has_stayed(photo: StoredPhoto, root: Path) -> bool:
    """Whether a photo's own file is at the old root only; another disk may be mounted there by now."""
    name = real_path(photo.path)
    before = real_path(str(photo.root)) / name
    if before.is_relative_to(root) or not is_missing(root / name) or is_missing(before):
        return False
    try:
        return before.stat().st_size == photo.size
    except OSError:
        return True
