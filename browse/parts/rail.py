"""The left side: what the photos show, where and when, with live counts, each a filter that a click sets."""
from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from elasticsearch import Elasticsearch

from browse.address import PLACES, Address
from browse.parts.markup import show
from loader.errors import PeaksError
from loader.peaks.catalogue import Concept, Peak
from loader.peaks.catalogue_index import read_by_id
from loader.search.answer import read_photo
from loader.search.facets import ALTITUDES, Facets, group_days
from loader.search.written_values import say_altitudes

_TITLES = {
    "peak": ("Peaks", "predicted_peaks"),
    "in_frame": ("Peaks in the frame", "peaks_in_frame"),
    "concept": ("Also shown", "predicted_concepts"),
    "library": ("Libraries", "libraries"),
}


@dataclass(frozen=True)
class Choice:
    """A line of the rail: the address with it on, or off if it is, and its photos under the other filters.

    These are None where the chosen value is not among the facet's most frequent ones.
    """

    name: str
    photos: int | None
    link: str
    is_on: bool


def read_names(client: Elasticsearch, address: Address, facets: Facets) -> dict[str, str]:
    """Names of the peaks, concepts and photos that the rail and the chips name, by their ids."""
    peaks = {*facets.counts["predicted_peaks"], *facets.counts["peaks_in_frame"],
             *address.peak, *address.in_frame}
    concepts = {*facets.counts["predicted_concepts"], *address.concept}
    found = {**read_by_id(client, Peak, peaks), **read_by_id(client, Concept, concepts)}
    names = {identifier: entry.name for identifier, entry in found.items()}
    for photo in filter(None, (address.like, address.stack)):
        with suppress(PeaksError):  # it is gone, which the answer says
            names[photo] = read_photo(client, photo).hit.path
    return names


def show_rail(address: Address, facets: Facets, names: Mapping[str, str]) -> None:
    """Show every facet that has something to choose."""
    groups = {title: _choices(address, name, facets.counts[facet], names)
              for name, (title, facet) in _TITLES.items()}
    if len(groups["Libraries"]) == 1 and not address.library:
        del groups["Libraries"]
    show("rail.html", address=address, groups={
        **groups,
        "Days": list_days(address, facets.counts["days"]),
        "Altitude": list_altitudes(address, facets.counts["altitudes"]),
        "Place": list_places(address, facets.counts["position"]),
    })


def _choices(
    address: Address, name: str, counts: Mapping[str, int], names: Mapping[str, str]
) -> list[Choice]:
    chosen = getattr(address, name)
    return [
        Choice(names.get(value, value), counts.get(value), address.toggle(name, value), value in chosen)
        for value in dict.fromkeys([*chosen, *counts])
    ]


def list_days(address: Address, counts: Mapping[str, int]) -> list[Choice]:
    """Days, months or years; see `group_days`."""
    chosen = address.from_day if address.from_day == address.to_day else ""
    groups = group_days(counts, chosen)
    return [_choice(address, day, photos, from_day=day, to_day=day) for day, photos in groups.items()]


def list_altitudes(address: Address, counts: Mapping[float, int]) -> list[Choice]:
    """Ranges of `ALTITUDES` metres, and the chosen one."""
    ranges = {f"{lowest:.0f},{lowest + ALTITUDES:.0f}": photos for lowest, photos in counts.items()}
    if address.altitude:
        ranges.setdefault(address.altitude, 0)
    return [_choice(address, say_altitudes(each), photos, altitude=each) for each, photos in ranges.items()]


def list_places(address: Address, counts: Mapping[str, int]) -> list[Choice]:
    """With and without a position; either takes the place of an outline."""
    return [_choice(address, f"{each} a position", counts[each], box=box, area="")
            for box, each in PLACES.items() if counts[each] or address.box == box]


def _choice(address: Address, words: str, photos: int, **state: str) -> Choice:
    """One of which only one can be on: the state that sets it, and a second click unsets."""
    is_on = state.items() <= vars(address).items()
    return Choice(words, photos, address.link(**(dict.fromkeys(state, "") if is_on else state)), is_on)
