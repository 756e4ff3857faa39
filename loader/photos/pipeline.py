"""Files that must be opened, through all stages: recognise, decode, embed, identify, write."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain

from elasticsearch import Elasticsearch

from loader.batches import Advance, batched
from loader.elastic.photo_index import read_states, refresh_photos
from loader.files.library import PhotoFile, Skipped, recognize
from loader.files.photo import Known, Photo
from loader.photos.comparison import Comparison, StoredContents, explain_conflict, is_unchanged
from loader.photos.dead_letters import DeadLetters
from loader.photos.decoders import Decoders, Task, usable_cores
from loader.photos.report import PhotoReport
from loader.photos.settings import PhotoModel, Settings
from loader.photos.stages import Embedded, Message, PassedOver, PhotoStages, Unchanged
from loader.photos.writer import PhotoWriter

LOOKUP_SIZE = 32  # files of one request: looked up before they are decoded, or known by their content


class PhotoPipeline:
    """The stages of one load.

    Args:
        client: of the cluster.
        settings: how to load.
        stored: what the index holds; kept up to date.
        comparison: of the library with that.
        fingerprint: of the checkpoint whose vectors the index holds.
        report: counts.
        advance: told how many more files are done.
    """

    def __init__(
        self,
        client: Elasticsearch,
        settings: Settings,
        stored: StoredContents,
        comparison: Comparison,
        fingerprint: str,
        report: PhotoReport,
        advance: Advance,
    ) -> None:
        self._client, self._settings = client, settings
        self._stored, self._comparison = stored, comparison
        self._fingerprint, self._report, self._advance = fingerprint, report, advance
        self._early: list[Message] = []
        self._pass_on: Callable[[Message], None] = self._early.append

    def run(self, open_model: Callable[[], PhotoModel], dead_letters: DeadLetters) -> None:
        """Load what must be loaded.

        Args:
            open_model: called when a file must be decoded.
            dead_letters: where documents go that Elasticsearch refuses.
        """
        model = cache(open_model)
        writer = self._writer(model, dead_letters)
        writer.adopt(self._comparison.adopted)
        tasks = self._tasks()
        # What lies before the first photo is settled without a model.
        first = next(tasks, None)
        self._settle(self._early, writer)
        if first is not None:
            self._load(chain([first], tasks), model(), writer)

    def _writer(self, model: Callable[[], PhotoModel], dead_letters: DeadLetters) -> PhotoWriter:
        settings = self._settings
        return PhotoWriter(
            self._client,
            lambda: model().open_identification(),
            settings.library,
            settings.root,
            self._stored,
            self._comparison,
            dead_letters,
            self._fingerprint,
            self._report,
        )

    def _load(self, tasks: Iterable[Task], model: PhotoModel, writer: PhotoWriter) -> None:
        settings = self._settings
        workers = min(settings.workers or usable_cores(), len(self._comparison.candidates))
        with Decoders(model.input, settings.zone, workers=workers) as decoders:
            stages = PhotoStages(decoders, tasks, self._screen, model.make_encoder, settings.batch_size)
            self._pass_on = stages.pass_on
            with stages:
                self._settle(stages, writer)
        refresh_photos(self._client)

    def _settle(self, messages: Iterable[Message], writer: PhotoWriter) -> None:
        known: list[Known] = []
        for message in messages:
            match message:
                case Embedded():
                    writer.write(message)
                    self._advance(len(message.photos))
                case Known():
                    known.append(message)
                case Skipped():
                    self._report.skipped.append(message)
                    self._advance(1)
                case Unchanged():
                    self._report.unchanged += 1
                    self._advance(1)
                case PassedOver():
                    self._report.passed_over += 1
                    self._advance(1)
            if len(known) == LOOKUP_SIZE:
                self._carry_over(known, writer)
        self._carry_over(known, writer)

    def _carry_over(self, known: list[Known], writer: PhotoWriter) -> None:
        writer.carry_over(known)
        self._advance(len(known))
        known.clear()

    def _tasks(self) -> Iterator[Task]:
        """Yield the photos to decode; pass on what needs no decoding."""
        settings = self._settings
        for files in batched(self._comparison.candidates, LOOKUP_SIZE):
            # Another loader on the same library may have been here since this one started.
            now = {} if settings.opens_all else read_states(self._client, [file.id for file in files])
            for file in files:
                held = now.get(file.id)
                found = recognize(file)
                if held is not None and is_unchanged(file, held):
                    self._pass_on(Unchanged())
                elif not isinstance(found, PhotoFile):
                    self._pass_on(found or PassedOver())
                else:
                    yield Task(file, frozenset() if settings.reload else self._stored.hashes(file.size))

    def _screen(self, photo: Photo) -> Photo | Skipped:
        """Turn away a photo that would replace another library's under the same path."""
        held = self._stored.photos.get(photo.id)
        if held is None or held.library in (None, self._settings.library):
            return photo
        return Skipped(photo.name, explain_conflict(held))
