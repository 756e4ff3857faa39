"""Filters on photos: where and when a photo was taken, what it shows, how similar it must be.

What a person types (``--near 27.9,86.8 --within 5km``) becomes the parameters of the stored search
templates, which put every filter inside the knn clause: a filter beside it would only thin out the
nearest neighbours that were already chosen.
"""
from __future__ import annotations

import functools
import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

import click

from loader.errors import PeaksError
from loader.files.place import Box, Point

DEFAULT_WITHIN = "5km"

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_POINT = re.compile(rf"\s*({_NUMBER})\s*,\s*({_NUMBER})\s*")
_DISTANCE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(m|km|mi|yd|ft|nmi)\s*", re.IGNORECASE)
_MOMENT = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2})"
    r"(?:[T ](?P<clock>\d{2}:\d{2}(?::\d{2})?)(?P<offset>Z|[+-]\d{2}:\d{2})?)?)?)?"
)


@dataclass(frozen=True)
class Filters:
    """What the person asked for, read and checked, before peak names are looked up.

    Searches for peaks take ``near``, ``within``, ``box``, ``min_similarity`` and ``size``, of the summits.

    Attributes:
        near: a point, or the id or name of a peak that stands for its summit.
        within: distance around ``near`` with its unit, as Elasticsearch writes it ("5km").
        box: the photo's position (or the summit) lies inside it.
        shot_from: first moment, ISO 8601; a day, month or year stands for its first second.
        shot_to: last moment, ISO 8601; a day, month or year stands for its last second.
        peaks: ids or names of peaks, one of which must be among the photo's predicted peaks.
        concepts: ids or names of concepts, one of which must be among the photo's predicted concepts.
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


class Lookup(Protocol):
    """What filters ask of the cluster; only for what they name."""

    def peak(self, name: str) -> tuple[str, str, Point]:
        """The id, the first name and the summit of a peak by its id or a name; PeaksError if unknown."""

    def concept(self, name: str) -> tuple[str, str]:
        """The id and the first name of a concept by its id or a name; PeaksError if unknown."""

    def cosine(self, probability: float) -> float:
        """The cosine, −1…1, that has a SigLIP probability between 0 and 1."""


def resolve_filters(filters: Filters, lookup: Lookup) -> ResolvedFilters:
    """Turn filters into template parameters.

    Args:
        filters: what the person asked for.
        lookup: of peaks, concepts and the model's calibration.
    """
    parameters: dict[str, Any] = {}
    words: list[str] = []
    if filters.near is not None:
        _add_near(filters, lookup, parameters, words)
    if filters.box is not None:
        box = filters.box
        parameters.update(box_top=box.top, box_left=box.left, box_bottom=box.bottom, box_right=box.right)
        words.append(f"inside the box {box.top:g},{box.left:g} to {box.bottom:g},{box.right:g}")
    _add_dates(filters, parameters, words)
    _add_contents(filters, lookup, parameters, words)
    _add_cut_off(filters, lookup, parameters, words)
    if filters.size is not None:
        parameters["size"] = filters.size
    return ResolvedFilters(parameters, tuple(words))


def _add_near(filters: Filters, lookup: Lookup, parameters: dict[str, Any], words: list[str]) -> None:
    within = filters.within or DEFAULT_WITHIN
    if isinstance(filters.near, Point):
        point, place = filters.near, f"{filters.near.lat:g},{filters.near.lon:g}"
    else:
        assert filters.near is not None
        _, place, point = lookup.peak(filters.near)
    parameters.update(near_lat=point.lat, near_lon=point.lon, near_distance=within)
    words.append(f"within {within} of {place}")


def _add_contents(filters: Filters, lookup: Lookup, parameters: dict[str, Any], words: list[str]) -> None:
    if filters.peaks:
        peaks = [lookup.peak(name) for name in filters.peaks]
        parameters["predicted_peaks"] = [peak_id for peak_id, _, _ in peaks]
        words.append("showing " + " or ".join(name for _, name, _ in peaks))
    if filters.concepts:
        concepts = [lookup.concept(name) for name in filters.concepts]
        parameters["predicted_concepts"] = [concept_id for concept_id, _ in concepts]
        words.append("with " + " or ".join(name for _, name in concepts))
    if filters.in_frame:
        peaks = [lookup.peak(name) for name in filters.in_frame]
        parameters["peaks_in_frame"] = [peak_id for peak_id, _, _ in peaks]
        words.append("with " + " or ".join(name for _, name, _ in peaks) + " in the frame")


def _add_cut_off(filters: Filters, lookup: Lookup, parameters: dict[str, Any], words: list[str]) -> None:
    if filters.min_similarity is not None:
        parameters["min_similarity"] = filters.min_similarity
        words.append(f"similarity at least {filters.min_similarity:g}")
    if filters.min_probability is not None:
        cosine = lookup.cosine(filters.min_probability)
        parameters["min_similarity"] = cosine
        words.append(f"probability at least {filters.min_probability:g} (cosine {cosine:.3f})")


def _add_dates(filters: Filters, parameters: dict[str, Any], words: list[str]) -> None:
    if filters.shot_from is not None:
        parameters["shot_from"] = filters.shot_from
        words.append(f"from {_for_people(filters.shot_from)}")
    if filters.shot_to is not None:
        parameters["shot_to"] = filters.shot_to
        words.append(f"to {_for_people(filters.shot_to)}")


def _for_people(moment: str) -> str:
    return moment.replace("T", " ")


def read_point(text: str) -> Point | None:
    """``LAT,LON`` as a point; None when the text is no pair of numbers; PeaksError outside the Earth."""
    match = _POINT.fullmatch(text)
    if match is None:
        return None
    return Point(_read_latitude(match[1], text), _read_longitude(match[2], text))


def read_distance(text: str) -> str:
    """A distance with its unit, as Elasticsearch writes it: ``5 KM`` gives ``5km``."""
    match = _DISTANCE.fullmatch(text)
    if match is None or float(match[1]) == 0:
        raise PeaksError(f"--within {text!r} is no distance: write a number above 0 and its unit, such as "
                         "5km or 800m.")
    return match[1] + match[2].lower()


def read_box(text: str) -> Box:
    """``TOP,LEFT,BOTTOM,RIGHT`` in degrees."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 4 or not all(re.fullmatch(_NUMBER, part) for part in parts):
        raise PeaksError(f"--box {text!r} is no box: write TOP,LEFT,BOTTOM,RIGHT in degrees, such as "
                         "28.1,86.6,27.7,87.0.")
    top, bottom = _read_latitude(parts[0], text), _read_latitude(parts[2], text)
    if top <= bottom:
        raise PeaksError(f"--box {text!r} has its top ({top:g}) at or below its bottom ({bottom:g}): write "
                         "TOP,LEFT,BOTTOM,RIGHT.")
    return Box(top, _read_longitude(parts[1], text), bottom, _read_longitude(parts[3], text))


def read_moment(text: str, option: str, *, last: bool) -> str:
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
    year, month = int(match["year"]), int(match["month"] or (12 if last else 1))
    if year < 1 or not 1 <= month <= 12:
        raise PeaksError(f"{option} {text!r} is no date in the calendar.")
    month_end = monthrange(year, month)[1]
    day = int(match["day"] or (month_end if last else 1))
    if not 1 <= day <= month_end:
        raise PeaksError(f"{option} {text!r} is no date in the calendar.")
    clock = _read_clock(match["clock"], text, option, last=last)
    return f"{year:04d}-{month:02d}-{day:02d}T{clock}{match['offset'] or ''}"


def _read_clock(clock: str | None, text: str, option: str, *, last: bool) -> str:
    second = "59" if last else "00"
    if clock is None:
        return f"23:59:{second}" if last else f"00:00:{second}"
    whole = clock if len(clock) == 8 else f"{clock}:{second}"
    hours, minutes, seconds = (int(part) for part in whole.split(":"))
    if hours > 23 or minutes > 59 or seconds > 59:
        raise PeaksError(f"{option} {text!r} is no time of the day.")
    return whole


def _read_latitude(number: str, text: str) -> float:
    return _read_degrees(number, text, "latitude", 90)


def _read_longitude(number: str, text: str) -> float:
    return _read_degrees(number, text, "longitude", 180)


def _read_degrees(number: str, text: str, name: str, limit: int) -> float:
    degrees = float(number)
    if abs(degrees) > limit:
        raise PeaksError(f"{text!r} has the {name} {degrees:g}: a {name} lies between -{limit} and {limit}.")
    return degrees


_PLACE_OPTIONS = (
    click.option("--near", metavar="LAT,LON|PEAK", help="Only what is near a point or a summit."),
    click.option("--within", metavar="DISTANCE", help=f"How near, with its unit [default {DEFAULT_WITHIN}]."),
    click.option("--box", metavar="TOP,LEFT,BOTTOM,RIGHT", help="Only what is inside a box of degrees."),
)
_SIMILARITY_OPTION = click.option(
    "--min-similarity", type=float, metavar="COSINE", help="Leave out what has a lower cosine similarity."
)
_PROBABILITY_OPTION = click.option(
    "--min-probability", type=click.FloatRange(0, 1, min_open=True, max_open=True), metavar="P",
    help="Leave out what has a lower probability by SigLIP, between 0 and 1, instead of --min-similarity.",
)
_PHOTO_OPTIONS = (
    *_PLACE_OPTIONS,
    click.option("--from", "shot_from", metavar="DATE",
                 help="Only photos taken on or after this year, month, day or time (UTC without an offset)."),
    click.option("--to", "shot_to", metavar="DATE",
                 help="Only photos taken on or before it; a day counts to its end."),
    click.option("--peak", "peaks", metavar="PEAK", multiple=True,
                 help="Only photos predicted to show this peak (id or name); repeat for any of several."),
    click.option("--concept", "concepts", metavar="CONCEPT", multiple=True,
                 help="Only photos predicted to show this concept (id or name); repeat for any of several."),
    click.option("--in-frame", "in_frame", metavar="PEAK", multiple=True,
                 help="Only photos whose camera had this peak in its frame, by position and bearing; repeat "
                      "for any of several."),
    _SIMILARITY_OPTION,
    click.option("--size", type=int, metavar="N", help="Most photos in the answer [default 12]."),
)
_WORD_OPTIONS = (*_PHOTO_OPTIONS[:-1], _PROBABILITY_OPTION, _PHOTO_OPTIONS[-1])
_PEAK_OPTIONS = (
    *_PLACE_OPTIONS,
    _SIMILARITY_OPTION,
    click.option("--size", type=int, metavar="N", default=5, show_default=True, help="Most peaks an image."),
)


def word_filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the filters on photos that words describe: those on photos, and on SigLIP's probability."""
    return _with_filters(command, _WORD_OPTIONS)


def photo_filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the filters on photos to a click command, which gets them as ONE argument ``filters``."""
    return _with_filters(command, _PHOTO_OPTIONS)


def map_filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the filters on photos that need no score."""
    return _with_filters(command, _PHOTO_OPTIONS[:-2])


def peak_filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the filters on peaks to a click command, which gets them as ONE argument ``filters``."""
    return _with_filters(command, _PEAK_OPTIONS)


def _with_filters(
    command: Callable[..., Any], options: Sequence[Callable[[Callable[..., Any]], Callable[..., Any]]]
) -> Callable[..., Any]:
    @functools.wraps(command)
    def filtered(*args: Any, **kwargs: Any) -> Any:
        typed = {field.name: kwargs.pop(field.name) for field in fields(Filters) if field.name in kwargs}
        return command(*args, filters=read_filters(**typed), **kwargs)

    with_options: Callable[..., Any] = filtered
    for option in reversed(options):
        with_options = option(with_options)
    return with_options


def read_filters(
    near: str | None = None,
    within: str | None = None,
    box: str | None = None,
    shot_from: str | None = None,
    shot_to: str | None = None,
    peaks: Sequence[str] = (),
    concepts: Sequence[str] = (),
    in_frame: Sequence[str] = (),
    min_similarity: float | None = None,
    min_probability: float | None = None,
    size: int | None = None,
) -> Filters:
    """Read the filters as a person types them.

    Raises:
        PeaksError: one sentence for what cannot be meant.
        click.UsageError: two options that exclude each other.
    """
    if within is not None and near is None:
        raise PeaksError("--within needs a centre: give --near LAT,LON or --near PEAK with it.")
    if min_similarity is not None and min_probability is not None:
        raise click.UsageError("--min-similarity and --min-probability are one cut-off: give one of them.")
    start = None if shot_from is None else read_moment(shot_from, "--from", last=False)
    end = None if shot_to is None else read_moment(shot_to, "--to", last=True)
    if start and end and _wall_clock(start) > _wall_clock(end) and start[19:] == end[19:]:
        raise PeaksError(f"--from {shot_from} lies after --to {shot_to}: exchange them.")
    return Filters(
        near=None if near is None else read_point(near) or near.strip(),
        within=None if within is None else read_distance(within),
        box=None if box is None else read_box(box),
        shot_from=start,
        shot_to=end,
        peaks=tuple(peaks),
        concepts=tuple(concepts),
        in_frame=tuple(in_frame),
        min_similarity=min_similarity,
        min_probability=min_probability,
        size=size,
    )


def _wall_clock(moment: str) -> str:
    return moment[:19]
