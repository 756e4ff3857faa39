"""The photos that an address asks for, by the same questions as the commands'."""
from __future__ import annotations

from dataclasses import replace

from elasticsearch import Elasticsearch

from browse.address import Address
from loader.elastic.indices import PHOTOS
from loader.errors import PeaksError
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
)


def answer_address(client: Elasticsearch, address: Address) -> Answer:
    """Ask what an address asks for; copies and bursts are one hit.

    Thumbnails come along where photos are looked at together.

    Raises:
        PeaksError: a filter cannot be meant, or the cluster has no photos, no model or no such page.
    """
    thumbnails = not address.photo
    filters = address.filters(client, min(address.size or SIZE, MOST))
    if address.like:
        question = ask_indexed_image(client, read_photo(client, address.like).path, address.like, filters)
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


def read_photo(client: Elasticsearch, identifier: str) -> PhotoHit:
    """One photo with its thumbnail.

    Raises:
        PeaksError: it is not in the index.
    """
    query = {"ids": {"values": [identifier]}}
    fields = [{"field": name} for name in _FIELDS]
    hits = client.search(index=PHOTOS, query=query, source=False, fields=fields)["hits"]["hits"]
    if not hits:
        raise PeaksError("The index has no such photo any more: go back to the photos.")
    return read_photo_hit(hits[0], Similarity(None), EntriesById.read(client, hits))
