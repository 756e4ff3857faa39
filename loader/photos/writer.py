"""The last stage of a load: name the peaks, write the documents, carry moved photos over, count."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

from loader.elastic.bulk import NotWritten, Written, write_documents
from loader.elastic.indices import PHOTOS
from loader.elastic.photo_index import StoredPhoto, delete_photos, read_documents, refresh_photos
from loader.files.library import PhotoFile, Skipped, path_words
from loader.files.photo import Known, Photo
from loader.photos.comparison import Comparison, StoredContents
from loader.photos.dead_letters import DeadLetters, write_letter
from loader.photos.report import PhotoReport
from loader.photos.stages import Embedded
from loader.vision.vectors import Vectors

# Photos and their vectors to the fields that say what they show (`photo_identification`).
Identify = Callable[[Sequence[Photo], Vectors], list[dict[str, Any]]]


class PhotoWriter:
    """Writes what the stages before it have made.

    Args:
        client: of the cluster.
        open_identification: gives what names peaks and concepts; called when the first photo is there.
        library: the library's name.
        root: the library's root.
        stored: what the index held at the start.
        comparison: of the library with that.
        dead_letters: where documents go that Elasticsearch refuses.
        fingerprint: of the checkpoint that the vectors are of.
        report: counts.
    """

    def __init__(
        self,
        client: Elasticsearch,
        open_identification: Callable[[], Identify],
        library: str,
        root: Path,
        stored: StoredContents,
        comparison: Comparison,
        dead_letters: DeadLetters,
        fingerprint: str,
        report: PhotoReport,
    ) -> None:
        self._client, self._open_identification = client, open_identification
        self._library, self._root = library, root
        self._stored, self._gone = stored, comparison.gone
        self._dead_letters, self._fingerprint, self._report = dead_letters, fingerprint, report
        self._identify: Identify | None = None

    def write(self, embedded: Embedded) -> None:
        """Name the peaks in photos and put them into the index."""
        self._identify = self._identify or self._open_identification()
        photos, report = embedded.photos, self._report
        report.embedded += len(photos)
        report.precision, report.agreement = embedded.precision, embedded.agreement
        found = self._identify(photos, embedded.vectors)
        documents = {
            photo.id: self._document(photo, vector.tolist(), each)
            for photo, vector, each in zip(photos, embedded.vectors, found, strict=True)
        }
        refused = self._send(documents)
        for photo in photos:
            if photo.id not in refused:
                report.count_facts(documents[photo.id])
                report.notes += [Skipped(photo.name, note) for note in photo.notes]

    def adopt(self, files: Sequence[PhotoFile]) -> None:
        """Write size, time and library of files whose content the index holds under the very same id."""
        fields = {file.id: self._state(file) for file in files}
        write_documents(self._client, PHOTOS, fields, merge=True)

    def carry_over(self, known: Sequence[Known]) -> None:
        """Take files whose bytes the index holds: unchanged under their own id, moved or copied otherwise."""
        here = [each.file for each in known if self._holds(each)]
        self._report.unchanged += len(here)
        self.adopt([file for file in here if not self._is_current(file)])
        others = [each for each in known if not self._holds(each)]
        sources = {each.file.id: self._source(each) for each in others}
        originals = self._read([source.id for source in sources.values()])
        for each in others:
            self._carry(each.file, sources[each.file.id], originals)

    def _read(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Whole documents; a refresh lets the search see those that were moved a moment ago."""
        found = read_documents(self._client, ids)
        if missing := [identifier for identifier in ids if identifier not in found]:
            refresh_photos(self._client)
            found |= read_documents(self._client, missing)
        return found

    def _document(self, photo: Photo, vector: list[float], found: Mapping[str, Any]) -> dict[str, Any]:
        return {**photo.document(vector, found), "library": self._library}

    def _state(self, file: PhotoFile) -> dict[str, Any]:
        return {"library": self._library, "size_bytes": file.size, "modified": file.modified}

    def _send(self, documents: dict[str, dict[str, Any]]) -> set[str]:
        """Write documents, count them, and keep what is refused; return the ids of these."""
        try:
            written = write_documents(self._client, PHOTOS, documents)
        except NotWritten as error:  # it may have taken some of them
            self._count(error.written, documents)
            raise
        self._count(written, documents)
        return {rejected.id for rejected in written.rejected}

    def _count(self, written: Written, documents: Mapping[str, dict[str, Any]]) -> None:
        self._report.created += len(written.created)
        self._report.updated += len(written.updated)
        self._keep_refused(written, documents)

    def _keep_refused(self, written: Written, documents: Mapping[str, dict[str, Any]]) -> None:
        refused = written.rejected
        self._report.rejected += [Skipped(documents[each.id]["path"], each.reason) for each in refused]
        self._dead_letters.add(
            write_letter(each.id, each.reason, documents[each.id], self._fingerprint) for each in refused
        )

    def _holds(self, known: Known) -> bool:
        return known.file.id in self._stored.ids(known.content_hash)

    def _is_current(self, file: PhotoFile) -> bool:
        held = self._stored.photos[file.id]
        return (held.size, held.modified, held.library) == (file.size, file.modified, self._library)

    def _source(self, known: Known) -> StoredPhoto:
        """The stored photo with this content; one without a file rather than one that is still there."""
        ids = self._stored.ids(known.content_hash)
        return self._stored.photos[next((each for each in ids if each in self._gone), ids[0])]

    def _carry(self, file: PhotoFile, source: StoredPhoto, originals: Mapping[str, dict[str, Any]]) -> None:
        """Write a file's document from the one with its content, and delete that if its own file is gone."""
        original = originals.get(source.id)
        if original is None:  # another loader has moved it meanwhile
            why = "the index held its content and lost it just now; load it again"
            self._report.skipped.append(Skipped(file.name, why))
            return
        is_moved = self._has_no_file(source)
        if is_moved:
            # First: a kill in between leaves a file that the next run loads anew, not a photo too many.
            delete_photos(self._client, [source.id])
            del self._gone[source.id]
        words = {"path": file.name, "path_words": path_words(file.name)}
        document = {**original, **words, **self._state(file)}
        written = write_documents(self._client, PHOTOS, {file.id: document})
        self._keep_refused(written, {file.id: document})
        if written.rejected:
            return
        if is_moved:
            self._stored.move(source, replace(source, id=file.id, path=file.name, library=self._library))
            self._report.moved += 1
        else:
            self._report.copied += 1

    def _has_no_file(self, photo: StoredPhoto) -> bool:
        return photo.id in self._gone and not photo.has_file(self._root)
