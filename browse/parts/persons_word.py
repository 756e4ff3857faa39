"""*This is …*: a person says which peaks a photo shows, or that it shows none of the catalogue."""
from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import numpy as np
import streamlit
from elasticsearch import Elasticsearch

from browse.parts.markup import as_plain_text
from browse.settings import Settings
from loader.elastic.error_sentences import explained_errors
from loader.elastic.photo_index import read_documents
from loader.errors import PeaksError
from loader.peaks.catalogue import TOP_PEAKS, Peak
from loader.peaks.catalogue_index import read_all
from loader.peaks.confirmed import confirm_peaks
from loader.peaks.identification.document_fields import open_field_filler, take_back_word
from loader.peaks.identification.identifier import Identifier, open_identifier
from loader.peaks.sight.camera import read_camera
from loader.search.answer import PhotoHit
from loader.search.asked_image import read_siglip

_CANDIDATES = 4
_KEPT = 60.0  # seconds
_REFUSED = "refused word"  # what the last click was refused for


def show_word(settings: Settings, hit: PhotoHit) -> None:
    """Show what a person may say of a photo, each a click; without the model it has no likeliest peaks.

    Raises:
        PeaksError: the last click was refused.
    """
    client, identifier = settings.client, None
    with suppress(PeaksError):  # the model is away, as the line about the cluster says
        identifier = _open_identifier(settings.connection.address, settings)
    peaks = identifier.peaks if identifier else {peak.id: peak for peak in read_all(client, Peak)}
    confirm = partial(confirm_peaks, client, hit.id)
    with streamlit.container(border=True):
        with streamlit.container(horizontal=True):
            for peak in _find_candidates(client, identifier, hit):
                _offer(f"This is {as_plain_text(peak.name)}", f"is {peak.id}", hit.confirmed != (peak.id,),
                       partial(confirm, [peak]))
            _offer("No peak of the catalogue", "is none", not hit.is_without_peak, partial(confirm, []))
            _offer("Take back what you said", "take back", bool(hit.confirmed),
                   partial(_take_back, settings, hit.id))
        with streamlit.container(horizontal=True, vertical_alignment="bottom"):
            chosen = streamlit.multiselect(
                "Another peak, or several", sorted(peaks, key=lambda each: peaks[each].name),
                format_func=lambda each: ", ".join(peaks[each].names), placeholder="Any of its names",
                key=f"peaks of {hit.id}",
            )
            _offer("It shows these", "is chosen", bool(chosen),
                   partial(confirm, [peaks[each] for each in chosen]))
    if refused := streamlit.session_state.pop(_REFUSED, None):
        raise PeaksError(refused)


@streamlit.cache_resource(ttl=_KEPT, show_spinner=False)
def _open_identifier(address: str, _settings: Settings) -> Identifier:
    """The catalogue and the rule: of 5,000 peaks half a second, too long for each photo that is looked at."""
    return open_identifier(_settings.client, read_siglip(_settings.client, _settings.vision))


def _find_candidates(client: Elasticsearch, identifier: Identifier | None, hit: PhotoHit) -> list[Peak]:
    """The likeliest peaks by the rule; none for a photo without a vector."""
    document = read_documents(client, [hit.id]).get(hit.id, {})
    if identifier is None or not document.get("clip_image"):
        return []
    vector = np.array([document["clip_image"]], dtype=np.float32)
    found = identifier.identify(vector, [read_camera(document)])[0]
    return [candidate.peak for candidate in found.candidates[:_CANDIDATES]]


def _offer(words: str, key: str, is_new: bool, say: Callable[[], object]) -> None:
    """Show a button that writes before the page is made anew, which then says a refusal."""

    def write() -> None:
        try:
            with explained_errors():
                say()
        except PeaksError as error:
            streamlit.session_state[_REFUSED] = error.message

    streamlit.button(words, key=key, disabled=not is_new, on_click=write)


def _take_back(settings: Settings, photo: str) -> None:
    siglip = read_siglip(settings.client, settings.vision)
    take_back_word(settings.client, photo, open_field_filler(settings.client, siglip, TOP_PEAKS))
