"""How much of a photo's place goes into the index: what a person chose at load time."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

Location = Literal["none", "coarse", "exact"]
LOCATIONS: tuple[Location, ...] = get_args(Location)  # the strictest first
FIELD = "location"  # of the document; one that says nothing is exact

COARSE_DECIMALS = 2  # of degrees: 1.1 km from south to north, less from west to east

# With these and the summits in the picture one could compute the point.
_LINES_OF_SIGHT = {"altitude", "bearing", "bearing_reference"}
_POSITION = {"gps", "position_source", "shot_time_offset"}


def withhold_place(fields: Mapping[str, Any], location: Location) -> dict[str, Any]:
    """Return a document's fields without what a person keeps to themselves.

    It must be done before the photo is identified, so that no sight line is computed from the rest.

    Args:
        fields: of `loader.files.photo.metadata_fields`, and others, which stay.
        location: coarse rounds the position and leaves out altitude and bearing. none leaves out the position
            too, and the offset of the clock, which tells the time zone.
    """
    if location == "exact":
        return dict(fields)
    hidden = _LINES_OF_SIGHT | (_POSITION if location == "none" else set())
    if location == "none" and "shot_time_local" in fields:
        hidden |= {"shot_time"}  # their difference is the offset
    kept = {name: value for name, value in fields.items() if name not in hidden}
    if "gps" in kept:
        kept["gps"] = {axis: round(degrees, COARSE_DECIMALS) for axis, degrees in kept["gps"].items()}
    if "has_gps" in kept:
        kept["has_gps"] = "gps" in kept
    return {**kept, FIELD: location}


def strictest(locations: Iterable[str]) -> Location:
    """The strictest of some choices; exact when there is none."""
    found = set(locations)
    return next((each for each in LOCATIONS if each in found), "exact")
