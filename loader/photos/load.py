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
from typing import TYPE_CHECKING

from elasticsearch import Elasticsearch

from loader.batches import Advance, batched
from loader.elastic.bulk import delete_documents
from loader.elastic.indices import PHOTOS, refresh
from loader.elastic.photo_index import StoredPhoto, read_stored_photos
from loader.errors import PeaksError
from loader.files.content import hash_file
from loader.files.library import Listing, PhotoFile
from loader.photos.comparison import Comparison
from loader.photos.report import Outcome, PhotoReport, explain_no_photo
from loader.photos.settings import Settings

if TYPE_CHECKING:  # numpy and Pillow: an unchanged library needs neither
    from loader.photos.photo_model import PhotoModel

REMOVAL_SIZE = 500  # documents deleted at a time


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
        self._client, self._listing, self._settings = client, listing, settings
        self.report, self._start = report, time.monotonic()
        self._comparison = Comparison(listing, read_stored_photos(client), settings)
        opened = len(self._comparison.candidates) + len(self._comparison.renamed)
        self.files = opened + self._comparison.unchanged
        report.skipped += listing.skipped
        report.passed_over = listing.hidden
        report.unchanged = self._comparison.unchanged
        self._close()

    def run(self, open_model: Callable[[], PhotoModel], advance: Advance) -> None:
        """Load what must be loaded.

        Args:
            open_model: called when a file must be decoded.
            advance: called with how many more files are done.
        """
        advance(self._comparison.unchanged)
        try:
            self._settle_first(advance)
            if self._comparison.candidates or self._comparison.renamed:
                self._load(open_model, advance)
        finally:
            self._close()

    def estimate(self) -> None:
        """Count what `run` would do, and write nothing. Files whose content may be known are read."""
        self.report.is_dry_run = True
        try:
            for file in self._comparison.renamed:
                self.report.count(Outcome("unchanged", file.name))
            for file in self._comparison.candidates:
                self.report.count(self._estimate(file))
        finally:
            self._close()

    def prune(self) -> None:
        """Delete the photos whose file is missing; a photo whose file has come back stays."""
        comparison = self._comparison
        missing = (photo.id for photo in comparison.missing.values() if comparison.is_missing(photo))
        for ids in batched(missing, REMOVAL_SIZE):
            self.report.removed += delete_documents(self._client, PHOTOS, ids)
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

    def _estimate(self, file: PhotoFile) -> Outcome:
        comparison = self._comparison
        if outcome := explain_no_photo(file):
            return outcome
        source = None if self._settings.reload else self._find_source(file)
        if source and source.id == file.id:
            return Outcome("unchanged", file.name)
        if why := comparison.explain_conflict(file.id):
            return Outcome("skipped", file.name, why)
        if source is None:
            return Outcome("updated" if file.id in comparison.stored.photos else "created", file.name)
        if comparison.is_missing(source):
            comparison.move(source, file)
            return Outcome("moved", file.name)
        return Outcome("copied", file.name)

    def _find_source(self, file: PhotoFile) -> StoredPhoto | None:
        """The stored photo with a file's content; None: there is none, or the file cannot be read."""
        hashes = self._comparison.stored.hashes(file.size)
        with suppress(PeaksError):
            if hashes and (content_hash := hash_file(file.path)) in hashes:
                return self._comparison.find_source(file, content_hash)
        return None

    def _close(self) -> None:
        report = self.report
        report.missing = sorted(photo.path for photo in self._comparison.missing.values())
        files = self.files + len(self._listing.skipped) + self._listing.hidden
        report.close(files, time.monotonic() - self._start)

