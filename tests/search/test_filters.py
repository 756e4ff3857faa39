"""Filters as a person types them, as the templates take them, and as the answer repeats them."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
import pytest
from click.testing import CliRunner
from elasticsearch import Elasticsearch

from loader.commands.options import (
    map_filter_options,
    peak_filter_options,
    photo_filter_options,
    word_filter_options,
)
from loader.elastic.assets import read_schema
from loader.errors import PeaksError
from loader.place import Box, Point
from loader.search.filters import Filters, read_filters, read_whereabouts
from loader.search.written_values import (
    parse_altitudes,
    parse_box,
    parse_distance,
    parse_moment,
    parse_point,
)

NOBODY = Elasticsearch("http://127.0.0.1:1")  # nothing listens there: asking it is an error


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("27.9,86.8", Point(27.9, 86.8)),
        (" -27.9 , +86 ", Point(-27.9, 86.0)),
        ("ama-dablam", None),
        ("27.9", None),
        ("27.9,86.8,3", None),
        ("nan,1", None),
    ],
)
def test_point(text: str, point: Point | None) -> None:
    assert parse_point(text) == point


@pytest.mark.parametrize(
    ("text", "distance"), [("5km", "5km"), ("0.5 KM", "0.5km"), ("800m", "800m"), ("3mi", "3mi")]
)
def test_distance(text: str, distance: str) -> None:
    assert parse_distance(text) == distance


@pytest.mark.parametrize("text", ["5", "km", "-5km", "0.0 m", "5 parsecs", "5km\"}"])
def test_no_distance(text: str) -> None:
    with pytest.raises(PeaksError, match="is no distance"):
        parse_distance(text)


def test_altitudes() -> None:
    assert parse_altitudes("4000, 4500") == (4000, 4500) and parse_altitudes("-500,0") == (-500, 0)
    chosen = read_whereabouts("4000,4500", without_position=True)
    assert chosen.words == ("4,000 to 4,500 m", "without a position")
    assert chosen.parameters == {"altitude_from": 4000, "altitude_to": 4500, "without_position": True}
    for text in ("high", "4000", "4500,4000", "1,1", "1,2,3", "4000-4500"):
        with pytest.raises(PeaksError, match="is no range"):
            parse_altitudes(text)


def test_box() -> None:
    assert parse_box("28.1, 86.6, 27.7, 87.0") == Box(28.1, 86.6, 27.7, 87.0)
    assert parse_box("1,179,-1,-179").left == 179  # across the date line


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("28.1,86.6,27.7", "TOP,LEFT,BOTTOM,RIGHT"), ("a,b,c,d", "TOP,LEFT,BOTTOM,RIGHT"),
     ("27.7,86.6,28.1,87.0", "at or below its bottom")],
)
def test_no_box(text: str, sentence: str) -> None:
    with pytest.raises(PeaksError, match=sentence):
        parse_box(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023", "2023-01-01T00:00:00", "2023-12-31T23:59:59"),
        ("2024-02", "2024-02-01T00:00:00", "2024-02-29T23:59:59"),
        ("2023-10-05", "2023-10-05T00:00:00", "2023-10-05T23:59:59"),
        ("2023-10-05 06:30", "2023-10-05T06:30:00", "2023-10-05T06:30:59"),
        ("2023-10-05T06:30:15+05:45", "2023-10-05T06:30:15+05:45", "2023-10-05T06:30:15+05:45"),
        ("2023-10-05 06:30 +05:45", "2023-10-05T06:30:00+05:45", "2023-10-05T06:30:59+05:45"),
        ("1998-05-01 03:00 UTC", "1998-05-01T03:00:00Z", "1998-05-01T03:00:59Z"),
        ("2023-10-05T06:30Z", "2023-10-05T06:30:00Z", "2023-10-05T06:30:59Z"),
    ],
)
def test_moment(text: str, first: str, last: str) -> None:
    assert parse_moment(text, "--from", last=False) == first
    assert parse_moment(text, "--to", last=True) == last


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2023-11-1", "01.11.2023", "20231101", "2023-13", "2023-02-30", "2023-10-05T25:00",
     "23-1-1", "0000", "now-1d",
     "2023-10-05T06:30+5", "2023-10-05+05:45", "2023-10-05T06:30+25:00", "2023-10-05T06:30-05:60"],
)
def test_no_moment(text: str) -> None:
    for last in (False, True):
        with pytest.raises(PeaksError, match=r"--from .* is no date: write it as 2023-11-01"):
            parse_moment(text, "--from", last=last)


def test_filters_without_a_name_ask_nobody() -> None:
    assert read_filters(NOBODY) == Filters({}, ())
    filters = read_filters(NOBODY, near="27.9,86.8", min_similarity=0.1, size=5)
    assert filters.parameters == {
        "near_lat": 27.9, "near_lon": 86.8, "near_distance": "5km", "min_similarity": 0.1, "size": 5
    }
    assert filters.words == ("within 5km of 27.9,86.8", "similarity at least 0.1")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"within": "5km"}, "--near"),
        ({"min_similarity": 0.1, "min_probability": 0.5}, "one cut-off"),
        ({"shot_from": "2024", "shot_to": "2023"}, "--from 2024 lies after --to 2023: exchange them."),
        ({"shot_from": "2023-10-05T12:00+05:45", "shot_to": "2023-10-05T06:00Z"}, "exchange them."),
    ],
)
def test_filters_that_do_not_go_together(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(click.ClickException, match=sentence):
        read_filters(NOBODY, **given)


def test_a_day_may_be_the_first_and_the_last() -> None:
    filters = read_filters(NOBODY, shot_from="2023-10-05", shot_to="2023-10-05")
    assert filters.words == (
        "from 2023-10-05 00:00:00",
        "to 2023-10-05 23:59:59 by each photo's own clock",
    )


def test_the_words_say_what_a_moment_is_compared_with() -> None:
    filters = read_filters(NOBODY, shot_from="2023-10-05T06:30+05:45", shot_to="2023-10-05 06:30")
    assert filters.words == (
        "from 2023-10-05 06:30:00+05:45 as an instant", "to 2023-10-05 06:30:59 by each photo's own clock",
    )


def given_by(options: Callable[[Any], Any], *words: str) -> dict[str, Any] | int:
    """What a command with these options gets, or its exit status; what is not given is left out."""
    seen: list[dict[str, Any]] = []

    def ask(**given: Any) -> None:
        seen.append({name: value for name, value in given.items() if value not in (None, ())})

    result = CliRunner().invoke(click.command()(options(ask)), list(words))
    assert result.exit_code == 0 or result.output
    return seen[0] if seen else result.exit_code


def test_options_on_photos() -> None:
    words = ("--near", "-27.9,86.8", "--within=2km", "--peak=pumori", "--peak=lhotse", "--to=2023",
             "--concept=yak", "--concept=tent", "--in-frame=nuptse")
    for options in (map_filter_options, photo_filter_options, word_filter_options):
        assert given_by(options, *words) == {
            "near": "-27.9,86.8", "within": "2km", "shot_to": "2023", "peaks": ("pumori", "lhotse"),
            "concepts": ("yak", "tent"), "in_frame": ("nuptse",),
        }


def test_peaks_are_filtered_by_place_only() -> None:
    words = ("--near", "pumori", "--min-similarity", "0.1")
    assert given_by(peak_filter_options, *words) == {"near": "pumori", "min_similarity": 0.1, "size": 5}
    for option in ("--from", "--concept", "--in-frame", "--min-probability"):
        assert given_by(peak_filter_options, option, "1") == 2


@pytest.mark.parametrize(
    ("probability", "expected"), [("0.5", {"min_probability": 0.5}), ("0", 2), ("1", 2), ("half", 2)]
)
def test_a_probability_belongs_to_words(probability: str, expected: dict[str, Any] | int) -> None:
    assert given_by(word_filter_options, "--min-probability", probability) == expected
    assert given_by(photo_filter_options, "--min-probability", probability) == 2


@pytest.mark.parametrize("template", [
    "photos-by-text", "photos-by-vector", "photos-by-peak", "photos-by-filter", "photos-hybrid",
    "peaks-by-vector",
])
def test_a_size_is_what_the_templates_take(template: str) -> None:
    limits = read_schema(template)["properties"]["size"]
    options = peak_filter_options if template.startswith("peaks") else word_filter_options
    for size in (limits["minimum"], limits["maximum"]):
        assert given_by(options, "--size", str(size)) == {"size": size}
    for size in (limits["minimum"] - 1, limits["maximum"] + 1):
        assert given_by(options, "--size", str(size)) == 2
