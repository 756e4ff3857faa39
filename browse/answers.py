"""The photos that an address asks for, by the same questions as the commands'."""
from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from elasticsearch import Elasticsearch

from browse.address import Address
from loader.elastic.indices import PHOTOS
from loader.errors import PeaksError
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_index import read_by_id
from loader.peaks.identification.calibration_store import read_cut_off
from loader.search.alike import group_alike
from loader.search.answer import Answer, EntriesById, PhotoHit, Similarity, read_photo_hit
from loader.search.asking import answer_photos, answer_question, answer_similar
from loader.search.question import Order, ask_indexed_image, ask_photos, ask_text

SIZE = 48  # photos at first
MOST = 200  # that a template gives

_FIELDS = (
    *("path", "library", "library_root", "predicted_peaks", "predictions.*", "confirmed_peaks"),
    *("predicted_concepts", "gps", "altitude", "bearing", "bearing_reference", "camera"),
    *("shot_time", "shot_time_local", "shot_time_offset", "content_hash", "thumbnail"),
    *("peaks_in_frame_ids", "description", "keywords", "width", "height", "size_bytes"),
    *("focal_length_35mm", "field_of_view"),
)


@dataclass(frozen=True)
class Photo:
    """A photo that is looked at.

    Attributes:
        hit: what answers know of it, with its thumbnail.
        in_frame: peaks that stood before its camera, likeliest first.
        fields: what else its document says: lists by their names.
    """

    hit: PhotoHit
    in_frame: tuple[Peak, ...]
    fields: Mapping[str, Any]



def answer_address(client: Elasticsearch, address: Address) -> Answer:
    """Ask what an address asks for; copies and bursts are one hit, unless this stack is opened.

    Thumbnails come along where photos are looked at together.

    Raises:
        PeaksError: a filter cannot be meant, or the cluster has no photos, no model or no such page.
    """
    answer = _answer(client, address)
    stack = next((hit for hit in answer.hits if hit.id == address.stack), None)
    return answer if stack is None else replace(answer, hits=tuple(_unstack(stack)), total=stack.count)


def _unstack(hit: PhotoHit) -> Iterator[PhotoHit]:
    yield replace(hit, copies=(), burst=())
    for other in (*hit.copies, *hit.burst):
        yield from _unstack(other)


def _answer(client: Elasticsearch, address: Address) -> Answer:
    thumbnails = not address.photo
    filters = address.filters(client, min(address.size or SIZE, MOST))
    if address.like:
        path = read_photo(client, address.like).hit.path
        question = ask_indexed_image(client, path, address.like, filters)
        return _sort(answer_similar(client, question, [address.like], thumbnails=thumbnails), address)
    if address.q.strip():
        question = ask_text(address.q, "photo", filters, cut_off=read_cut_off(client))
        return _sort(answer_question(client, question, thumbnails=thumbnails), address)
    order: Order = "altitude" if "altitude" in address.sort else "time"
    question = ask_photos(filters, order, reverse=address.sort.startswith("-"), page=address.page)
    answer = answer_photos(client, question, thumbnails=thumbnails)
    return replace(answer, hits=group_alike(client, answer.hits))


def _sort(answer: Answer, address: Address) -> Answer:
    """The same photos in another order: the best match decides which they are."""
    if not address.sort:
        return answer

    def place(hit: PhotoHit) -> float | None:
        if "altitude" in address.sort:
            return hit.altitude
        return None if hit.time.clock is None else hit.time.clock.timestamp()

    known = sorted((hit for hit in answer.hits if place(hit) is not None), key=lambda hit: place(hit) or 0.0,
                   reverse=address.sort.startswith("-"))
    return replace(answer, hits=(*known, *(hit for hit in answer.hits if place(hit) is None)))


def read_photo(client: Elasticsearch, identifier: str) -> Photo:
    """One photo with all that the index knows of it.

    Raises:
        PeaksError: it is not in the index.
    """
    query = {"ids": {"values": [identifier]}}
    names = [{"field": name} for name in _FIELDS]
    hits = client.search(index=PHOTOS, query=query, source=False, fields=names)["hits"]["hits"]
    if not hits:
        raise PeaksError("The index has no such photo any more: go back to the photos.")
    hit, fields = read_photo_hit(hits[0], Similarity(None), EntriesById.read(client, hits)), hits[0]["fields"]
    ids = fields.get("peaks_in_frame_ids", ())
    peaks = read_by_id(client, Peak, ids)
    return Photo(hit, tuple(peaks.get(each, Peak(each, ())) for each in ids), fields)
