"""Filters on photos: where and when a photo was taken, what it shows, how similar it must be.

The options of a person (``--near 27.9,86.8 --within 5km``) become the parameters of the stored search
templates. These put every filter inside the knn clause, because a filter beside it would only remove some of
the nearest neighbours.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import click
from elasticsearch import Elasticsearch

from loader.elastic.indices import PEAKS, PHOTOS
from loader.elastic.models import read_deployed_model, read_index_model
from loader.elastic.photo_index import require_libraries
from loader.elastic.renewal.two_models import knn_clauses, own_filters
from loader.errors import PeaksError
from loader.peaks.catalogue import Concept, Entry, Peak
from loader.peaks.catalogue_file import SLUG
from loader.peaks.catalogue_index import find_entry, say_entry
from loader.peaks.siglip import SiglipSigmoid
from loader.place import Point
from loader.search.template_call import check_parameters
from loader.search.written_values import (
    is_after,
    parse_altitudes,
    parse_box,
    parse_distance,
    parse_moment,
    parse_point,
    say_altitudes,
)

DEFAULT_WITHIN = "5km"  # as the help of --within says
_MOST_PEAKS = 10_000  # a search's own limit

# What a filter adds to a template's parameters, and its words.
FilterPart = tuple[dict[str, Any], str]


@dataclass(frozen=True)
class Filters:
    """The filters that are on.

    Attributes:
        parameters: of the stored templates.
        words: the same filters as a person would say them ("within 5km of Ama Dablam").
    """

    parameters: dict[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()

    def __add__(self, others: Filters) -> Filters:
        """Both together."""
        return Filters({**self.parameters, **others.parameters}, (*self.words, *others.words))


def read_filters(
    client: Elasticsearch | None,
    *,
    near: str | None = None,
    within: str | None = None,
    box: str | None = None,
    shot_from: str | None = None,
    shot_to: str | None = None,
    libraries: Sequence[str] = (),
    peaks: Sequence[str] = (),
    concepts: Sequence[str] = (),
    in_frame: Sequence[str] = (),
    min_similarity: float | None = None,
    min_probability: float | None = None,
    size: int | None = None,
) -> Filters:
    """Read filters as a person types them; the cluster is asked for nothing but what they name.

    Args:
        client: of the cluster; None asks nothing, so that only a point and ids can be given.
        near: a point, or the id or name of a peak that stands for its summit.
        within: distance around ``near`` with its unit.
        box: the position of the photo, or the summit, lies inside it.
        shot_from: see `parse_moment`; ``shot_to`` too.
        libraries: names, one of which is that of the photo's library.
        peaks: ids or names, one of which the photo must be predicted to show; ``concepts`` too.
        in_frame: ids or names of peaks, one of which must have been in the frame by its sight line.
        min_similarity: lowest cosine, −1…1.
        min_probability: lowest SigLIP probability, between 0 and 1, instead of ``min_similarity``.
        size: most photos in the answer; the template's own default when None.

    Raises:
        PeaksError: one sentence for what cannot be meant, or for an unknown library, peak or concept.
        click.UsageError: two options that exclude each other.
    """
    parts = [
        *_read_place(client, near, within, box),
        *_read_times(shot_from, shot_to),
        *_read_libraries(client, libraries),
        *_read_contents(client, peaks, concepts, in_frame),
        *_read_cut_off(client, min_similarity, min_probability),
        ({} if size is None else {"size": size}, ""),
    ]
    parameters = {name: value for part, _ in parts for name, value in part.items()}
    return Filters(parameters, tuple(words for _, words in parts if words))


def read_whereabouts(
    altitude: str | None, *, area: str | None = None, without_position: bool = False
) -> Filters:
    """Filters on where a photo was taken that only a page of the browser has.

    Args:
        altitude: as `parse_altitudes` takes it.
        area: corners of a polygon, as the templates take it.
        without_position: whether only photos without one pass.

    Raises:
        PeaksError: the altitude is no range.
    """
    filters = Filters()
    if altitude is not None:
        lowest, below = parse_altitudes(altitude)
        parameters = {"altitude_from": lowest, "altitude_to": below}
        filters += Filters(parameters, (say_altitudes(altitude),))
    if area is not None:
        filters += Filters({"area": area}, ("inside an outline",))
    if without_position:
        filters += Filters({"without_position": True}, ("without a position",))
    return filters


def filter_clauses(
    client: Elasticsearch, filters: Filters, template: str = "photos-by-text"
) -> list[dict[str, Any]]:
    """The filters as clauses of a query, as a stored template makes them: they mean the same everywhere.

    Args:
        client: of the cluster.
        filters: on photos; on peaks with the template "peaks-by-text".
        template: one that searches by words.
    """
    parameters = {"text": "anything", **filters.parameters}
    check_parameters(template, parameters)
    rendered = client.render_search_template(id=template, params=parameters)["template_output"]
    return own_filters(knn_clauses(rendered)[0])


def find_peaks_inside(client: Elasticsearch, filters: Filters) -> frozenset[str] | None:
    """Ids of the peaks whose summits lie inside the filters' circle and box; None without such a filter."""
    if not {"near_lat", "box_top"} & filters.parameters.keys():
        return None
    query = {"bool": {"filter": filter_clauses(client, filters, "peaks-by-text")}}
    answer = client.search(index=PEAKS, source=False, fields=[{"field": "id"}], size=_MOST_PEAKS, query=query)
    return frozenset(hit["fields"]["id"][0] for hit in answer["hits"]["hits"])


def _read_place(
    client: Elasticsearch | None, near: str | None, within: str | None, box: str | None
) -> Iterator[FilterPart]:
    if near is not None:
        place, point = near.strip(), parse_point(near)
        if point is None:
            place, point = _find_summit(client, place)
        distance = DEFAULT_WITHIN if within is None else parse_distance(within)
        parameters = {"near_lat": point.lat, "near_lon": point.lon, "near_distance": distance}
        yield parameters, f"within {distance} of {place}"
    elif within is not None:
        raise PeaksError("--within needs a centre: give --near LAT,LON or --near PEAK with it.")
    if box is not None:
        sides = parse_box(box)
        words = f"inside the box {sides.top:g},{sides.left:g} to {sides.bottom:g},{sides.right:g}"
        yield {f"box_{side}": degrees for side, degrees in asdict(sides).items()}, words


def _find_summit(client: Elasticsearch | None, name: str) -> tuple[str, Point]:
    if client is None:
        raise _unasked(f"where {name} is", "give --near LAT,LON")
    peak = find_entry(client, Peak, name)
    if peak.position is None:
        raise PeaksError(f"{peak.name} has no position in the catalogue: load it again with its latlon.")
    return say_entry(peak, name), peak.position


def _read_times(shot_from: str | None, shot_to: str | None) -> Iterator[FilterPart]:
    start = "" if shot_from is None else parse_moment(shot_from, "--from", last=False)
    end = "" if shot_to is None else parse_moment(shot_to, "--to", last=True)
    clocks = [_say_clock(moment) for moment in (start, end) if moment]
    if start:
        clock = "" if clocks[0] == clocks[-1] and end else clocks[0]  # said once, at the end
        yield {"shot_from": start}, f"from {start.replace('T', ' ')}{clock}"
    if end:
        yield {"shot_to": end}, f"to {end.replace('T', ' ')}{clocks[-1]}"
    if start and end and is_after(start, end):
        raise PeaksError(f"--from {shot_from} lies after --to {shot_to}: exchange them.")


def _read_libraries(client: Elasticsearch | None, names: Sequence[str]) -> Iterator[FilterPart]:
    if not names:
        return
    if client is not None:
        require_libraries(client, names)
    yield {"libraries": list(names)}, f"of the library {' or '.join(names)}"


def _say_clock(moment: str) -> str:
    """What of a photo a moment is compared with."""
    return " as an instant" if moment[19:] else " by each photo's own clock"


def _unasked(what: str, fix: str) -> PeaksError:
    sentence = f"--curl asks the cluster nothing, so it cannot tell {what}: {fix}, or leave --curl out."
    return PeaksError(sentence)


def _find_entry(client: Elasticsearch | None, kind: type[Entry], name: str) -> Entry:
    """Find an entry; without a cluster, an id stands for itself."""
    if client is not None:
        return find_entry(client, kind, name)
    if not SLUG.fullmatch(name.strip()):
        raise _unasked(f"which {kind.noun} is called {name!r}", f"give its id, such as {kind.example[0]}")
    return kind(name.strip(), ())


def _read_contents(
    client: Elasticsearch | None, peaks: Sequence[str], concepts: Sequence[str], in_frame: Sequence[str]
) -> Iterator[FilterPart]:
    yield from _read_entries(client, "predicted_peaks", Peak, peaks, "showing {}")
    yield from _read_entries(client, "predicted_concepts", Concept, concepts, "with {}")
    yield from _read_entries(client, "peaks_in_frame", Peak, in_frame, "with {} in the frame")


def _read_entries(
    client: Elasticsearch | None, parameter: str, kind: type[Entry], names: Sequence[str], sentence: str
) -> Iterator[FilterPart]:
    if entries := [_find_entry(client, kind, name) for name in names]:
        said = " or ".join(map(say_entry, entries, names))
        yield {parameter: [entry.id for entry in entries]}, sentence.format(said)


def _read_cut_off(
    client: Elasticsearch | None, similarity: float | None, probability: float | None
) -> Iterator[FilterPart]:
    if similarity is not None and probability is not None:
        raise click.UsageError("--min-similarity and --min-probability are one cut-off: give one of them.")
    if similarity is not None:
        yield {"min_similarity": similarity}, f"similarity at least {similarity:g}"
    if probability is not None:
        if client is None:
            raise _unasked("which cosine has that probability", "give --min-similarity COSINE")
        cosine = _cosine_of(client, probability)
        yield {"min_similarity": cosine}, f"probability at least {probability:g} (cosine {cosine:.3f})"


def _cosine_of(client: Elasticsearch, probability: float) -> float:
    """The cosine that has a SigLIP probability with the model of the photos."""
    model = read_deployed_model(client, read_index_model(client, PHOTOS).model_id)
    siglip = SiglipSigmoid.of(model)
    if siglip is None:
        raise PeaksError(
            f"Model [{model.model_id}] does not carry SigLIP's scale and bias: give --min-similarity "
            "instead of --min-probability."
        )
    return siglip.cosine(probability)
