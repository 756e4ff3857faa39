"""The next indices as a whole: peaks and concepts first, because photos are named by them."""
from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from elasticsearch import Elasticsearch

from loader.arrays import Vectors
from loader.batches import Track
from loader.elastic.bulk import delete_documents
from loader.elastic.indices import CONCEPTS, PEAKS, PHOTOS
from loader.elastic.renewal.next_indices import NextIndices, compare
from loader.elastic.renewal.swap import swap
from loader.elastic.renewal.two_models import IndexSet
from loader.errors import PeaksError
from loader.peaks.catalogue import Concept, Peak
from loader.peaks.catalogue_writer import PrototypeMaker, embed_names
from loader.peaks.identification.document_fields import FillFields
from loader.peaks.next_catalogue import carry_entries
from loader.photos.photo_model import PhotoModel
from loader.photos.renewal.next_photos import NextPhotos
from loader.text import format_count, list_words

MOST_NAMED = 10  # photos in a sentence


class Build:
    """Brings the next indices to what those in use hold, with vectors of their own model, and swaps them.

    Args:
        client: of the cluster, at the indices in use.
        following: at the next indices.
        open_field_filler: reads what the next indices know of peaks and concepts.
        prototypes: makes the vectors of peaks; it knows the reference photos that it used.
        photo_model: embeds photos; None where none is to be embedded.
        keeps_gone: what the indices in use do not hold stays in the next ones.

    Attributes:
        photos: brings the photos over; it knows those that could not be.
    """

    def __init__(
        self,
        client: Elasticsearch,
        following: NextIndices,
        open_field_filler: Callable[[], FillFields],
        prototypes: PrototypeMaker,
        photo_model: PhotoModel | None = None,
        keeps_gone: bool = False,
    ) -> None:
        self._client, self._next, self.prototypes = client, following, prototypes
        self._keeps_gone = keeps_gone
        self.photos = NextPhotos(client, following, open_field_filler, photo_model)

    def swap(self, track: Track, *, leave_out: bool) -> IndexSet:
        """Bring over what differs, then swap; return the indices that stood there before.

        The first pass takes as long as it takes; the second one brings what has come meanwhile, and the last
        one, while nothing is written, the rest.

        Args:
            track: shows how far each pass is.
            leave_out: go without the photos that cannot be brought over.

        Raises:
            PeaksError: some cannot.
        """
        self._carry(track, again=self.prototypes.references.images)
        self._refuse_left(leave_out)
        self._carry(track)

        def complete() -> None:
            self._carry(track)
            self._refuse_left(leave_out)

        return swap(self._client, self._next, complete)

    def _carry(self, track: Track, again: Collection[str] = ()) -> None:
        peaks = dict.fromkeys((*self._compare(PEAKS), *again))
        with track("peaks", len(peaks)) as advance:
            carry_entries(self._client, self._next, Peak, peaks, self.prototypes.make, advance)
        concepts = self._compare(CONCEPTS)
        with track("concepts", len(concepts)) as advance:
            carry_entries(self._client, self._next, Concept, concepts, self._embed_concepts, advance)
        photos = self._compare(PHOTOS)
        with track("photos", len(photos)) as advance:
            self.photos.carry(photos, advance)

    def _compare(self, alias: str) -> list[str]:
        """Delete what is gone from the next index, and return the ids of what differs."""
        differing, gone = compare(self._client, self._next, alias)
        if not self._keeps_gone:
            delete_documents(self._next, alias, gone)
        return differing

    def _embed_concepts(self, concepts: Sequence[Concept]) -> Vectors:
        return embed_names(self._client, self.prototypes.model_id, concepts, "photo")

    def _refuse_left(self, leave_out: bool) -> None:
        if (left := self.photos.left) and not leave_out:
            named = list_words([f"{each.name} ({each.reason})" for each in left], MOST_NAMED)
            raise PeaksError(
                f"{format_count(len(left), 'photo')} cannot be embedded again, so nothing was swapped: "
                f"{named}; bring back the files, or bring the index to them with `peaks load-photos`, and "
                "run again, or go without these photos by --leave-out-missing."
            )
