"""Filters as a person types them, as the templates take them, and as the answer repeats them."""
from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from loader.errors import PeaksError
from loader.files.place import Point
from loader.search.filters import (
    Filters,
    peak_filter_options,
    photo_filter_options,
    read_box,
    read_distance,
    read_filters,
    read_moment,
    read_point,
    resolve_filters,
    word_filter_options,
)


class Catalogues:
    """One peak, one concept, and a model by which every probability is twice its cosine."""

    def peak(self, name: str) -> tuple[str, str, Point]:
        if name not in ("ama-dablam", "Ama Dablam"):
            raise PeaksError(f"no peak {name}")
        return "ama-dablam", "Ama Dablam", Point(27.8612, 86.8615)

    def concept(self, name: str) -> tuple[str, str]:
        if name not in ("yak", "याक"):
            raise PeaksError(f"no concept {name}")
        return "yak", "Yak"

    def cosine(self, probability: float) -> float:
        return probability / 2


class NoCatalogues:
    """Nobody may ask."""

    def peak(self, name: str) -> tuple[str, str, Point]:
        raise AssertionError("the catalogue was asked")

    def concept(self, name: str) -> tuple[str, str]:
        raise AssertionError("the concepts were asked")

    def cosine(self, probability: float) -> float:
        raise AssertionError("the model was asked")


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
    assert read_point(text) == point


@pytest.mark.parametrize("text", ["90.1,0", "-91,0", "0,180.5", "86.8,-200"])
def test_point_outside_the_earth(text: str) -> None:
    with pytest.raises(PeaksError, match=r"lies between -(90|180) and"):
        read_point(text)


@pytest.mark.parametrize(
    ("text", "distance"), [("5km", "5km"), ("0.5 KM", "0.5km"), ("800m", "800m"), ("3mi", "3mi")]
)
def test_distance(text: str, distance: str) -> None:
    assert read_distance(text) == distance


@pytest.mark.parametrize("text", ["5", "km", "-5km", "0km", "0.0 m", "5 parsecs", "5km\"}"])
def test_no_distance(text: str) -> None:
    with pytest.raises(PeaksError, match="is no distance"):
        read_distance(text)


def test_box() -> None:
    box = read_box("28.1, 86.6, 27.7, 87.0")
    assert (box.top, box.left, box.bottom, box.right) == (28.1, 86.6, 27.7, 87.0)
    assert read_box("1,179,-1,-179").left == 179  # across the date line


@pytest.mark.parametrize("text", ["28.1,86.6,27.7", "a,b,c,d", "", "1,2,3,4,5"])
def test_no_box(text: str) -> None:
    with pytest.raises(PeaksError, match="TOP,LEFT,BOTTOM,RIGHT"):
        read_box(text)


def test_box_upside_down() -> None:
    with pytest.raises(PeaksError, match="at or below its bottom"):
        read_box("27.7,86.6,28.1,87.0")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023", "2023-01-01T00:00:00", "2023-12-31T23:59:59"),
        ("2024-02", "2024-02-01T00:00:00", "2024-02-29T23:59:59"),
        ("2023-10-05", "2023-10-05T00:00:00", "2023-10-05T23:59:59"),
        ("2023-10-05 06:30", "2023-10-05T06:30:00", "2023-10-05T06:30:59"),
        ("2023-10-05T06:30:15+05:45", "2023-10-05T06:30:15+05:45", "2023-10-05T06:30:15+05:45"),
        ("2023-10-05T06:30Z", "2023-10-05T06:30:00Z", "2023-10-05T06:30:59Z"),
    ],
)
def test_moment(text: str, first: str, last: str) -> None:
    assert read_moment(text, "--from", last=False) == first
    assert read_moment(text, "--to", last=True) == last


@pytest.mark.parametrize(
    "text",
    ["yesterday", "2023-13", "2023-02-30", "2023-10-05T25:00", "2023-10-05T06:61", "23-1-1", "0000-01",
     "now-1d", "2023-10-05T06:30+5", "2023-10-05+05:45"],
)
def test_no_moment(text: str) -> None:
    with pytest.raises(PeaksError, match="--from"):
        read_moment(text, "--from", last=False)


def test_every_filter_becomes_parameters_and_words() -> None:
    filters = read_filters(
        near="Ama Dablam", within="3 km", box="28,86,27,87", shot_from="2023-10", shot_to="2023-10-09",
        peaks=["Ama Dablam"], concepts=["याक"], in_frame=["ama-dablam"], min_similarity=0.1, size=5,
    )
    resolved = resolve_filters(filters, Catalogues())
    assert resolved.parameters == {
        "near_lat": 27.8612, "near_lon": 86.8615, "near_distance": "3km",
        "box_top": 28.0, "box_left": 86.0, "box_bottom": 27.0, "box_right": 87.0,
        "shot_from": "2023-10-01T00:00:00", "shot_to": "2023-10-09T23:59:59",
        "predicted_peaks": ["ama-dablam"], "predicted_concepts": ["yak"], "peaks_in_frame": ["ama-dablam"],
        "min_similarity": 0.1, "size": 5,
    }
    assert resolved.words == (
        "within 3km of Ama Dablam", "inside the box 28,86 to 27,87", "from 2023-10-01 00:00:00",
        "to 2023-10-09 23:59:59", "showing Ama Dablam", "with Yak", "with Ama Dablam in the frame",
        "similarity at least 0.1",
    )


def test_no_filter_is_no_parameter() -> None:
    assert resolve_filters(Filters(), NoCatalogues()).parameters == {}


def test_a_probability_is_a_cosine() -> None:
    resolved = resolve_filters(read_filters(min_probability=0.5), Catalogues())
    assert resolved.parameters == {"min_similarity": 0.25}
    assert resolved.words == ("probability at least 0.5 (cosine 0.250)",)


def test_any_of_several() -> None:
    resolved = resolve_filters(read_filters(concepts=["yak", "याक"]), Catalogues())
    assert resolved.parameters == {"predicted_concepts": ["yak", "yak"]}
    assert resolved.words == ("with Yak or Yak",)


def test_near_a_point_asks_no_catalogue_and_has_a_default_distance() -> None:
    resolved = resolve_filters(read_filters(near="27.9,86.8"), NoCatalogues())
    assert resolved.parameters == {"near_lat": 27.9, "near_lon": 86.8, "near_distance": "5km"}
    assert resolved.words == ("within 5km of 27.9,86.8",)


def test_unknown_peak_is_the_catalogues_error() -> None:
    with pytest.raises(PeaksError, match="no peak Toblerone"):
        resolve_filters(read_filters(peaks=["Toblerone"]), Catalogues())
    with pytest.raises(PeaksError, match="no concept Toblerone"):
        resolve_filters(read_filters(concepts=["Toblerone"]), Catalogues())
    with pytest.raises(PeaksError, match="no peak Toblerone"):
        resolve_filters(read_filters(in_frame=["Toblerone"]), Catalogues())


def test_within_alone() -> None:
    with pytest.raises(PeaksError, match="--near"):
        read_filters(within="5km")


def test_dates_in_the_wrong_order() -> None:
    with pytest.raises(PeaksError, match="lies after"):
        read_filters(shot_from="2023-10-06", shot_to="2023-10-05")
    read_filters(shot_from="2023-10-05", shot_to="2023-10-05")


def test_peaks_are_filtered_by_place_only() -> None:
    seen: list[Filters] = []

    @click.command()
    @peak_filter_options
    def ask(filters: Filters) -> None:
        seen.append(filters)

    assert CliRunner().invoke(ask, ["--near", "pumori", "--min-similarity", "0.1"]).exit_code == 0
    assert seen == [Filters(near="pumori", min_similarity=0.1, size=5)]
    for option in ("--from", "--concept", "--in-frame", "--min-probability"):
        assert CliRunner().invoke(ask, [option, "1"]).exit_code == 2


def test_options_reach_the_command_as_one_argument() -> None:
    seen: list[Any] = []

    @click.command()
    @photo_filter_options
    def ask(filters: Filters) -> None:
        seen.append(filters)

    words = ["--near", "-27.9,86.8", "--within=2km", "--peak=pumori", "--peak=lhotse", "--to=2023",
             "--concept=yak", "--concept=tent", "--in-frame=nuptse"]
    assert CliRunner().invoke(ask, words).exit_code == 0
    assert seen == [Filters(near=Point(-27.9, 86.8), within="2km", shot_to="2023-12-31T23:59:59",
                            peaks=("pumori", "lhotse"), concepts=("yak", "tent"), in_frame=("nuptse",))]
    refused = CliRunner().invoke(ask, ["--within", "2km"])
    assert refused.exit_code == 1
    assert refused.output.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--min-probability", "0.5"], 0),
        (["--min-probability", "0"], 2),
        (["--min-probability", "1"], 2),
        (["--min-probability", "half"], 2),
        (["--min-probability", "0.5", "--min-similarity", "0.1"], 2),
    ],
)
def test_probability_belongs_to_words_and_is_one_cut_off(words: list[str], code: int) -> None:
    @click.command()
    @word_filter_options
    def ask(filters: Filters) -> None:
        assert filters == Filters(min_probability=0.5)

    @click.command()
    @photo_filter_options
    def alike(filters: Filters) -> None: ...

    asked = CliRunner().invoke(ask, words)
    assert asked.exit_code == code
    assert "one cut-off" in asked.output if len(words) > 2 else True
    assert CliRunner().invoke(alike, words).exit_code == 2
