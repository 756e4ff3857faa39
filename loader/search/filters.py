"""Filters on photos: where and when a photo was taken, what it shows, how similar it must be.

What a person types (``--near 27.9,86.8 --within 5km``) becomes the parameters of the stored search
templates, which put every filter inside the knn clause: a filter beside it would only thin out the
nearest neighbours that were already chosen.
"""
from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from elasticsearch import Elasticsearch

from loader.elastic.indices import PHOTOS
from loader.elastic.models import deployed_model, read_index_model
from loader.errors import PeaksError
from loader.files.place import Box, Point
from loader.peaks.catalogue import Concept, Entry, Peak
from loader.peaks.names import find_entry
from loader.peaks.siglip import Calibration
from loader.search.template_call import check_parameters

DEFAULT_WITHIN = "5km"

_NUMBER = r"\s*([+-]?\d+(?:\.\d+)?)\s*"
_POINT = re.compile(",".join([_NUMBER] * 2))
_BOX = re.compile(",".join([_NUMBER] * 4))
_DISTANCE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(m|km|mi|yd|ft|nmi)\s*", re.IGNORECASE)
_MOMENT = re.compile(
    r"(?P<written>\d{4}(?:-\d{2}(?:-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?P<offset>Z|[+-]\d{2}:\d{2})?)?)?)?)"
)
_DEGREES = {"latitude": 90, "longitude": 180}


@dataclass(frozen=True)
class Filters:
    """What the person asked for, read and checked, before peak names are looked up.

    Attributes:
        near: a point, or the id or name of a peak that stands for its summit.
        within: distance around ``near`` with its unit, as Elasticsearch writes it ("5km").
        box: the photo's position (or the summit) lies inside it.
        shot_from: first moment, ISO 8601 to the second.
        shot_to: last moment.
        peaks: ids or names, one of which must be among the photo's predicted peaks.
        concepts: ids or names, one of which must be among the photo's predicted concepts.
        in_frame: ids or names of peaks, one of which must have been in the frame by its sight line.
        min_similarity: lowest cosine similarity, −1…1.
        min_probability: lowest SigLIP probability, between 0 and 1, instead of ``min_similarity``.
        size: most photos in the answer; the template's own default when None.
    """

    near: Point | str | None = None
    within: str | None = None
    box: Box | None = None
    shot_from: str | None = None
    shot_to: str | None = None
    peaks: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()
    in_frame: tuple[str, ...] = ()
    min_similarity: float | None = None
    min_probability: float | None = None
    size: int | None = None


@dataclass(frozen=True)
class ResolvedFilters:
    """Filters whose peaks and concepts are catalogue entries: ready for a template, and for a sentence.

    Attributes:
        parameters: the templates' parameters, nothing but the filters that are on.
        words: the same filters as a person would say them ("within 5km of Ama Dablam").
    """

    parameters: dict[str, Any]
    words: tuple[str, ...]


def filter_clauses(
    client: Elasticsearch, filters: ResolvedFilters, template: str = "photos-by-text"
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
    clauses: list[dict[str, Any]] = rendered["knn"]["filter"]
    return clauses


def resolve_filters(client: Elasticsearch, filters: Filters) -> ResolvedFilters:
    """Turn filters into template parameters; the cluster is asked for nothing but what they name.

    Raises:
        PeaksError: an unknown peak or concept, or a model without a calibration.
    """
    resolved = ResolvedFilters({} if filters.size is None else {"size": filters.size}, ())
    for parameters, words in _resolve_each(client, filters):
        resolved = ResolvedFilters({**resolved.parameters, **parameters}, (*resolved.words, words))
    return resolved


def _resolve_each(client: Elasticsearch, filters: Filters) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the parameters of every filter that is on, with its words."""
    if filters.near is not None:
        yield _resolve_near(client, filters.near, filters.within or DEFAULT_WITHIN)
    if box := filters.box:
        sides = {"box_top": box.top, "box_left": box.left, "box_bottom": box.bottom, "box_right": box.right}
        yield sides, f"inside the box {box.top:g},{box.left:g} to {box.bottom:g},{box.right:g}"
    if filters.shot_from is not None:
        yield {"shot_from": filters.shot_from}, f"from {filters.shot_from.replace('T', ' ')}"
    if filters.shot_to is not None:
        yield {"shot_to": filters.shot_to}, f"to {filters.shot_to.replace('T', ' ')}"
    kinds: tuple[tuple[str, tuple[str, ...], type[Entry], str], ...] = (
        ("predicted_peaks", filters.peaks, Peak, "showing {}"),
        ("predicted_concepts", filters.concepts, Concept, "with {}"),
        ("peaks_in_frame", filters.in_frame, Peak, "with {} in the frame"),
    )
    for parameter, names, kind, sentence in kinds:
        if entries := [find_entry(client, kind, name) for name in names]:
            ids, called = [entry.id for entry in entries], " or ".join(entry.name for entry in entries)
            yield {parameter: ids}, sentence.format(called)
    if filters.min_similarity is not None:
        words = f"similarity at least {filters.min_similarity:g}"
        yield {"min_similarity": filters.min_similarity}, words
    if filters.min_probability is not None:
        cosine = _cosine_of(client, filters.min_probability)
        words = f"probability at least {filters.min_probability:g} (cosine {cosine:.3f})"
        yield {"min_similarity": cosine}, words


def _resolve_near(client: Elasticsearch, near: Point | str, within: str) -> tuple[dict[str, Any], str]:
    if isinstance(near, Point):
        place, point = f"{near.lat:g},{near.lon:g}", near
    else:
        peak = find_entry(client, Peak, near)
        if peak.position is None:
            raise PeaksError(f"{peak.name} has no position in the catalogue: load it again with its latlon.")
        place, point = peak.name, peak.position
    parameters = {"near_lat": point.lat, "near_lon": point.lon, "near_distance": within}
    return parameters, f"within {within} of {place}"


def _cosine_of(client: Elasticsearch, probability: float) -> float:
    """The cosine that has a SigLIP probability with the model of the photos."""
    model = deployed_model(client, read_index_model(client, PHOTOS).model_id)
    calibration = Calibration.of(model)
    if calibration is None:
        raise PeaksError(
            f"Model [{model.model_id}] does not say its logit scale and bias: give --min-similarity "
            "instead of --min-probability."
        )
    return calibration.cosine(probability)


def read_filters(
    near: str | None = None,
    within: str | None = None,
    box: str | None = None,
    shot_from: str | None = None,
    shot_to: str | None = None,
    **others: Any,
) -> Filters:
    """Read the filters as a person types them; those that click has read are the others.

    Raises:
        PeaksError: one sentence for what cannot be meant.
        click.UsageError: two options that exclude each other.
    """
    if within is not None and near is None:
        raise PeaksError("--within needs a centre: give --near LAT,LON or --near PEAK with it.")
    if others.get("min_similarity") is not None and others.get("min_probability") is not None:
        raise click.UsageError("--min-similarity and --min-probability are one cut-off: give one of them.")
    start = None if shot_from is None else parse_moment(shot_from, "--from", last=False)
    end = None if shot_to is None else parse_moment(shot_to, "--to", last=True)
    if start and end and start[:19] > end[:19] and start[19:] == end[19:]:
        raise PeaksError(f"--from {shot_from} lies after --to {shot_to}: exchange them.")
    return Filters(
        near=None if near is None else parse_point(near) or near.strip(),
        within=None if within is None else parse_distance(within),
        box=None if box is None else parse_box(box),
        shot_from=start,
        shot_to=end,
        **others,
    )


def parse_point(text: str) -> Point | None:
    """``LAT,LON`` as a point; None when the text is no pair of numbers; PeaksError outside the Earth."""
    match = _POINT.fullmatch(text)
    if match is None:
        return None
    return Point(_degrees(match[1], "latitude", text), _degrees(match[2], "longitude", text))


def parse_distance(text: str) -> str:
    """A distance with its unit, as Elasticsearch writes it: ``5 KM`` gives ``5km``."""
    match = _DISTANCE.fullmatch(text)
    if match is None or float(match[1]) == 0:
        raise PeaksError(f"--within {text!r} is no distance: write a number above 0 and its unit, such as "
                         "5km or 800m.")
    return match[1] + match[2].lower()


def parse_box(text: str) -> Box:
    """``TOP,LEFT,BOTTOM,RIGHT`` in degrees."""
    match = _BOX.fullmatch(text)
    if match is None:
        raise PeaksError(f"--box {text!r} is no box: write TOP,LEFT,BOTTOM,RIGHT in degrees, such as "
                         "28.1,86.6,27.7,87.0.")
    top, bottom = _degrees(match[1], "latitude", text), _degrees(match[3], "latitude", text)
    if top <= bottom:
        raise PeaksError(f"--box {text!r} has its top ({top:g}) at or below its bottom ({bottom:g}): write "
                         "TOP,LEFT,BOTTOM,RIGHT.")
    return Box(top, _degrees(match[2], "longitude", text), bottom, _degrees(match[4], "longitude", text))


def _degrees(number: str, name: str, text: str) -> float:
    degrees, limit = float(number), _DEGREES[name]
    if abs(degrees) > limit:
        raise PeaksError(f"{text!r} has the {name} {degrees:g}: a {name} lies between -{limit} and {limit}.")
    return degrees


def parse_moment(text: str, option: str, *, last: bool) -> str:
    """A date or time as an ISO 8601 moment.

    Args:
        text: a year, month, day or time, ``2023``, ``2023-10``, ``2023-10-05``, ``2023-10-05T06:30``, with
            or without an offset (``+05:45``, ``Z``) after a time.
        option: the option it was given to, for the error.
        last: a year, month, day or minute stands for its last second, otherwise for its first.

    Returns:
        ``YYYY-MM-DDThh:mm:ss``, with the offset when one was written.
    """
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise PeaksError(f"{option} {text!r} is no date: write 2023, 2023-10, 2023-10-05, "
                         "2023-10-05T06:30 or 2023-10-05T06:30+05:45.")
    offset = match["offset"] or ""
    moment = match["written"].removesuffix(offset).replace(" ", "T")
    try:
        moment += _rest_of(moment, last=last)
        datetime.fromisoformat(moment)
    except ValueError as error:
        raise PeaksError(f"{option} {text!r} is no moment of the calendar and the clock.") from error
    return moment + offset


def _rest_of(moment: str, *, last: bool) -> str:
    """What a moment's first or last second adds to a year, month, day or minute."""
    if not last:
        return "0000-01-01T00:00:00"[len(moment):]
    month = moment if len(moment) > 4 else f"{moment}-12"
    days = monthrange(int(month[:4]), int(month[5:7]))[1]
    return f"0000-12-{days}T23:59:59"[len(moment):]
