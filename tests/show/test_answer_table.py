"""What a person sees in the terminal."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from loader.peaks.identification.identifier import Identification
from loader.peaks.sight.geometry import Camera
from loader.search.answer import Answer
from loader.show.answer_table import show_nothing, show_photos
from loader.show.identification_table import IdentifiedImage, show_identified
from tests.search.search_answers import identified_image, photo_answer, plain_answer
from tests.snapshots import check_snapshot

SNAPSHOTS = Path(__file__).parent / "snapshots"


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
        ("photos.txt", show_photos(photo_answer(), 180)),
        ("photos-80-columns.txt", show_photos(photo_answer(), 80)),
        ("photos-60-columns.txt", show_photos(photo_answer(), 60)),
        ("photos-hybrid.txt", show_photos(photo_answer(is_cosine=False), 180)),
        ("photos-plain.txt", show_photos(plain_answer(), 80)),
        ("photos-no-probability.txt", show_photos(photo_answer(None), 180)),
        ("identified.txt", show_identified(identified_image(), 100)),
        ("identified-80-columns.txt", show_identified(identified_image(), 80)),
        ("identified-60-columns.txt", show_identified(identified_image(), 60)),
        ("identified-no-match.txt", show_identified(no_match(), 80)),
        ("identified-nothing.txt", show_identified(nothing_in_sight(), 80)),
        ("nothing.txt", show_nothing(nothing(), 80)),
    ],
)
def test_snapshot(name: str, text: str) -> None:
    check_snapshot(SNAPSHOTS / name, text + "\n")
