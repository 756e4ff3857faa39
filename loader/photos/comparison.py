"""A library's files against what the index holds: which are unchanged, which must be read, which are missing.

A file is unchanged when its name, size and time of change are those in the index; it is then not read.
Copying a library changes all times, so a file with another time is read and compared by the SHA-256 of its
bytes.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from loader.elastic.photo_index import StoredPhoto
from loader.files.library import Listing, PhotoFile
from loader.photos.settings import Settings


class StoredPhotos:
    """The photos that the index holds, to be found by the size and the hash of their files.

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

    def move(self, old: StoredPhoto, file: PhotoFile, library: str) -> None:
        """Store a photo under its new file."""
        assert old.content_hash is not None
        self.photos.pop(old.id)
        self.photos[file.id] = replace(old, id=file.id, path=file.name, library=library)
        ids = self._ids[old.content_hash]
        ids[ids.index(old.id)] = file.id


class Comparison:
    """What is to be done with a library.

    Args:
        listing: the library, or a part of it under one folder.
        stored: every photo of the index, by id.
        settings: the library's name, its share, and whether sizes and times are trusted.

    Attributes:
        stored: kept up to date while photos are moved.
        unchanged: files that the index holds as they are.
        renamed: files that it holds as they are, but under another library's name (a renamed folder).
        candidates: files that must be opened: new files, changed files, and files that are no photos.
        missing: photos of this library and share that have no file any more, by id.
    """

    def __init__(self, listing: Listing, stored: Mapping[str, StoredPhoto], settings: Settings) -> None:
        self.stored = StoredPhotos(stored)
        self.library, self._root = settings.library, settings.root
        self.unchanged = 0
        self.renamed: list[PhotoFile] = []
        self.candidates: list[PhotoFile] = []
        self._missing = _find_missing(listing, stored, settings.library)
        self._part = settings.part
        trusts_times = not (settings.reload or settings.checksum)
        for file in filter(lambda file: settings.part.holds(file.id), listing.files):
            held = stored.get(file.id)
            if not trusts_times or held is None or (file.size, file.modified) != (held.size, held.modified):
                self.candidates.append(file)
            elif held.library != settings.library:
                self.renamed.append(file)
            else:
                self.unchanged += 1

    @property
    def missing(self) -> dict[str, StoredPhoto]:
        return {key: photo for key, photo in self._missing.items() if self._part.holds(key)}

    def find_source(self, file: PhotoFile, content_hash: str) -> StoredPhoto:
        """Return the stored photo with a file's content, of which there is one.

        The file's own before a missing one, and that before one that is still there.
        """
        ids = self.stored.ids(content_hash)
        chosen = min(ids, key=lambda each: (each != file.id, each not in self._missing))
        return self.stored.photos[chosen]

    def is_missing(self, photo: StoredPhoto) -> bool:
        """Whether a photo has no file, also now: one may have come since the library was listed."""
        return photo.id in self._missing and not photo.has_file(self._root)

    def move(self, photo: StoredPhoto, file: PhotoFile) -> None:
        """Note that a missing photo has been found again."""
        del self._missing[photo.id]
        self.stored.move(photo, file, self.library)

    def explain_conflict(self, identifier: str) -> str | None:
        """Say why a photo must not replace the one that has its path; None: it may."""
        held = self.stored.photos.get(identifier)
        if held is None or held.library in (None, self.library):
            return None
        return (
            f"the index holds another picture under this path, of the library '{held.library}': if this is "
            f"that library, say so with --library '{held.library}'; if not, load both with a --library-root "
            "above them"
        )


def _find_missing(
    listing: Listing, stored: Mapping[str, StoredPhoto], library: str
) -> dict[str, StoredPhoto]:
    """Photos of this library without a file; what may lie in a folder that cannot be read stays."""
    present = {file.id for file in listing.files}
    closed = tuple("" if folder.name == "." else f"{folder.name}/" for folder in listing.skipped)
    return {
        photo.id: photo
        for photo in stored.values()
        if photo.library == library
        and photo.id not in present
        and photo.path.startswith(listing.prefix)
        and not photo.path.startswith(closed)
    }
