"""Photos into the index: what a library's listing tells, and what is left for the pipeline.

What can be told from a folder's listing is told without opening a file; each other file is read once, by
`loader.photos.pipeline`. A run that is broken off continues where it stopped: what is written is unchanged
the next time. An unchanged library is recognised in about the time that Python needs to start, so nothing
that decodes or computes is imported here.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from elasticsearch import Elasticsearch

from loader.batches import Advance, batched
from loader.elastic.photo_index import StoredPhoto, delete_photos, read_stored_photos, refresh_photos
from loader.errors import PeaksError
from loader.files.library import Listing, PhotoFile, Skipped, hash_file, recognize
from loader.photos.comparison import StoredContents, compare, explain_conflict
from loader.photos.dead_letters import DeadLetters
from loader.photos.report import PhotoReport
from loader.photos.settings import PhotoModel, Settings

if TYPE_CHECKING:
    from loader.photos.pipeline import PhotoPipeline

REMOVAL_SIZE = 500  # documents deleted at a time


class PhotoLoad:
    """One load of one library.

    Args:
        client: of the cluster.
        listing: the library's files.
        settings: how.
        fingerprint: of the checkpoint whose vectors the index holds.
        report: counts, and is complete whenever `run` is left, by whatever way.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        client: Elasticsearch,
        listing: Listing,
        settings: Settings,
        fingerprint: str,
        report: PhotoReport,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client, self._listing, self._settings = client, listing, settings
        self._fingerprint, self.report = fingerprint, report
        self._clock, self._start = clock, clock()
        self._stored = StoredContents(read_stored_photos(client))
        self._comparison = compare(
            listing,
            self._stored.photos,
            settings.library,
            part=settings.part,
            trust_times=not settings.opens_all,
        )
        self.files = len(self._comparison.candidates) + self._comparison.unchanged
        report.skipped += listing.skipped
        report.passed_over = listing.hidden
        report.unchanged = self._comparison.unchanged
        self._closes()

    @property
    def gone(self) -> dict[str, StoredPhoto]:
        """Photos of this library and share that have no file any more, by id."""
        part = self._settings.part
        return {key: photo for key, photo in self._comparison.gone.items() if part.holds(key)}

    def run(
        self, open_model: Callable[[], PhotoModel], dead_letters: DeadLetters, advance: Advance
    ) -> None:
        """Load what must be loaded.

        Args:
            open_model: called when a file must be opened.
            dead_letters: where documents go that Elasticsearch refuses.
            advance: told how many more files are done.
        """
        advance(self._comparison.unchanged)
        try:
            if self._comparison.candidates or self._comparison.adopted:
                self._pipeline(advance).run(open_model, dead_letters)
        finally:
            self.report.dead_letters = None if dead_letters.path is None else str(dead_letters.path)
            self._closes()

    def foresee(self) -> None:
        """Count what `run` would do, and write nothing. Files whose content may be known are read."""
        self.report.is_dry_run = True
        try:
            for file in self._comparison.candidates:
                self._foresee_file(file)
        finally:
            self._closes()

    def prune(self) -> None:
        """Delete the photos that have no file any more; one that has come back meanwhile stays."""
        gone = [photo for photo in self.gone.values() if not photo.has_file(self._settings.root)]
        for some in batched(gone, REMOVAL_SIZE):
            self.report.removed += delete_photos(self._client, [photo.id for photo in some])
        refresh_photos(self._client)

    def _pipeline(self, advance: Advance) -> PhotoPipeline:
        from loader.photos.pipeline import PhotoPipeline  # decoders: see above

        return PhotoPipeline(
            self._client,
            self._settings,
            self._stored,
            self._comparison,
            self._fingerprint,
            self.report,
            advance,
        )

    def _foresee_file(self, file: PhotoFile) -> None:
        found = recognize(file)
        if found is None:
            self.report.passed_over += 1
        elif isinstance(found, Skipped):
            self.report.skipped.append(found)
        else:
            self._foresee_photo(file)

    def _foresee_photo(self, file: PhotoFile) -> None:
        ids = [] if self._settings.reload else self._known_ids(file)
        if file.id in ids:
            self.report.unchanged += 1
        elif gone := next((identifier for identifier in ids if identifier in self._comparison.gone), None):
            del self._comparison.gone[gone]
            self.report.moved += 1
        elif ids:
            self.report.copied += 1
        elif file.id not in self._stored.photos:
            self.report.created += 1
        elif self._stored.photos[file.id].library in (None, self._settings.library):
            self.report.updated += 1
        else:
            self.report.skipped.append(Skipped(file.name, explain_conflict(self._stored.photos[file.id])))

    def _known_ids(self, file: PhotoFile) -> list[str]:
        """Ids of the photos with a file's content; none when it cannot be read (decoding then says why)."""
        with suppress(PeaksError):
            if self._stored.hashes(file.size):
                return self._stored.ids(hash_file(file.path))
        return []

    def _closes(self) -> None:
        self.report.gone = sorted(photo.path for photo in self.gone.values())
        files = self.files + len(self._listing.skipped) + self._listing.hidden
        self.report.close(files, self._clock() - self._start)
