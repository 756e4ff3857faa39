"""Files that must be opened: `recognize -> decode -> embed -> identify -> write`, a chain of generators.

    worker processes ──decoded──▶ embedding thread ──vectors──▶ caller's thread, which identifies and writes

Each stage passes outcomes on unchanged. The number of files that are decoded ahead is bounded, and so is the
number of photos that are embedded and not yet written: after a kill, at most one batch is embedded again.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from elasticsearch import Elasticsearch

from loader.files.library import PhotoFile, Skipped
from loader.files.location import Location, withhold_place
from loader.files.photo import Known, Photo
from loader.peaks.confirmed import read_words
from loader.photos.comparison import Comparison
from loader.photos.decoding import Decoded, DecodingPool, Task, usable_cores
from loader.photos.embedding import Embedded, RunAhead, embed
from loader.photos.photo_model import Encoder, PhotoModel
from loader.photos.report import Outcome, explain_no_photo
from loader.photos.settings import Settings
from loader.photos.writing import Identified, PhotoWriter, identify

CHUNKS_A_BATCH = 2  # one is embedded while the other is written
DECODED_BATCHES = 2  # that are decoded ahead of the model


class PhotoPipeline:
    """The chain of stages for one load.

    Args:
        client: of the cluster.
        settings: how to load.
        comparison: of the library with the index; kept up to date.
        open_model: called once, before the first photo is decoded.

    Attributes:
        encoder: what embeds; None until a photo is decoded.
    """

    def __init__(
        self,
        client: Elasticsearch,
        settings: Settings,
        comparison: Comparison,
        open_model: Callable[[], PhotoModel],
    ) -> None:
        self._client, self._settings, self._comparison = client, settings, comparison
        self._writer = PhotoWriter(client, comparison, settings)
        self._model = cache(open_model)
        self.encoder: Encoder | None = None

    def run(self) -> Iterator[Outcome]:
        """Load what must be loaded, and yield what became of each file."""
        yield from self._load(self._comparison.candidates, reload=self._settings.reload)
        if self._writer.lost:  # another load has moved or removed their content meanwhile
            yield from self._load(self._writer.lost, reload=True)

    def _load(self, files: Sequence[PhotoFile], *, reload: bool) -> Iterator[Outcome]:
        batch = self._settings.batch_size
        chunk = max(1, batch // CHUNKS_A_BATCH)
        pool = DecodingPool(max(1, min(self._settings.workers or usable_cores(), len(files))))
        decoded = settle_decoded(
            pool.decode(self._recognize(files, reload), DECODED_BATCHES * batch), self._settings.location
        )
        vectors: Iterator[Embedded | Known | Outcome] = embed(decoded, self._make_encoder, chunk)
        embedded = RunAhead(vectors, batch // chunk)
        with embedded, pool:  # the pool is left first, which ends a thread that waits for a file
            identified: Iterator[Identified | Known | Outcome] = identify(
                embedded, lambda: self._model().open_field_filler(), self._settings.origin, self._read_words
            )
            yield from self._writer.write(identified)

    def _make_encoder(self) -> Encoder:
        self.encoder = self._model().make_encoder()
        return self.encoder

    def _read_words(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """What persons said of those of the photos that the index holds."""
        held = [identifier for identifier in ids if identifier in self._comparison.stored.photos]
        return read_words(self._client, held)

    def _recognize(self, files: Sequence[PhotoFile], reload: bool) -> Iterator[Task | Outcome]:
        """Yield the files to decode, and the outcomes of files that are no photos."""
        for file in files:
            if outcome := explain_no_photo(file):
                yield outcome
            else:
                known = frozenset[str]() if reload else self._comparison.stored.hashes(file.size)
                yield Task(file, self._model().input, self._settings.zone, known)


def settle_decoded(
    decoded: Iterable[Decoded | Outcome], location: Location | None
) -> Iterator[Photo | Known | Outcome]:
    """Turn each file that cannot be read into its outcome; leave out of photos what a person withholds."""
    for each in decoded:
        if isinstance(each, Skipped):
            yield Outcome("skipped", each.name, each.reason)
        elif isinstance(each, Photo):
            yield replace(each, fields=withhold_place(each.fields, location or "exact"))
        else:
            yield each
