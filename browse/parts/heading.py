"""The top of the page: words, examples that this library answers, the views, the cluster's state."""
from __future__ import annotations

from collections.abc import Mapping

import streamlit
from streamlit.delta_generator import DeltaGenerator

from browse.address import Address
from browse.parts.markup import show
from browse.server import Settings
from loader.elastic.error_sentences import explained_errors
from loader.elastic.indices import PHOTOS
from loader.elastic.models import is_started, read_deployed_model, read_index_model
from loader.errors import PeaksError
from loader.search.facets import Facets
from loader.text import format_count

_EXAMPLES = 5
_WORDS = "words"  # key of the search box
_MOST_CHARACTERS = 1000  # as the templates take them
_PAUSE = "500ms"  # of a person who types, before the words are asked for


def show_search(address: Address) -> DeltaGenerator:
    """Show the search box and the ways to other views; return where the cluster's state is to stand."""
    if streamlit.session_state.get(_WORDS) != address.q:  # by a link, or by the browser's buttons
        streamlit.session_state[_WORDS] = address.q
    streamlit.text_input(
        "What the photos show, in any language", key=_WORDS, type="search", max_chars=_MOST_CHARACTERS,
        placeholder="What do the photos show?", label_visibility="collapsed", live=_PAUSE, on_change=_ask,
        args=[address],
    )
    with streamlit.container(horizontal=True, horizontal_alignment="distribute", gap=None):
        show("views.html", address=address)
        return streamlit.empty()


def _ask(address: Address) -> None:
    """Put the words into the address before the page is made anew: nothing is loaded again."""
    view = "" if address.view == "identify" else address.view
    asked = address.change(q=streamlit.session_state[_WORDS], like="", view=view)
    streamlit.query_params.from_dict(asked.parameters())


def show_examples(address: Address, facets: Facets, names: Mapping[str, str]) -> None:
    """Words that this library answers: what most of its photos show."""
    concepts = list(facets.counts["predicted_concepts"])[:_EXAMPLES]
    examples = [names[each] for each in concepts if each in names]
    show("examples.html", address=address, examples=examples)


def describe_cluster(settings: Settings, facets: Facets) -> str:
    """The state of the cluster in one line."""
    try:
        with explained_errors():  # a key may have no right to see models
            model = read_deployed_model(settings.client, read_index_model(settings.client, PHOTOS).model_id)
            has_started = is_started(settings.client, model.model_id)
        ready = f"words are read by {model.model_id}"
        if not has_started:
            ready = f"model {model.model_id} is not started: run `peaks model deploy`"
    except PeaksError as error:
        ready = error.message
    return f"{format_count(facets.total, 'photo')} in {settings.connection.address}; {ready}"
