"""Peaks of the catalogue in the cluster, by what people call them (see `loader.peaks.name_lookup`)."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from loader.elastic.indices import PEAKS
from loader.files.place import Point
from loader.peaks.name_lookup import NameIndex


@dataclass(frozen=True)
class Peak:
    """A catalogue entry: slug, names (the first is the one to show), summit, elevation in metres."""

    id: str
    names: tuple[str, ...]
    position: Point | None = None
    elev_m: int | None = None

    @property
    def name(self) -> str:
        """The name to show."""
        return self.names[0] if self.names else self.id


def read_peak(hit: dict[str, Any]) -> Peak:
    """A peak from a search hit with ``fields``; its ``_id`` stands in for an id that was not asked for."""
    fields = hit.get("fields", {})
    return Peak(
        id=next(iter(fields.get("id", [])), hit["_id"]),
        names=tuple(fields.get("names", ())),
        position=read_position(fields.get("latlon")),
        elev_m=next(iter(fields.get("elev_m", [])), None),
    )


def read_position(values: Sequence[dict[str, Any]] | None) -> Point | None:
    """The first value of a geo_point in ``fields``, which are GeoJSON points (longitude first)."""
    if not values:
        return None
    longitude, latitude = values[0]["coordinates"]
    return Point(lat=latitude, lon=longitude)


PEAK_NAMES = NameIndex(
    PEAKS, "peak", "peaks load-peaks FILE", ("id", "names", "latlon", "elev_m"), read_peak
)


def find_peak(client: Elasticsearch, name: str) -> Peak:
    """The one peak with this id or name; PeaksError with the closest names when there is none."""
    return PEAK_NAMES.find(client, name)


def read_peaks(client: Elasticsearch, ids: Iterable[str]) -> dict[str, Peak]:
    """The catalogue's entries with these ids; an id that is not in the catalogue is left out."""
    return PEAK_NAMES.read_ids(client, ids)


def read_catalogue(client: Elasticsearch) -> Iterator[Peak]:
    """Every peak in the catalogue, by id."""
    return PEAK_NAMES.read_all(client)
