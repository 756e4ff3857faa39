"""Photos into the index: files are settled by the folder's listing, or else by the pipeline.

A file whose name, size and time are those in the index is not opened. `loader.photos.pipeline` reads each
other file once. After an interrupted run, the next one finds the written photos unchanged and loads the rest.
The check of an unchanged library takes about as long as Python's start, so this module imports no decoder, no
numpy and no torch.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from elasticsearch import Elasticsearch

from loader.batches import Advance, batched
from loader.elastic.bulk import delete_documents, write_documents
from loader.elastic.indices import PHOTOS, refresh
from loader.elastic.photo_index import StoredPhoto, read_stored_photos
from loader.errors import PeaksError
from loader.files.content import hash_file
from loader.files.library import Listing, PhotoFile
from loader.files.location import strictest
from loader.photos.comparison import Comparison
from loader.photos.library_root import refuse_other_root, rerooted, settle_root
from loader.photos.report import Outcome, PhotoReport, explain_no_photo
from loader.photos.settings import Settings
from loader.text import format_count

if TYPE_CHECKING:  # numpy and Pillow: an unchanged library needs neither
    from loader.photos.photo_model import PhotoModel

REMOVAL_SIZE, REROOTED_SIZE = 500, 500  # documents deleted, and given a new root, at a time


class PhotoLoad:
    """One load of one library.

    Args:
        client: of the cluster.
        listing: the library's files.
        settings: how.
        report: counts outcomes; it is complete when `run` ends, also after an error.
    """

    def __init__(
        self, client: Elasticsearch, listing: Listing, settings: Settings, report: PhotoReport
    ) -> None:
        self.report, self._start = report, time.monotonic()
        stored = read_stored_photos(client)
        before = (photo.location for photo in stored.values() if photo.library == settings.library)
        report.location = settings.location or strictest(before)
        settings = replace(settings, location=report.location)
        self._client, self._listing, self._settings = client, listing, settings
        report.moved_from = settle_root(client, listing, stored, settings)
        self._rerooted = rerooted(stored, settings)
        self._comparison = Comparison(listing, stored | self._rerooted, settings)
        self.files = len(self._comparison.candidates) + len(self._comparison.unchanged)
        report.skipped += listing.skipped
        report.passed_over = dict(listing.passed_over)
        report.unchanged = len(self._comparison.unchanged)
        self._close()

    def run(self, open_model: Callable[[], PhotoModel], advance: Advance) -> None:
        """Load what must be loaded.

        Args:
            open_model: called when a file must be decoded.
            advance: called with how many more files are done.
        """
        advance(len(self._comparison.unchanged))
        try:
            self._write_root()
            self._settle_first(advance)
            if self._comparison.candidates:
                self._load(open_model, advance)
            self._write_time()
        finally:
            self._close()

    def estimate(self) -> None:
        """Count what `run` would do, and write nothing. Files whose content may be known are read."""
        self.report.is_dry_run = True
        try:
            for file in self._comparison.candidates:
                self.report.count(self._estimate(file))
        finally:
            self._close()

    @property
    def finds_library(self) -> bool:
        """Whether a photo that the index held has a file: without one, its disk may not be connected."""
        return self._comparison.has_files or self.report.moved > 0

    def prune(self) -> None:
        """Delete the photos whose file is missing; a photo whose file has come back stays."""
        comparison = self._comparison
        missing = (photo.id for photo in comparison.missing.values() if comparison.is_removable(photo))
        for ids in batched(missing, REMOVAL_SIZE):
            self.report.removed += delete_documents(self._client, PHOTOS, ids)
        refresh(self._client, PHOTOS)

    def _write_root(self) -> None:
        """Write the new root of a library that has moved."""
        for ids in batched(self._rerooted, REROOTED_SIZE):
            root = {identifier: {"library_root": self._settings.root_text} for identifier in ids}
            if refused := write_documents(self._client, PHOTOS, root, merge=True).rejected:
                raise PeaksError(
                    f"Elasticsearch refused the new root of {format_count(len(refused), 'photo')} "
                    f"({refused[0].reason}): mend that, and run the same command again."
                )
        if self._rerooted:
            refresh(self._client, PHOTOS)

    def _write_time(self) -> None:
        """Write when the library was loaded into one of its photos, where the load has written none."""
        unchanged = self._comparison.unchanged
        if unchanged and not self.report.written:
            time_alone = {unchanged[0].id: self._settings.origin}
            write_documents(self._client, PHOTOS, time_alone, merge=True)
            refresh(self._client, PHOTOS)

    def _settle_first(self, advance: Advance) -> None:
        """Count the files before the first photo. If all others are videos, nothing must be imported."""
        candidates = self._comparison.candidates
        while candidates and (outcome := explain_no_photo(candidates[0])):
            self.report.count(outcome)
            advance(1)
            candidates.pop(0)

    def _load(self, open_model: Callable[[], PhotoModel], advance: Advance) -> None:
        from loader.photos.pipeline import PhotoPipeline  # numpy, Pillow, pebble: see above

        pipeline = PhotoPipeline(self._client, self._settings, self._comparison, open_model)
        try:
            for outcome in pipeline.run():
                self.report.count(outcome)
                advance(1)
        finally:
            if encoder := pipeline.encoder:
                self.report.precision, self.report.agreement = encoder.precision, encoder.agreement
        refresh(self._client, PHOTOS)
        refuse_other_root(self._client, self._settings)

    def _estimate(self, file: PhotoFile) -> Outcome:
        comparison = self._comparison
        if outcome := explain_no_photo(file):
            return outcome
        source = None if self._settings.reload else self._find_source(file)
        if source and source.id == file.id:
            return Outcome("unchanged", file.name)
        if source is None:
            return Outcome("updated" if file.id in comparison.stored.photos else "created", file.name)
        if comparison.gives_way(source):
            comparison.move(source, file)
            return Outcome("moved", file.name)
        return Outcome("copied", file.name)

    def _find_source(self, file: PhotoFile) -> StoredPhoto | None:
        """The stored photo with a file's content; None: there is none, or the file cannot be read."""
        hashes = self._comparison.stored.hashes(file.size)
        with suppress(PeaksError):
            if hashes and (key := file.content_key(hash_file(file.path))) in hashes:
                return self._comparison.find_source(file, key)
        return None

    def _close(self) -> None:
        report, comparison = self.report, self._comparison
        missing = {photo.path: photo for photo in comparison.missing.values()}
        report.missing = sorted(path for path, photo in missing.items() if comparison.is_removable(photo))
        report.out_of_reach = sorted(missing.keys() - set(report.missing))
        files = self.files + len(self._listing.skipped) + self._listing.passed_over.total()
        report.close(files, time.monotonic() - self._start)
