"""The photos of an answer: large thumbnails with one line each, in an order, with more behind a link.

An address is answered by the same questions as the commands'.
"""
from __future__ import annotations

from dataclasses import replace
from operator import attrgetter

from browse.address import Address
from browse.parts.markup import show
from browse.server import Settings
from loader.peaks.identification.calibration_store import read_cut_off
from loader.search.alike import group_alike
from loader.search.answer import Answer, read_photo
from loader.search.asking import answer_photos, answer_similar, answer_words
from loader.search.filters import Filters
from loader.search.notes import is_file_name
from loader.search.question import Order, ask_indexed_image, ask_photos, ask_text
from loader.text import format_count

SIZE = 32  # photos at first
MOST = 200  # that a template gives
_ORDERS = {"time": "earliest", "-time": "latest", "altitude": "lowest", "-altitude": "highest"}


def answer_address(settings: Settings, address: Address, filters: Filters) -> Answer:
    """Ask what an address asks for, with its filters; copies and bursts are one hit, but in an opened stack.

    Thumbnails come along where photos are looked at together.

    Raises:
        PeaksError: the cluster has no photos, no model or no such page.
    """
    answer = _answer(settings, address, filters + Filters({"size": min(address.size or SIZE, MOST)}))
    stack = next((hit for hit in answer.hits if hit.id == address.stack), None)
    if stack is None:
        return answer
    hits = tuple(replace(hit, copies=(), burst=()) for hit in stack.members)
    return replace(answer, hits=hits, total=stack.count)


def _answer(settings: Settings, address: Address, filters: Filters) -> Answer:
    client, thumbnails = settings.client, not address.photo
    if address.like:
        path = read_photo(client, address.like).hit.path
        question = ask_indexed_image(client, path, address.like, filters)
        return _sort(answer_similar(client, question, [address.like], thumbnails=thumbnails), address)
    if address.q.strip():
        question = ask_text(address.q, "photo", filters, hybrid=is_file_name(address.q),
                            cut_off=read_cut_off(client))
        return _sort(answer_words(client, question, settings.text, thumbnails=thumbnails), address)
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


def show_grid(address: Address, answer: Answer) -> None:
    """Show an answer with its orders and its pages."""
    orders = {"": "best match", **_ORDERS} if address.has_match else _ORDERS
    count = sum(hit.count for hit in answer.hits) if answer.total is None else answer.total
    found = format_count(count, "photo")
    if address.has_match and answer.total is None:
        found = f"the best {found}"
    usual = address.sort or ("" if address.has_match else "time")
    show(
        "grid.html", address=address, answer=answer, found=found,
        orders=[(words, address.link(sort=order), order == usual) for order, words in orders.items()],
        pages=_pages(address, answer),
    )


def _pages(address: Address, answer: Answer) -> list[tuple[str, str]]:
    """Where the other photos are: words and addresses."""
    if address.has_match:
        size = address.size or SIZE
        more = len(answer.hits) >= size and size < MOST
        return [("More", address.link(size=min(size + SIZE, MOST)))] if more else []
    pages = []
    if address.page > 1:
        pages.append(("Earlier", address.link(page=address.page - 1)))
    if address.page * SIZE < (answer.total or 0):
        pages.append(("More", address.link(page=address.page + 1)))
    return pages
