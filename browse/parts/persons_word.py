"""*This is …*: a person says which peaks a photo shows, or that it shows none of the catalogue."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import streamlit

from browse.parts.markup import as_plain_text
from browse.server import Settings
from loader.elastic.error_sentences import explained_errors
from loader.errors import PeaksError
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_index import read_all
from loader.peaks.confirmed import confirm_peaks
from loader.peaks.identification.document_fields import identify_indexed, take_back_word
from loader.peaks.identification.identifier import Candidate, Identifier
from loader.search.answer import PhotoHit

_CANDIDATES = 4
_KEPT = 60.0  # seconds
_REFUSED = "refused word"  # what the last click was refused for


def show_word(settings: Settings, hit: PhotoHit) -> None:
    """Show what a person may say of a photo, each a click; without the model it has no likeliest peaks.

    Raises:
        PeaksError: the last click was refused.
    """
    client, identifier = settings.client, None
    candidates: Sequence[Candidate] = ()
    with suppress(PeaksError):  # the model is away, as the line about the cluster says, or the photo's vector
        identifier = _keep_identifier(settings.connection.address, settings)
        candidates = identify_indexed(client, identifier, hit.id)[0].candidates[:_CANDIDATES]
    peaks = identifier.peaks if identifier else {peak.id: peak for peak in read_all(client, Peak)}
    confirm = partial(confirm_peaks, client, hit.id)
    with streamlit.container(border=True):
        with streamlit.container(horizontal=True):
            for peak in (candidate.peak for candidate in candidates):
                _offer(f"This is {as_plain_text(peak.name)}", f"is {peak.id}", hit.confirmed != (peak.id,),
                       partial(confirm, [peak]))
            _offer("No peak of the catalogue", "is none", not hit.is_without_peak, partial(confirm, []))
            _offer("Take back what you said", "take back", bool(hit.confirmed),
                   lambda: take_back_word(client, settings.open_identifier(), hit.id))
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
def _keep_identifier(address: str, _settings: Settings) -> Identifier:
    """The catalogue and the rule: of 5,000 peaks half a second, too long for each photo that is looked at."""
    return _settings.open_identifier()


def _offer(words: str, key: str, is_new: bool, say: Callable[[], object]) -> None:
    """Show a button that writes before the page is made anew, which then says a refusal."""

    def write() -> None:
        try:
            with explained_errors():
                say()
        except PeaksError as error:
            streamlit.session_state[_REFUSED] = error.message

    streamlit.button(words, key=key, disabled=not is_new, on_click=write)
