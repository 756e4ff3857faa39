"""Photos into the index: list, compare, read and decode, embed, identify, write.

What can be told from a folder's listing is told without opening a file; each other file is read once, in a
worker process. A run that is broken off continues where it stopped: what is written is unchanged the next
time.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from hashlib import sha256
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

from elasticsearch import Elasticsearch

from loader.comparison import WHOLE, Part, StoredContents, compare, is_unchanged
from loader.dead_letters import DeadLetters
from loader.decoders import Decoders, Task, usable_cores
from loader.images import ModelInput
from loader.library import Listing, PhotoFile, Skipped, recognize
from loader.photo import Known, Photo
from loader.photo_index import StoredPhoto, delete_photos, read_states, read_stored_photos, refresh_photos
from loader.photo_report import PhotoReport
from loader.photo_stages import Embedded, Encoder, Message, PassedOver, PhotoStages, Unchanged
from loader.photo_writer import Identify, PhotoWriter, has_file
from loader.progress import Progress

LOOKUP_SIZE = 32  # files of one request: looked up before they are decoded, or known by their content
REMOVAL_SIZE = 500  # documents deleted at a time

Item = TypeVar("Item")


@dataclass(frozen=True)
class Settings:
    """How photos are loaded.

    Attributes:
        library: the library's name.
        root: what the names of its files are relative to.
        batch_size: most photos that are embedded and not yet written.
        workers: processes that decode; 0 takes one for each core.
        zone: the camera's clock where a file does not tell its UTC offset.
        part: the share of the files to load.
        reload: load unchanged photos too.
        checksum: read every file; do not trust its size and time.
    """

    library: str
    root: Path
    batch_size: int = 16
    workers: int = 0
    zone: tzinfo | None = None
    part: Part = WHOLE
    reload: bool = False
    checksum: bool = False


@dataclass(frozen=True)
class PhotoModel:
    """What is needed once a photo must be embedded; an unchanged library needs none of it.

    Attributes:
        input: the picture that the vision tower takes.
        make_encoder: loads the tower.
        open_identification: reads what the cluster knows of peaks and concepts.
    """

    input: ModelInput
    make_encoder: Callable[[], Encoder]
    open_identification: Callable[[], Identify]


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
        self._early: list[Message] = []
        self._pass_on: Callable[[Message], None] = self._early.append
        self._stored = StoredContents(read_stored_photos(client))
        self._comparison = compare(
            listing,
            self._stored.photos,
            settings.library,
            part=settings.part,
            trust_times=not self._opens_all,
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
        self, open_model: Callable[[], PhotoModel], dead_letters: DeadLetters, progress: Progress
    ) -> None:
        """Load what must be loaded.

        Args:
            open_model: called when a file must be opened.
            dead_letters: where documents go that Elasticsearch refuses.
            progress: told of every file.
        """
        progress.advance(self._comparison.unchanged, worked=False)
        model = cache(open_model)
        writer = self._writer(lambda: model().open_identification(), dead_letters)
        try:
            writer.adopt(self._comparison.adopted)
            tasks = self._tasks()
            # What lies before the first photo is settled without a model.
            first = next(tasks, None)
            self._settle(self._early, writer, progress)
            if first is not None:
                self._load(chain([first], tasks), model(), writer, progress)
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
        gone = [photo for photo in self.gone.values() if not has_file(self._settings.root, photo)]
        for some in batched(gone, REMOVAL_SIZE):
            self.report.removed += delete_photos(self._client, [photo.id for photo in some])
        refresh_photos(self._client)

    @property
    def _opens_all(self) -> bool:
        return self._settings.reload or self._settings.checksum

    @property
    def _workers(self) -> int:
        return min(self._settings.workers or usable_cores(), len(self._comparison.candidates))

    def _writer(self, open_identification: Callable[[], Identify], dead_letters: DeadLetters) -> PhotoWriter:
        settings = self._settings
        return PhotoWriter(
            self._client,
            open_identification,
            settings.library,
            settings.root,
            self._stored,
            self._comparison,
            dead_letters,
            self._fingerprint,
            self.report,
        )

    def _load(
        self, tasks: Iterable[Task], model: PhotoModel, writer: PhotoWriter, progress: Progress
    ) -> None:
        with Decoders(model.input, self._settings.zone, workers=self._workers) as decoders:
            stages = PhotoStages(decoders, tasks, self._screen, model.make_encoder, self._settings.batch_size)
            self._pass_on = stages.pass_on
            with stages:
                self._settle(stages, writer, progress)
        refresh_photos(self._client)

    def _settle(self, messages: Iterable[Message], writer: PhotoWriter, progress: Progress) -> None:
        known: list[Known] = []
        for message in messages:
            match message:
                case Embedded():
                    writer.write(message)
                    progress.advance(len(message.photos))
                case Known():
                    known.append(message)
                case Skipped():
                    self.report.skipped.append(message)
                    progress.advance()
                case Unchanged():
                    self.report.unchanged += 1
                    progress.advance(worked=False)
                case PassedOver():
                    self.report.passed_over += 1
                    progress.advance(worked=False)
            if len(known) == LOOKUP_SIZE:
                self._carry_over(known, writer, progress)
        self._carry_over(known, writer, progress)

    def _carry_over(self, known: list[Known], writer: PhotoWriter, progress: Progress) -> None:
        writer.carry_over(known)
        progress.advance(len(known), worked=False)
        known.clear()

    def _tasks(self) -> Iterator[Task]:
        """Yield the photos to decode; pass on what needs no decoding."""
        for files in batched(self._comparison.candidates, LOOKUP_SIZE):
            # Another loader on the same library may have been here since this one started.
            now = {} if self._opens_all else read_states(self._client, [file.id for file in files])
            for file in files:
                held = now.get(file.id)
                found = recognize(file)
                if held is not None and is_unchanged(file, held):
                    self._pass_on(Unchanged())
                elif not isinstance(found, PhotoFile):
                    self._pass_on(found or PassedOver())
                else:
                    yield Task(file, self._known_hashes(file))

    def _screen(self, photo: Photo) -> Photo | Skipped:
        """Turn away a photo that would replace another library's under the same path."""
        held = self._stored.photos.get(photo.id)
        if held is None or held.library in (None, self._settings.library):
            return photo
        return Skipped(photo.name, explain_conflict(held))

    def _known_hashes(self, file: PhotoFile) -> frozenset[str]:
        return frozenset() if self._settings.reload else self._stored.hashes(file.size)

    def _foresee_file(self, file: PhotoFile) -> None:
        found = recognize(file)
        if found is None:
            self.report.passed_over += 1
        elif isinstance(found, Skipped):
            self.report.skipped.append(found)
        else:
            self._foresee_photo(file)

    def _foresee_photo(self, file: PhotoFile) -> None:
        known = self._known_hashes(file)
        content_hash = hash_file(file.path) if known else ""
        ids = self._stored.ids(content_hash) if content_hash in known else []
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

    def _closes(self) -> None:
        self.report.gone = sorted(photo.path for photo in self.gone.values())
        files = self.files + len(self._listing.skipped) + self._listing.hidden
        self.report.close(files, self._clock() - self._start)


def explain_conflict(held: StoredPhoto) -> str:
    """Say why a photo does not replace the one that has its path."""
    return (
        f"the index holds another picture under this path, of the library '{held.library}': if this is that "
        f"library, say so with --library '{held.library}'; if not, load both with a --library-root above them"
    )


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Cut an iterable into lists of ``size``, the last perhaps shorter (`itertools.batched` is of 3.12)."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, "" when it cannot be read (decoding then says why)."""
    digest = sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()
