"""The page's state is its address: what is asked, the filters, and what is looked at.

So a search can be bookmarked and sent, and the back button works. The names of the query's parameters are
those of the command line's options where there is one.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from elasticsearch import Elasticsearch

from loader.search.filters import Filters, read_filters, read_whereabouts
from loader.search.written_values import say_altitudes

Sort = Literal["", "time", "-time", "altitude", "-altitude"]
View = Literal["", "map", "identify"]
WHOLE_WORLD = "90,-180,-90,180"  # a box with every photo that has a position
NOWHERE = "none"  # in place of a box: photos without a position
PLACES = {WHOLE_WORLD: "with", NOWHERE: "without"}  # a position, as the facet calls it
_CHIPS: Mapping[str, Callable[[str], str]] = {  # by the name of what they take away
    "like": "like {}".format, "peak": "shows {}".format, "in_frame": "{} in the frame".format,
    "concept": "with {}".format, "library": "library {}".format, "from_day": "from {}".format,
    "to_day": "to {}".format, "altitude": say_altitudes,
    "box": lambda box: f"{PLACES[box]} a position" if box in PLACES else "inside a box of the map",
    "area": "inside an outline on the map".format, "stack": "copies and burst of {}".format,
}


@dataclass(frozen=True)
class Address:
    """The state of the page.

    Attributes:
        q: words; "" browses.
        like: id of a photo that others are compared with.
        peak: ids or names of peaks that photos are predicted to show; ``concept`` too.
        in_frame: ids or names of peaks that stood in the frame.
        from_day: as ``--from`` takes it; ``to_day`` as ``--to``.
        box: TOP,LEFT,BOTTOM,RIGHT in degrees, or `NOWHERE`.
        area: corners of an outline on the map, each ``LONGITUDE LATITUDE``, the last as the first.
        altitude: LOWEST,BELOW in metres.
        sort: "" is the best match, or the photos' own clock without a question; "-" begins at the other end.
        page: from 1, of an answer without words.
        size: of an answer to words; 0 is the usual one.
        stack: id of a photo whose copies and burst are shown apart.
        photo: id of the one that is looked at.
        sight: whether its peaks are marked.
        view: beside the photos.
    """

    q: str = ""
    like: str = ""
    peak: tuple[str, ...] = ()
    in_frame: tuple[str, ...] = ()
    concept: tuple[str, ...] = ()
    library: tuple[str, ...] = ()
    from_day: str = ""
    to_day: str = ""
    box: str = ""
    area: str = ""
    altitude: str = ""
    sort: Sort = ""
    page: int = 1
    size: int = 0
    stack: str = ""
    photo: str = ""
    sight: str = ""
    view: View = ""

    @property
    def has_match(self) -> bool:
        """Whether photos are asked for by how well they fit, so that the answer is the best of them."""
        return bool(self.q.strip() or self.like)

    @classmethod
    def read(cls, values_of: Callable[[str], list[str]]) -> Address:
        """Read the parameters of an address; what cannot be meant is as if it were not there."""
        read: dict[str, Any] = {}
        for each in fields(cls):
            values = [value for value in values_of(each.name) if value]
            if isinstance(each.default, tuple):
                read[each.name] = tuple(dict.fromkeys(values))
            elif isinstance(each.default, int):
                read[each.name] = _read_number(values, each.default)
            else:
                read[each.name] = values[-1] if values else each.default
        read["sort"] = read["sort"] if read["sort"] in get_args(Sort) else ""
        read["view"] = read["view"] if read["view"] in get_args(View) else ""
        return cls(**read)

    def parameters(self) -> dict[str, Any]:
        """The query's parameters, without those that say nothing."""
        values = ((each, getattr(self, each.name)) for each in fields(self))
        return {each.name: value for each, value in values if value != each.default}

    def change(self, **changes: Any) -> Address:
        """The address with some of its state changed; another question or filter begins at the first page."""
        if changes.keys() - {"photo", "sight"}:
            changes = {"page": 1, "size": 0, "stack": "", "photo": "", "sight": "", **changes}
        return replace(self, **changes)

    def link(self, **changes: Any) -> str:
        """Where a link leads that makes these changes."""
        return f"?{urlencode(self.change(**changes).parameters(), doseq=True)}"

    def toggle(self, name: str, value: str) -> str:
        """The address with a value added or taken away."""
        values = getattr(self, name)
        if isinstance(values, str):
            return self.link(**{name: "" if values == value else value})
        others = tuple(each for each in values if each != value)
        return self.link(**{name: others if value in values else (*values, value)})

    def filters(self, client: Elasticsearch) -> Filters:
        """The filters as the templates take them.

        Raises:
            PeaksError: one cannot be meant, or names an unknown peak, concept or library.
        """
        is_nowhere = self.box == NOWHERE
        return read_filters(
            client, peaks=self.peak, in_frame=self.in_frame, concepts=self.concept, libraries=self.library,
            shot_from=self.from_day or None, shot_to=self.to_day or None,
            box=None if is_nowhere else self.box or None,
        ) + read_whereabouts(self.altitude or None, area=self.area or None, without_position=is_nowhere)

    def name_by_ids(self, parameters: Mapping[str, Any]) -> Address:
        """The address with the ids of its peaks and concepts, which its filters' ``parameters`` have."""
        names = ("predicted_peaks", "peaks_in_frame", "predicted_concepts")
        peak, in_frame, concept = (tuple(parameters.get(name, ())) for name in names)
        return replace(self, peak=peak, in_frame=in_frame, concept=concept)

    def chips(self, names: Mapping[str, str]) -> list[tuple[str, str]]:
        """What is asked and filtered by, by the names of its ids, each with the address without it."""
        is_one_day = bool(self.from_day) and self.from_day == self.to_day
        said = replace(self, from_day="", to_day="") if is_one_day else self
        chips = [(f"“{self.q}”", self.link(q=""))] if self.q else []
        chips += [(self.from_day, self.link(from_day="", to_day=""))] if is_one_day else []
        for name, say in _CHIPS.items():
            values = getattr(said, name)
            for value in values if isinstance(values, tuple) else filter(None, [values]):
                chips.append((say(names.get(value, value)), self.toggle(name, value)))
        return chips


def _read_number(values: list[str], default: int) -> int:
    number = int(values[-1]) if values and values[-1].isdecimal() and len(values[-1]) < 6 else default
    return max(number, default)
