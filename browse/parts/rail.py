"""The left side: peaks, concepts, days and libraries with live counts, each a filter that a click sets."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from elasticsearch import Elasticsearch

from browse.address import WHOLE_WORLD, Address
from browse.parts.markup import show
from loader.peaks.catalogue import Concept, Peak
from loader.peaks.catalogue_index import read_by_id
from loader.search.facets import Facets

_TITLES = {
    "peak": ("Peaks", "predicted_peaks"),
    "in_frame": ("Peaks in the frame", "peaks_in_frame"),
    "concept": ("Also shown", "predicted_concepts"),
    "library": ("Libraries", "libraries"),
}


@dataclass(frozen=True)
class Choice:
    """A line of the rail.

    Attributes:
        name: for a person.
        photos: how many it has under the other filters.
        link: the address with it on, or off where it is on.
        is_on: whether it filters now.
    """

    name: str
    photos: int
    link: str
    is_on: bool


def read_names(client: Elasticsearch, address: Address, facets: Facets) -> dict[str, str]:
    """Names of the peaks and concepts that the rail and the chips name, by their ids."""
    peaks = {*facets.counts["predicted_peaks"], *facets.counts["peaks_in_frame"],
             *address.peak, *address.in_frame}
    concepts = {*facets.counts["predicted_concepts"], *address.concept}
    found = {**read_by_id(client, Peak, peaks), **read_by_id(client, Concept, concepts)}
    return {identifier: entry.name for identifier, entry in found.items()}


def show_rail(address: Address, facets: Facets, names: Mapping[str, str]) -> None:
    """Show every facet that has something to choose."""
    groups = [(title, _choices(address, name, facets.counts[facet], names))
              for name, (title, facet) in _TITLES.items()]
    groups = [(title, choices) for title, choices in groups
              if len(choices) > 1 or any(choice.is_on for choice in choices) or title != "Libraries"]
    days = [_day(address, day, photos) for day, photos in facets.counts["days"].items()]
    placed = Choice("with a position", facets.with_position,
                    address.link(box="" if address.box else WHOLE_WORLD), bool(address.box))
    groups += [("Days", days), ("Place", [placed] if facets.with_position or address.box else [])]
    show("rail.html", groups=[(title, choices) for title, choices in groups if choices])


def _choices(
    address: Address, name: str, counts: Mapping[str, int], names: Mapping[str, str]
) -> list[Choice]:
    chosen = getattr(address, name)
    values = dict.fromkeys([*counts, *chosen])
    choices = [
        Choice(names.get(value, value), counts.get(value, 0), address.toggle(name, value), value in chosen)
        for value in values
    ]
    return sorted(choices, key=lambda choice: not choice.is_on)


def _day(address: Address, day: str, photos: int) -> Choice:
    is_on = address.from_day == day == address.to_day
    other = "" if is_on else day
    return Choice(day, photos, address.link(from_day=other, to_day=other), is_on)
