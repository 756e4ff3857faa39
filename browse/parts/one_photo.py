"""The page of one photo: large and upright from the library's file, its facts, and where to go from it."""
from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path

import streamlit

from browse.address import Address
from browse.parts.markup import said_errors, show
from browse.server import Settings
from loader.errors import PeaksError
from loader.files.paths import find_inside
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_index import require_entries
from loader.peaks.sight.geometry import Summits
from loader.search.answer import Photo, PhotoHit
from loader.show.pages import thumbnail_uri
from loader.show.sight.screen import draw_sight, read_large
from loader.show.values import format_picture

_NEIGHBOURS = "neighbours"  # of the photo that was looked at last


def show_photo(settings: Settings, address: Address, photo: Photo) -> None:
    """Show a photo with its facts, and where to go from it."""
    hit, file = photo.hit, find_inside(photo.hit.root, photo.hit.path)
    picture, note = b64decode(hit.thumbnail or "") if thumbnail_uri(hit.thumbnail) else b"", None
    try:
        if address.sight and file is not None:
            picture = draw_peaks(settings, file, hit.path)
        elif file is not None:
            picture = keep_large(str(file), file.stat().st_mtime)
        else:
            note = "The file is not where the library was loaded from: this is its thumbnail."
    except PeaksError as error:
        note = error.message
    show("note.html", note=note)
    with said_errors():
        if picture:
            streamlit.image(picture, alt=format_picture(hit))
    show("photo.html", address=address, hit=hit, file=file, in_frame=photo.in_frame, fields=photo.fields)
    streamlit.code(hit.file or hit.path, language=None)  # it has a button to copy


@streamlit.cache_data(max_entries=20, show_spinner="Reading the file")
def keep_large(file: str, changed: float) -> bytes:
    """A file for the screen; read anew when it has ``changed``, seconds since 1970."""
    return read_large(file)


def draw_peaks(settings: Settings, file: Path, name: str) -> bytes:
    """A photo with the catalogue's peaks before its camera; see `draw_sight`."""
    return draw_sight(str(file), name, Summits.gather(require_entries(settings.client, Peak)))


def show_way_back(address: Address) -> None:
    """Show the button to the answer that the photo was chosen from; the key Escape presses it."""
    back = address.change(photo="", sight="").parameters()
    streamlit.button("Back", key="back", shortcut="Escape", on_click=streamlit.query_params.from_dict,
                     args=[back])


def show_steps(address: Address, others: Sequence[PhotoHit]) -> None:
    """Show buttons to the photos before and after in an answer; the arrow keys press them."""
    before, after = _find_neighbours(address.photo, [other.id for other in others])
    for words, key, other in (("Before", "Left", before), ("Next", "Right", after)):
        streamlit.button(words, shortcut=key, disabled=other is None, key=words,
                         on_click=streamlit.query_params.update, kwargs={"photo": other})


def _find_neighbours(photo: str, ids: list[str]) -> tuple[str | None, str | None]:
    """The photos before and after one; where it stood, if a person's word has taken it out of the answer."""
    if photo in ids:
        place = ids.index(photo)
        before, after = ids[place - 1] if place else None, next(iter(ids[place + 1:]), None)
        streamlit.session_state[_NEIGHBOURS] = photo, before, after
    stood, before, after = streamlit.session_state.get(_NEIGHBOURS, ("", None, None))
    return (before, after) if stood == photo else (None, None)
