"""A library's files against what the index holds: which are unchanged, which must be read, which are missing.

A file is unchanged when its name, size and time of change are those in the index, and so are its sidecars';
it is then not read. Copying a library changes all times, so a file with another time is read and compared by
the SHA-256 of its bytes and of its sidecars'.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from loader.elastic.photo_index import StoredPhoto
from loader.files.library import Listing, PhotoFile, join_key
from loader.files.paths import is_missing, is_out_of_reach, real_path
from loader.photos.settings import Settings


class StoredPhotos:
    """The photos that the index holds, to be found by the size and the key of their content.

    Args:
        photos: by id.
        location: what a load writes of the place. Photos with more or less of it are not found by content.
    """

    def __init__(self, photos: Mapping[str, StoredPhoto], location: str = "exact") -> None:
        self.photos = dict(photos)
        self._hashes: dict[int, set[str]] = {}
        self._ids: dict[str, list[str]] = {}
        for photo in photos.values():
            if photo.location == location and photo.content_hash is not None and photo.size is not None:
                key = join_key(photo.content_hash, photo.sidecars_hash)
                self._hashes.setdefault(photo.size, set()).add(key)
                self._ids.setdefault(key, []).append(photo.id)

    def hashes(self, size: int) -> frozenset[str]:
        """Content keys of the stored files of this many bytes: only these can be a file of that size."""
        return frozenset(self._hashes.get(size, ()))

    def ids(self, content_key: str) -> list[str]:
        """Ids of the photos with this content and sidecars."""
        return self._ids.get(content_key, [])

    def move(self, old: StoredPhoto, file: PhotoFile, settings: Settings) -> None:
        """Store a photo under its new file."""
        assert old.content_hash is not None
        self.photos.pop(old.id)
        self.photos[file.id] = replace(
            old, id=file.id, path=file.name, library=settings.library, root=settings.root_text
        )
        ids = self._ids[join_key(old.content_hash, old.sidecars_hash)]
        ids[ids.index(old.id)] = file.id


def is_current(held: StoredPhoto, file: PhotoFile) -> bool:
    """Whether the index holds a file and its sidecars with the sizes and times of the listing."""
    now = file.size, file.modified, file.sidecar_state
    return now == (held.size, held.modified, held.sidecars)


class Comparison:
    """What is to be done with a library.

    A photo that an earlier version wrote has no root, and its id says nothing of its library. It gives way to
    the first file with its content, and is never taken for missing: whose file it was cannot be known.

    Args:
        listing: the library, or a part of it under one folder.
        stored: every photo of the index, by id.
        settings: the library's name and root, its share, and whether sizes and times are trusted.

    Attributes:
        stored: kept up to date while photos are moved.
        unchanged: files that the index holds as they are.
        candidates: files that must be opened: new files, changed files, and files that are no photos.
        has_files: whether a file of the library is there, of whatever share.
    """

    def __init__(self, listing: Listing, stored: Mapping[str, StoredPhoto], settings: Settings) -> None:
        # Another library's photos may have been read by another clock.
        own = (None, settings.library)
        known = {key: each for key, each in stored.items() if settings.zone is None or each.library in own}
        location = settings.location or "exact"
        self.stored, self._settings = StoredPhotos(known, location), settings
        self.unchanged: list[PhotoFile] = []
        self.candidates: list[PhotoFile] = []
        self.has_files = any(file.id in stored for file in listing.files)
        self._missing = _find_missing(listing, stored, settings)
        self._earlier = {
            photo.id
            for photo in stored.values()
            if photo.root is None and photo.library in (None, settings.library)
        }
        trusts_times = not (settings.reload or settings.checksum)
        for file in filter(lambda file: settings.part.holds(file.id), listing.files):
            held = stored.get(file.id)
            if trusts_times and held and held.location == location and is_current(held, file):
                self.unchanged.append(file)
            else:
                self.candidates.append(file)

    @property
    def missing(self) -> dict[str, StoredPhoto]:
        """Photos of this library and share that have no file, by id."""
        return {key: photo for key, photo in self._missing.items() if self._settings.part.holds(key)}

    def find_source(self, file: PhotoFile, content_key: str) -> StoredPhoto:
        """Return the stored photo with a file's content, of which there is one.

        The file's own before one that gives way to it, that of its path first, and that before any other.
        """
        photos = [self.stored.photos[each] for each in self.stored.ids(content_key)]
        return min(photos, key=lambda photo: (
            photo.id != file.id, not self._may_give_way(photo), photo.path != file.name,
        ))

    def gives_way(self, photo: StoredPhoto) -> bool:
        """Whether a photo is replaced by a file with its content; its own may have come since the listing."""
        if photo.id in self._earlier:
            return True
        return photo.id in self._missing and is_missing(self._path(photo))

    def is_removable(self, photo: StoredPhoto) -> bool:
        """Whether a photo's file is missing for good, as far as one can see."""
        path = self._path(photo)
        return is_missing(path) and not is_out_of_reach(path)

    def move(self, photo: StoredPhoto, file: PhotoFile) -> None:
        """Note that a photo has given way to a file."""
        self._missing.pop(photo.id, None)
        self._earlier.discard(photo.id)
        self.stored.move(photo, file, self._settings)

    def _may_give_way(self, photo: StoredPhoto) -> bool:
        return photo.id in self._missing or photo.id in self._earlier

    def _path(self, photo: StoredPhoto) -> Path:
        return self._settings.root / real_path(photo.path)


def _find_missing(
    listing: Listing, stored: Mapping[str, StoredPhoto], settings: Settings
) -> dict[str, StoredPhoto]:
    """Photos of this library without a file; what lies in a folder that cannot be read stays."""
    present = {file.id for file in listing.files}
    closed = tuple("" if folder.name == "." else f"{folder.name}/" for folder in listing.skipped)
    return {
        photo.id: photo
        for photo in stored.values()
        if (photo.library, photo.root) == (settings.library, settings.root_text)
        and photo.id not in present
        and photo.path.startswith(listing.prefix)
        and not photo.path.startswith(closed)
        and is_missing(settings.root / real_path(photo.path))  # not excluded, hidden or passed over
    }
