"""What a person sees in the terminal."""
from __future__ import annotations

from dataclasses import replace

import pytest

from loader.peaks.identification.identifier import Identification
from loader.peaks.sight.geometry import Camera
from loader.search.answer import Answer, ShotTime
from loader.show.answer_table import show_nothing, show_photos
from loader.show.identification_table import IdentifiedImage, show_identified
from loader.show.values import format_probability, format_time
from tests.search.search_answers import SNAPSHOTS, identified_image, photo_answer, plain_answer
from tests.snapshots import check_snapshot


def nothing() -> Answer:
    return replace(photo_answer(), hits=())


def no_match() -> IdentifiedImage:
    image = identified_image()
    unnamed = tuple(replace(candidate, is_named=False) for candidate in image.found.candidates)
    return replace(image, threshold=0.95, found=replace(image.found, candidates=unnamed, camera=None))


def nothing_in_sight() -> IdentifiedImage:
    image = identified_image()
    return replace(image, found=Identification((), (), (), Camera(0.5, 10.0)), filters=())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("photos.txt", show_photos(photo_answer())),
        ("photos-80-columns.txt", show_photos(photo_answer(), 80)),
        ("photos-hybrid.txt", show_photos(photo_answer(is_cosine=False))),
        ("photos-plain.txt", show_photos(plain_answer())),
        ("photos-no-probability.txt", show_photos(photo_answer(None))),
        ("identified.txt", show_identified(identified_image())),
        ("identified-80-columns.txt", show_identified(identified_image(), 80)),
        ("identified-no-match.txt", show_identified(no_match())),
        ("identified-nothing.txt", show_identified(nothing_in_sight())),
        ("nothing.txt", show_nothing(nothing())),
    ],
)
def test_snapshot(name: str, text: str) -> None:
    check_snapshot(SNAPSHOTS / name, text + "\n")


@pytest.mark.parametrize(
    ("probability", "text"),
    [(None, ""), (0.0, "<0.1 %"), (0.0004, "<0.1 %"), (0.0123, "1.2 %"), (0.416, "42 %"), (0.99, "99 %"),
     (0.9999, ">99 %"), (1.0, ">99 %")],
)
def test_probability(probability: float | None, text: str) -> None:
    assert format_probability(probability) == text


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (ShotTime("2023-10-05T00:27:33.000Z", "2023-10-05T06:12:33", "+05:45"), "2023-10-05 06:12 +05:45"),
        (ShotTime(None, "2023-10-05T06:12:33", None), "2023-10-05 06:12"),
        (ShotTime("2023-10-05T00:27:33.000Z", None, None), "2023-10-05 00:27 UTC"),
        (ShotTime(), ""),
    ],
)
def test_time(time: ShotTime, text: str) -> None:
    assert format_time(time) == text
