"""The photos of an answer: large thumbnails with one line each, in an order, with more behind a link."""
from __future__ import annotations

from browse.address import Address
from browse.answers import MOST, SIZE
from browse.parts.markup import show
from loader.search.answer import Answer
from loader.text import format_count

_ORDERS = {"time": "earliest", "-time": "latest", "altitude": "lowest", "-altitude": "highest"}


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
        pages.append(("Earlier page", address.link(page=address.page - 1)))
    if address.page * SIZE < (answer.total or 0):
        pages.append(("Next page", address.link(page=address.page + 1)))
    return pages
