"""What a person sees in the terminal."""
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from loader.peaks.catalogue import Concept
from loader.peaks.identification.identifier import Identification
from loader.peaks.sight.geometry import Camera
from loader.search.answer import Answer
from loader.search.filters import Filters
from loader.search.question import ask_photos
from loader.show.answer_table import show_nothing, show_photos
from loader.show.identification_table import IdentifiedImage, describe_identified, show_identified
from tests.search.search_answers import identified_image, photo_answer, plain_answer
from tests.snapshots import check_snapshot

SNAPSHOTS = Path(__file__).parent / "snapshots"


def nothing() -> Answer:
    return replace(photo_answer(), hits=())


def no_match() -> IdentifiedImage:
    image = identified_image()
    unnamed = tuple(replace(candidate, is_named=False) for candidate in image.found.candidates)
    return replace(image, threshold=0.95, found=replace(image.found, candidates=unnamed, camera=None))


def alike() -> Answer:
    """The first photo with two copies and a burst, one of which has a copy itself."""
    answer = photo_answer()
    best, other, last = answer.hits
    best = replace(best, copies=(other, last), burst=(last, replace(other, copies=(last,))))
    return replace(answer, hits=(best, replace(other, copies=(last,)), last))


def weigh(image: IdentifiedImage, *chances: float) -> IdentifiedImage:
    """The same image with other probabilities."""
    pairs = zip(image.found.candidates, chances, strict=True)
    weighed = tuple(replace(each, probability=chance, is_named=chance >= image.threshold)
                    for each, chance in pairs)
    return replace(image, found=replace(image.found, candidates=weighed))


def unlikely() -> IdentifiedImage:
    return weigh(identified_image(), 0.02, 0.01, 0.0)


def nothing_in_sight() -> IdentifiedImage:
    image = identified_image()
    return replace(image, found=Identification((), (), (), Camera(0.5, 10.0)), filters=())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("photos.txt", show_photos(photo_answer(), 180)),
        ("photos-80-columns.txt", show_photos(photo_answer(), 80)),
        ("photos-60-columns.txt", show_photos(photo_answer(), 60)),
        ("photos-alike.txt", show_photos(alike(), 220)),
        ("photos-hybrid.txt", show_photos(photo_answer(is_cosine=False), 180)),
        ("photos-plain.txt", show_photos(plain_answer(), 80)),
        ("photos-no-probability.txt", show_photos(photo_answer(None), 180)),
        ("identified.txt", show_identified(identified_image(), 100)),
        ("identified-80-columns.txt", show_identified(identified_image(), 80)),
        ("identified-60-columns.txt", show_identified(identified_image(), 60)),
        ("identified-unlikely.txt", show_identified(unlikely(), 80)),
        ("identified-no-match.txt", show_identified(no_match(), 80)),
        ("identified-nothing.txt", show_identified(nothing_in_sight(), 80)),
        ("nothing.txt", show_nothing(nothing(), 80)),
    ],
)
def test_snapshot(name: str, text: str) -> None:
    check_snapshot(SNAPSHOTS / name, text + "\n")


@pytest.mark.parametrize("width", [80, 119, 120, 130, 180])
def test_neither_a_date_nor_a_label_is_folded_in_a_table(width: int) -> None:
    hits = photo_answer().hits
    names = ("starry night sky", "prayer flags", "suspension bridge")
    labels = tuple(Concept(name, (name,)) for name in names)
    few = replace(photo_answer(), hits=(replace(hits[0], root=None, concepts=labels),))
    lines = show_photos(few, width).splitlines()
    if any(line.startswith("#") for line in lines):
        assert "2023-10-05 06:12 +05:45" in lines[-1] and "suspension bridge" in lines[-1]
    else:
        assert lines[-1].startswith("   ")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_an_answer_has_one_form_for_every_size(count: int) -> None:
    hits = tuple(replace(hit, root=None, path="a.jpg", predictions=(), concepts=())
                 for hit in photo_answer().hits[:count])
    lines = show_photos(replace(photo_answer(), hits=hits), 80).splitlines()
    assert lines[3].split() == ["1", "a.jpg"] and lines[4].startswith("   taken 2023-10-05 06:12 +05:45;")


def test_browsing_that_finds_nothing_is_not_quoted_as_a_question() -> None:
    question = ask_photos(Filters({}, ("with airplane",)), "time")
    assert show_nothing(replace(photo_answer(), hits=(), question=question), 200) == (
        "Photos by time: nothing found (photos-by-filter, 34 ms) with these filters: with airplane. Widen or "
        "leave out one of them."
    )


def test_no_match_never_contradicts_its_numbers() -> None:
    image = replace(identified_image(), threshold=0.6)
    assert "has 59.8 %, and a peak is named from 60.0 % on" in weigh(image, 0.598, 0.1, 0.0).headline
    assert "has 59.9999 %, and a peak is named from 60.0000 % on" in weigh(image, 0.599999, 0.1, 0.0).headline
    image = replace(image, threshold=0.99999)
    assert "has 99.95 %, and a peak is named from 100.00 % on" in weigh(image, 0.9995, 0.1, 0.0).headline
    assert weigh(image, 0.99999, 0.1, 0.0).headline == "Ama Dablam"


def test_no_match_has_the_digits_of_its_table() -> None:
    shown = show_identified(weigh(replace(identified_image(), threshold=0.6), 0.597, 0.1, 0.0), 100)
    assert "has 59.7 %, and a peak is named from 60.0 % on" in shown
    assert "Ama Dablam       59.7 %" in shown


def test_no_match_names_no_peak_that_has_no_row() -> None:
    image = replace(identified_image(), threshold=0.6)
    far = image.found.candidates[2]
    image = replace(image, found=replace(image.found, candidates=(replace(far, probability=0.002),)))
    assert image.headline == "no match: the likeliest peak has 0.2 %, and a peak is named from 60 % on"
    assert "Kangtega" not in show_identified(image, 100)


def test_one_of_many_is_one_line_where_nothing_is_to_be_seen() -> None:
    image = nothing_in_sight()
    assert show_identified(image, 40, is_one_of_many=True) == f"{image.path}: {image.headline}"
    for seen in (identified_image(), unlikely()):  # named, or in the frame
        assert show_identified(seen, 80, is_one_of_many=True) == show_identified(seen, 80)


def test_a_cut_off_that_leaves_no_candidate_is_told_with_its_numbers() -> None:
    image = replace(identified_image(), min_similarity=0.1442)
    assert image.headline == "no match: the highest similarity is 0.1440, below 0.1442"
    image = replace(identified_image(), min_similarity=0.5)
    assert image.headline == "no match: the highest similarity is 0.144, below 0.500"
    assert (image.rows(), image.named, image.in_frame) == ([], (), "")


def test_what_is_in_the_frame_has_a_row_however_unlikely_and_whatever_size_was_asked_for() -> None:
    image = replace(unlikely(), size=1)
    assert [row.peak.id for row in image.rows()] == ["ama-dablam", "makalu"]
    assert image.in_frame == "in the frame by position and direction: Ama Dablam"  # Makalu stands behind it
    shown = show_identified(image, 120)
    assert "Makalu" in shown and "2.2° left, hidden" in shown and "Kangtega" not in shown
    assert [each["id"] for each in describe_identified(replace(image, size=5))["candidates"]] == [
        "ama-dablam", "makalu", "kangtega"
    ]


def test_a_peak_in_the_frame_that_has_no_vector_has_a_row() -> None:
    image = identified_image()
    image = replace(image, found=replace(image.found, candidates=()))
    assert image.headline == "no match: the peaks in the frame have no vector to compare the picture with"
    rows = show_identified(image, 100).splitlines()[-2:]
    assert [row.split()[:2] for row in rows] == [["1", "Ama"], ["2", "Makalu"]]
    assert rows[0].split()[-4:] == ["2.6°", "left", "7.9", "km"]
    first = describe_identified(image)["candidates"][0]
    assert (first["id"], first["probability"], first["is_named"]) == ("ama-dablam", None, False)
    assert first["sight"]["offset"] == -2.6


def test_without_a_field_of_view_nothing_is_outside() -> None:
    image = identified_image()
    unframed = tuple(replace(each, sight=each.sight and replace(each.sight, in_frame=None))
                     for each in image.found.candidates)
    shown = show_identified(replace(image, found=replace(image.found, candidates=unframed)), 100)
    assert "2.2° left, hidden" in shown and "outside" not in shown


@pytest.mark.parametrize(
    ("camera", "filters", "sentence"),
    [
        (None, (), "no peak of the catalogue can be compared with it"),
        (None, ("near it",), "no peak of the catalogue inside the filters can be compared with it"),
        (Camera(0, 0), ("near it",), "no peak of the catalogue inside the filters could be seen from there"),
    ],
)
def test_no_candidate_at_all(camera: Camera | None, filters: tuple[str, ...], sentence: str) -> None:
    image = replace(identified_image(), found=Identification((), (), (), camera), filters=filters)
    assert image.headline == sentence
