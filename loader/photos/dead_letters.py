"""Documents that Elasticsearch refused, kept in a file with all that it takes to send them again.

The file is NDJSON: one object a line, with the document whole, vector and thumbnail included, so that a retry
needs neither the photo nor the model. It is only ever appended to, and brought to the disk after every batch;
a line that was cut off by a kill is the last one, and is told from damage.
"""
from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from itertools import count
from pathlib import Path
from shutil import copymode
from types import TracebackType
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from loader.batches import batched
from loader.elastic.bulk import NotWritten, Written, write_documents
from loader.elastic.error_sentences import explain
from loader.elastic.indices import PHOTOS
from loader.elastic.photo_index import read_fields
from loader.errors import PeaksError
from loader.files.library import Skipped

if sys.platform != "win32":
    import fcntl

LONGEST_LINE = 16_000_000  # bytes; a document of 4,096 dimensions with a thumbnail has about 0.1 million
_ANOTHER = "name a file that `peaks load-photos` wrote"
BATCH = 32  # documents that one request of a retry sends


@dataclass(frozen=True)
class DeadLetter:
    """A document that Elasticsearch refused.

    Attributes:
        id: its ``_id``.
        path: the photo's name in its library.
        reason: Elasticsearch's.
        time: when it was refused, ISO 8601 with its offset.
        checkpoint_fingerprint: whose vector it holds.
        document: the whole of it.
    """

    id: str
    path: str
    reason: str
    time: str
    checkpoint_fingerprint: str
    document: Mapping[str, Any]

    @property
    def modified(self) -> int:
        """The photo's time of change, milliseconds since 1970; 0 when the document does not tell."""
        return int(self.document.get("modified", 0))

    def line(self) -> bytes:
        """Return the letter as a line of the file."""
        known = {"_id": self.id, "path": self.path, "reason": self.reason, "time": self.time,
                 "checkpoint_fingerprint": self.checkpoint_fingerprint, "document": self.document}
        # ASCII: a name that is no Unicode may be the very reason why a document was refused.
        return json.dumps(known, ensure_ascii=True).encode("ascii") + b"\n"


def write_letter(
    identifier: str, reason: str, document: Mapping[str, Any], checkpoint_fingerprint: str
) -> DeadLetter:
    """Make the letter of a document that was refused just now."""
    path = str(document.get("path", identifier))
    return DeadLetter(identifier, path, reason, _now(), checkpoint_fingerprint, document)


class DeadLetters:
    """The file that one run puts its refused documents into; made when the first one comes.

    A file of another run is left alone: with ``rejected.ndjson`` there, this run's is ``rejected-2.ndjson``.

    Args:
        path: the file that is wanted.
    """

    def __init__(self, path: Path) -> None:
        self._wanted = path
        self._stream: io.FileIO | None = None
        self.path: Path | None = None
        self.count = 0

    def __enter__(self) -> DeadLetters:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, letters: Iterable[DeadLetter]) -> None:
        """Append letters; they are on the disk when this returns, all of them or none.

        Raises:
            PeaksError: the file cannot be written.
        """
        lines = [letter.line() for letter in letters]
        if not lines:
            return
        try:
            stream = self._stream = self._stream or self._open()
            _append(stream, b"".join(lines))
        except OSError as error:
            raise PeaksError(
                f"Rejected photos cannot be kept in {self.path or self._wanted} ({error.strerror}): name a "
                "file that can be written."
            ) from error
        self.count += len(lines)

    def close(self) -> None:
        """Close the file; another run may take it then."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _open(self) -> io.FileIO:
        for path in _names(self._wanted):
            try:
                stream = path.open("xb", buffering=0)
            except FileExistsError:
                continue
            self.path = path
            _lock(stream)
            _sync_folder(path)
            return stream
        raise AssertionError("names do not end")


def _names(wanted: Path) -> Iterator[Path]:
    """Yield rejected.ndjson, rejected-2.ndjson, rejected-3.ndjson, …"""
    yield wanted
    for number in count(2):
        yield wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")


def _append(stream: io.FileIO, data: bytes) -> None:
    end, rest = stream.seek(0, os.SEEK_END), memoryview(data)
    try:
        while rest:
            rest = rest[stream.write(rest) or 0 :]
        os.fsync(stream.fileno())
    except OSError:
        with suppress(OSError):  # half a line would spoil the next
            stream.truncate(end)
        raise


def _ignore(sentence: str) -> None:
    """Say nothing."""


def read_dead_letters(path: Path, warn: Callable[[str], None] = _ignore) -> Iterator[DeadLetter]:
    """Yield the letters of a file, each validated.

    Args:
        path: of the file.
        warn: told when the last line was cut off, as a kill leaves it; that line is left out.

    Raises:
        PeaksError: the file cannot be read, or a line is no letter; the sentence names file and line.
    """
    number = 0
    try:
        with path.open("rb") as stream:
            while line := stream.readline(LONGEST_LINE):
                number += 1
                letter = _read_line(line, f"{path}, line {number}", last=not stream.peek(1))
                if letter is None and number > 1:
                    warn(f"{path}, line {number} was cut off and is left out: load that photo again.")
                elif letter is None:
                    raise PeaksError(f"{path} holds no rejected photos: {_ANOTHER}.")
                else:
                    yield letter
    except OSError as error:
        raise _unreadable(path, error) from error


def _read_line(line: bytes, place: str, last: bool) -> DeadLetter | None:
    """Return a line's letter, or None for a last line that was cut off."""
    try:
        return _check(json.loads(line))
    except (ValueError, RecursionError) as error:
        if last and not line.endswith(b"\n"):
            return None
        reason = str(error) or "nested too deeply"
        raise PeaksError(f"{place}: {reason}; delete that line, or {_ANOTHER}.") from error


def _check(given: Any) -> DeadLetter:
    """Make a letter of a line's JSON, or say with a ValueError what is wrong with it."""
    if not isinstance(given, dict):
        raise ValueError("no JSON object")
    words = ("_id", "path", "reason", "time", "checkpoint_fingerprint")
    for name in words:
        if not isinstance(given.get(name), str) or not given[name]:
            raise ValueError(f'"{name}" is not a text')
    document = given.get("document")
    if not isinstance(document, dict) or not isinstance(document.get("clip_image"), list):
        raise ValueError('"document" is not a photo\'s document with its vector')
    if type(document.get("modified", 0)) is not int:
        raise ValueError('"modified" of "document" is not a whole number of milliseconds')
    identifier, path, reason, time, fingerprint = (given[name] for name in words)
    return DeadLetter(identifier, path, reason, time, fingerprint, document)


@dataclass
class RetryReport:
    """What became of the letters of a file: sent + superseded + unsent are all of them.

    Attributes:
        sent: documents whose outcome is known; created + updated + rejected.
        created, updated: documents that Elasticsearch took.
        superseded: not sent, because the index holds a later state of the photo, or a later line does.
        rejected: documents that it refused again, with the reason; they stay in the file.
        unsent: documents that are not known to be written, because the cluster stayed away; they stay, too.
        warnings: sentences about the file.
    """

    sent: int = 0
    created: int = 0
    updated: int = 0
    superseded: int = 0
    rejected: list[Skipped] = field(default_factory=list)
    unsent: int = 0
    warnings: list[str] = field(default_factory=list)


class RetryStopped(PeaksError):
    """The cluster stayed away before all letters were sent.

    Attributes:
        report: what had become of them until then.
    """

    def __init__(self, sentence: str, report: RetryReport) -> None:
        super().__init__(sentence)
        self.report = report


def retry_dead_letters(
    client: Elasticsearch, path: Path, checkpoint_fingerprint: str, *, batch: int = BATCH
) -> RetryReport:
    """Send the documents of a file again, and leave in it those that are refused again.

    The file is removed when none is left. What was not sent stays in it when the cluster stays away or Ctrl-C
    comes; after a kill the whole file is there, and to send it once more does no harm.

    Args:
        client: of the cluster.
        path: of the file (see `DeadLetters`).
        checkpoint_fingerprint: whose vectors the index holds (`loader.elastic.photo_index.read_photo_model`).
        batch: documents that one request sends.

    Raises:
        PeaksError: the file cannot be used, or holds vectors of another checkpoint; nothing was sent then.
        RetryStopped: the cluster stayed away.
    """
    path = path.resolve()  # the file itself is replaced, not a link to it
    with _held(path):
        report = RetryReport()
        lines = _survey(path, checkpoint_fingerprint, report)
        retry = _Retry(client, report)
        try:
            newest = (letter for number, letter in _numbered(path) if lines[letter.id] == number)
            for letters in batched(newest, batch):
                retry.send(letters)
        except (NotWritten, ApiError, TransportError) as error:
            sentence = error.message if isinstance(error, NotWritten) else explain(error).message
            kept = f"{len(lines) - retry.taken} of {len(lines)} documents are still in {path}"
            raise RetryStopped(f"{sentence.rstrip('.')}; {kept}.", report) from error
        finally:
            report.unsent = len(lines) - len(retry.outcomes)
            _rewrite(path, lines, retry.outcomes)
        return report


class _Retry:
    """A retry that is going on.

    Attributes:
        outcomes: by ``_id``, why a document was refused again; None for one that is done with.
    """

    def __init__(self, client: Elasticsearch, report: RetryReport) -> None:
        self._client, self._report = client, report
        self.outcomes: dict[str, str | None] = {}

    @property
    def taken(self) -> int:
        """Return the number of letters that are done with."""
        return sum(reason is None for reason in self.outcomes.values())

    def send(self, letters: list[DeadLetter]) -> None:
        """Write the documents that are not superseded."""
        stored = _stored_times(self._client, [letter.id for letter in letters])
        current = {letter.id: letter for letter in letters if not _is_superseded(letter, stored)}
        self._report.superseded += len(letters) - len(current)
        self.outcomes.update((letter.id, None) for letter in letters if letter.id not in current)
        documents = {letter.id: letter.document for letter in current.values()}
        try:
            self._count(write_documents(self._client, PHOTOS, documents), current)
        except NotWritten as error:
            self._count(error.written, current)
            raise

    def _count(self, written: Written, letters: Mapping[str, DeadLetter]) -> None:
        report = self._report
        report.sent += len(written.created) + len(written.updated) + len(written.rejected)
        report.created += len(written.created)
        report.updated += len(written.updated)
        report.rejected += [Skipped(letters[refused.id].path, refused.reason) for refused in written.rejected]
        self.outcomes.update((identifier, None) for identifier in (*written.created, *written.updated))
        self.outcomes.update((refused.id, refused.reason) for refused in written.rejected)


def _is_superseded(letter: DeadLetter, stored: Mapping[str, int]) -> bool:
    return letter.id in stored and stored[letter.id] > letter.modified


def _survey(path: Path, checkpoint_fingerprint: str, report: RetryReport) -> dict[str, int]:
    """Validate the whole file before anything is sent; return the last line's number of each ``_id``."""
    lines: dict[str, int] = {}
    for number, letter in _numbered(path, report.warnings.append):
        if letter.checkpoint_fingerprint != checkpoint_fingerprint:
            raise PeaksError(
                f"{path}, line {number} holds a vector of checkpoint {letter.checkpoint_fingerprint}, but "
                f"[{PHOTOS}] those of {checkpoint_fingerprint}: load these photos with `peaks load-photos`."
            )
        report.superseded += letter.id in lines
        lines[letter.id] = number
    if not lines:
        raise PeaksError(f"{path} holds no rejected photos: {_ANOTHER}.")
    return lines


def _numbered(path: Path, warn: Callable[[str], None] = _ignore) -> Iterator[tuple[int, DeadLetter]]:
    return enumerate(read_dead_letters(path, warn), start=1)


def _stored_times(client: Elasticsearch, ids: list[str]) -> dict[str, int]:
    """Return when the photos changed whose documents the index holds, in milliseconds since 1970."""
    found = read_fields(client, ids, ["modified"])
    return {identifier: int(values.get("modified", 0)) for identifier, values in found.items()}


def _rewrite(path: Path, lines: Mapping[str, int], outcomes: Mapping[str, str | None]) -> None:
    """Leave in the file what was refused again, with its new reason, and what was not sent; at one stroke."""
    if not outcomes:
        return
    draft = path.with_name(f".{path.name}.draft")
    try:
        if not _write_draft(draft, _remaining(path, lines, outcomes)):
            path.unlink()
            draft.unlink()
        else:
            copymode(path, draft)
            draft.replace(path)
        _sync_folder(path)
    except OSError as error:
        raise PeaksError(
            f"{path} cannot be rewritten ({error.strerror}), so that it holds documents which were written "
            "since: make its folder writable and run again."
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def _remaining(
    path: Path, lines: Mapping[str, int], outcomes: Mapping[str, str | None]
) -> Iterator[DeadLetter]:
    for number, letter in _numbered(path):
        if lines[letter.id] != number:
            continue
        if letter.id not in outcomes:
            yield letter
        elif reason := outcomes[letter.id]:
            yield replace(letter, reason=reason, time=_now())


def _write_draft(draft: Path, letters: Iterable[DeadLetter]) -> int:
    with draft.open("wb") as stream:
        size = sum(stream.write(letter.line()) for letter in letters)
        stream.flush()
        os.fsync(stream.fileno())
    return size


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Keep other runs from a file: one that is still written to, or is sent at the same time."""
    try:
        stream = path.open("rb", buffering=0)
    except OSError as error:
        raise _unreadable(path, error) from error
    with stream:
        if not _lock(stream):
            raise PeaksError(f"{path} is in use by another run: wait until that has ended.")
        yield


def _lock(stream: io.FileIO) -> bool:
    """Take an open file's lock, which its closing gives back; False when another has it."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _sync_folder(path: Path) -> None:
    """Bring a folder's new or changed entry to the disk."""
    with suppress(OSError):  # Windows, some network file systems
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _unreadable(path: Path, error: OSError) -> PeaksError:
    return PeaksError(f"{path} cannot be read ({error.strerror}): {_ANOTHER}.")


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
