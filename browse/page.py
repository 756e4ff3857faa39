"""The page: Streamlit runs this file from the top at every visit, and the address says what it shows."""
from __future__ import annotations

import streamlit

from browse.address import Address
from browse.parts.grid import answer_address, show_grid
from browse.parts.heading import describe_cluster, show_examples, show_search
from browse.parts.markup import PARTS, said_errors, show
from browse.parts.one_photo import show_photo, show_steps, show_way_back
from browse.parts.persons_word import show_word
from browse.parts.rail import read_names, show_rail
from browse.parts.trek_view import show_trek
from browse.parts.uploads import show_uploads
from browse.server import Settings
from loader.errors import PeaksError
from loader.search.answer import read_photo
from loader.search.facets import Facets, read_facets
from loader.search.filters import Filters


def main() -> None:
    """Show what the address says."""
    settings, address = Settings.chosen, Address.read(streamlit.query_params.get_all)
    streamlit.set_page_config(page_title=address.q or "Photos and peaks", layout="wide")
    streamlit.html(PARTS / "style.css")
    state = show_search(address)
    with said_errors():
        everything = read_facets(settings.client, Filters())
        with said_errors():
            if address.view == "identify":
                show_uploads(settings)
            else:
                _show_photos(settings, address, everything)
        with state:
            show("state.html", words=describe_cluster(settings, everything))


def _show_photos(settings: Settings, address: Address, everything: Facets) -> None:
    """The chips and the rail, which stay where a filter is refused, the map, and photos or one of them."""
    facets, filters, error = everything, Filters(), None
    try:
        filters = address.filters(settings.client)
        if filters.parameters:
            facets, address = read_facets(settings.client, filters), address.name_by_ids(filters.parameters)
    except PeaksError as refused:
        error = refused
    names = read_names(settings.client, address, facets)
    if address == Address():
        show_examples(address, everything, names)
    show("chips.html", chips=address.chips(names))
    with streamlit.sidebar:
        show_rail(address, facets, names)
    if error is not None:
        raise error
    if address.photo:
        _show_photo(settings, address, filters)
    else:
        answer = answer_address(settings, address, filters)
        if address.view == "map":
            with said_errors():
                show_trek(settings, address, filters, answer)
        show_grid(address, answer)


def _show_photo(settings: Settings, address: Address, filters: Filters) -> None:
    """The photo before the answer that it was chosen from, which takes longer."""
    steps = streamlit.container(horizontal=True)
    with steps:
        show_way_back(address)
    photo = read_photo(settings.client, address.photo)
    streamlit.set_page_config(page_title=photo.hit.path)
    show_photo(settings, address, photo)
    with said_errors(), steps:
        show_steps(address, answer_address(settings, address, filters).hits)
    with said_errors():
        show_word(settings, photo.hit)


main()
