"""What a person should know that a map leaves out, as sentences."""
from __future__ import annotations

from loader.show.map.start import main_trek
from loader.show.map.trek import Trek


def describe_rest(trek: Trek, *, is_page: bool) -> list[str]:
    """What is missing from a map: from the page with its thumbnails, or from the picture."""
    said = []
    if trek.left_out:
        said.append(f"{trek.left_out:,} later photos are left out: narrow the choice, with --from for one.")
    apart = len(trek.photos) - len(main_trek(trek.photos))
    if apart:
        where = "the view that the page opens with" if is_page else "the picture, unless --box names one"
        said.append(f"{_photos(apart)} far away from the others: outside {where}.")
    if is_page and trek.without_thumbnail:
        shown = len(trek.photos) - trek.without_thumbnail
        said.append(f"{shown:,} of {len(trek.photos):,} photos have their thumbnail here (--thumbnails).")
    return said


def _photos(count: int) -> str:
    return "1 photo was taken" if count == 1 else f"{count:,} photos were taken"
