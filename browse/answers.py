"""The photos that an address asks for, by the same questions as the commands'."""
from __future__ import annotations

from dataclasses import replace
from operator import attrgetter

from elasticsearch import Elasticsearch

from browse.address import Address
from loader.peaks.identification.calibration_store import read_cut_off
from loader.search.alike import group_alike
from loader.search.answer import Answer, read_photo
from loader.search.asking import answer_photos, answer_question, answer_similar
from loader.search.notes import is_file_name
from loader.search.question import Order, ask_indexed_image, ask_photos, ask_text

SIZE = 32  # photos at first
MOST = 200  # that a template gives


def answer_address(client: Elasticsearch, address: Address) -> Answer:
    """Ask what an address asks for; copies and bursts are one hit, unless this stack is opened.

    Thumbnails come along where photos are looked at together.

    Raises:
        PeaksError: a filter cannot be meant, or the cluster has no photos, no model or no such page.
    """
    answer = _answer(client, address)
    stack = next((hit for hit in answer.hits if hit.id == address.stack), None)
    if stack is None:
        return answer
    hits = tuple(replace(hit, copies=(), burst=()) for hit in stack.members)
    return replace(answer, hits=hits, total=stack.count)


def _answer(client: Elasticsearch, address: Address) -> Answer:
    thumbnails = not address.photo
    filters = address.filters(client, min(address.size or SIZE, MOST))
    if address.like:
        path = read_photo(client, address.like).hit.path
        question = ask_indexed_image(client, path, address.like, filters)
        return _sort(answer_similar(client, question, [address.like], thumbnails=thumbnails), address)
    if address.q.strip():
        question = ask_text(address.q, "photo", filters, hybrid=is_file_name(address.q),
                            cut_off=read_cut_off(client))
        return _sort(answer_question(client, question, thumbnails=thumbnails), address)
    order: Order = "altitude" if "altitude" in address.sort else "time"
    question = ask_photos(filters, order, reverse=address.sort.startswith("-"), page=address.page)
    answer = answer_photos(client, question, thumbnails=thumbnails)
    return replace(answer, hits=group_alike(client, answer.hits))


def _sort(answer: Answer, address: Address) -> Answer:
    """The same photos in another order: the best match decides which they are."""
    if not address.sort:
        return answer
    place = attrgetter("altitude" if "altitude" in address.sort else "time.clock")
    known = sorted((hit for hit in answer.hits if place(hit) is not None), key=place,
                   reverse=address.sort.startswith("-"))
    return replace(answer, hits=(*known, *(hit for hit in answer.hits if place(hit) is None)))
