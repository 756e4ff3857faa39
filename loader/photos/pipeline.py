"""Files that must be opened: `recognize -> decode -> embed -> identify -> write`, a chain of generators.

    worker processes ──decoded──▶ embedding thread ──vectors──▶ caller's thread, which identifies and writes

Each stage passes outcomes on unchanged. The number of files that are decoded ahead is bounded, and so is the
number of photos that are embedded and not yet written: after a kill, at most one batch is embedded again.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from elasticsearch import Elasticsearch

from loader.files.library import Skipped
from loader.files.photo import Known, Photo
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
        self._settings, self._comparison = settings, comparison
        self._writer = PhotoWriter(client, comparison)
        self._model = cache(open_model)
        self.encoder: Encoder | None = None

    def run(self) -> Iterator[Outcome]:
        """Load what must be loaded, and yield what became of each file."""
        yield from self._writer.write_states(self._comparison.renamed)
        batch, files = self._settings.batch_size, len(self._comparison.candidates)
        chunk = max(1, batch // CHUNKS_A_BATCH)
        pool = DecodingPool(max(1, min(self._settings.workers or usable_cores(), files)))
        decoded = self._screen(pool.decode(self._recognize(), DECODED_BATCHES * batch))
        vectors: Iterator[Embedded | Known | Outcome] = embed(decoded, self._make_encoder, chunk)
        embedded = RunAhead(vectors, batch // chunk)
        with embedded, pool:  # the pool is left first, which ends a thread that waits for a file
            identified: Iterator[Identified | Known | Outcome] = identify(
                embedded, lambda: self._model().open_field_filler(), self._settings.library
            )
            yield from self._writer.write(identified)

    def _make_encoder(self) -> Encoder:
        self.encoder = self._model().make_encoder()
        return self.encoder

    def _recognize(self) -> Iterator[Task | Outcome]:
        """Yield the files to decode, and the outcomes of files that are no photos."""
        settings, stored = self._settings, self._comparison.stored
        for file in self._comparison.candidates:
            if outcome := explain_no_photo(file):
                yield outcome
            else:
                known = frozenset[str]() if settings.reload else stored.hashes(file.size)
                yield Task(file, self._model().input, settings.zone, known)

    def _screen(self, decoded: Iterable[Decoded | Outcome]) -> Iterator[Photo | Known | Outcome]:
        """Skip a photo that would replace the photo of another library under the same path."""
        for each in decoded:
            if isinstance(each, Skipped):
                yield Outcome("skipped", each.name, each.reason)
            elif isinstance(each, Photo) and (why := self._comparison.explain_conflict(each.id)):
                yield Outcome("skipped", each.name, why)
            else:
                yield each
