"""A library's files against what the index holds: which are unchanged, which must be read, which are gone.

Unchanged is a file whose name, size and time of change stand in the index; nothing of it is read then. The
time alone proves nothing (copying a library changes all of them), so a file with another time is read and
goes by the SHA-256 of its bytes.
"""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from loader.elastic.photo_index import StoredPhoto
from loader.files.library import Listing, PhotoFile


@dataclass(frozen=True)
class Part:
    """One of several machines' shares of a library: ``number`` of ``count``, from 1."""

    number: int
    count: int

    def holds(self, identifier: str) -> bool:
        """Whether a document falls to this share, by its id, which is a hash already."""
        return int(identifier[:8], 16) % self.count == self.number - 1


WHOLE = Part(1, 1)


@dataclass
class Comparison:
    """What is to be done with a library.

    Attributes:
        unchanged: files that the index holds as they are.
        adopted: of these, those that it holds under another library's name (a renamed folder).
        candidates: files that must be opened: new ones, changed ones, and what is no photo at all.
        gone: photos of this library that have no file any more, by id.
    """

    unchanged: int = 0
    adopted: list[PhotoFile] = field(default_factory=list)
    candidates: list[PhotoFile] = field(default_factory=list)
    gone: dict[str, StoredPhoto] = field(default_factory=dict)


class StoredContents:
    """The contents that the index holds, to be found by size and by hash.

    Args:
        photos: by id.
    """

    def __init__(self, photos: Mapping[str, StoredPhoto]) -> None:
        self.photos = dict(photos)
        self._hashes: dict[int, set[str]] = {}
        self._ids: dict[str, list[str]] = {}
        for photo in photos.values():
            if photo.content_hash is not None and photo.size is not None:
                self._hashes.setdefault(photo.size, set()).add(photo.content_hash)
                self._ids.setdefault(photo.content_hash, []).append(photo.id)

    def hashes(self, size: int) -> frozenset[str]:
        """Hashes of the stored files of this many bytes: only these can be a file of that size."""
        return frozenset(self._hashes.get(size, ()))

    def ids(self, content_hash: str) -> list[str]:
        """Ids of the photos with this content."""
        return self._ids.get(content_hash, [])

    def move(self, old: StoredPhoto, new: StoredPhoto) -> None:
        """Know a photo by its new id from now on."""
        assert old.content_hash is not None and old.content_hash == new.content_hash
        self.photos.pop(old.id)
        self.photos[new.id] = new
        ids = self._ids[old.content_hash]
        ids[ids.index(old.id)] = new.id


def compare(
    listing: Listing,
    stored: Mapping[str, StoredPhoto],
    library: str,
    *,
    part: Part = WHOLE,
    trust_times: bool = True,
) -> Comparison:
    """Sort the files of a listing.

    Args:
        listing: the library, or a part of it under one folder.
        stored: every photo of the index, by id.
        library: the library's name.
        part: the share of the files to look at.
        trust_times: False opens every file, whatever its size and time say.
    """
    result = Comparison(gone=_find_gone(listing, stored.values(), library))
    for file in listing.files:
        if not part.holds(file.id):
            continue
        held = stored.get(file.id)
        if not trust_times or held is None or not is_unchanged(file, held):
            result.candidates.append(file)
            continue
        result.unchanged += 1
        if held.library != library:
            result.adopted.append(file)
    return result


def is_unchanged(file: PhotoFile, held: StoredPhoto) -> bool:
    """Whether a file has the size and time that the index holds for it."""
    return (file.size, file.modified) == (held.size, held.modified)


def explain_conflict(held: StoredPhoto) -> str:
    """Say why a photo does not replace the one that has its path."""
    return (
        f"the index holds another picture under this path, of the library '{held.library}': if this is that "
        f"library, say so with --library '{held.library}'; if not, load both with a --library-root above them"
    )


def _find_gone(listing: Listing, stored: Iterable[StoredPhoto], library: str) -> dict[str, StoredPhoto]:
    """Photos of this library without a file; what may lie in a folder that cannot be read stays."""
    present = {file.id for file in listing.files}
    closed = tuple("" if folder.name == "." else f"{folder.name}/" for folder in listing.skipped)
    return {
        photo.id: photo
        for photo in stored
        if photo.library == library
        and photo.id not in present
        and photo.path.startswith(listing.prefix)
        and not photo.path.startswith(closed)
    }
