"""The catalogue's entries, read one by one: unreadable, twice the same, incomplete."""
from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.errors import PeaksError
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import parse_catalogue
from loader.peaks.checks.entries import SAME_PLACE_M, Entries, check_file, find_missing, find_same_peaks
from loader.place import Point
from tests.peaks.sight.views import great_circle

GOOD = "- id: peak-{0}\n  names: [Peak {0}]\n  latlon: {{lat: 27.{0}, lon: 86.5}}\n"
BROKEN = (
    "- id: Not A Slug\n  names: [X]\n  latlon: {lat: 1, lon: 2}\n",
    "- id: nowhere\n  names: [Nowhere]\n",
    "- names: [X]\n  latlon: {lat: 99, lon: 2}\n  id: north-of-all\n",
    "- just words\n",
    "-\n  id: no-names\n  names: []\n  latlon: {lat: 1, lon: 2}\n",
)


def check_text(folder: Path, text: str) -> Entries:
    path = folder / "peaks.yaml"
    path.write_text(text, encoding="utf-8")
    return check_file(path)


def strict_sentence(text: str, source: str) -> str:
    with pytest.raises(PeaksError) as refused:
        parse_catalogue(text, source, Peak)
    return refused.value.message


def test_an_id_that_stands_twice_is_named_with_both_lines_and_the_first_entry_counts(tmp_path: Path) -> None:
    again = "- names: [Peak One]\n  id: peak-1\n  latlon: {lat: 27.1, lon: 86.501}\n"
    entries = check_text(tmp_path, GOOD.format(1) + GOOD.format(2) + again)
    [problem] = entries.problems
    assert problem.sentence == (
        f"{entries.source}: the id 'peak-1' stands on line 1 and again on line 8, 99 m apart: give one of "
        "them another id."
    )
    assert (problem.kind, problem.severity, problem.subject) == ("entry", "error", "peak-1")
    assert problem.evidence == {"reason": "duplicate id", "lines": [1, 8], "distance": 99.2}
    assert [peak.position for peak in entries.peaks] == [Point(27.1, 86.5), Point(27.2, 86.5)]


def test_three_of_one_id_are_two_problems_against_the_first(tmp_path: Path) -> None:
    entries = check_text(tmp_path, GOOD.format(1) * 3)
    assert [problem.evidence["lines"] for problem in entries.problems] == [[1, 4], [1, 7]]
    assert all("under the same name: remove one" in problem.sentence for problem in entries.problems)


@settings(max_examples=40)
@given(st.lists(st.integers(-len(BROKEN), 5), min_size=1, max_size=8))
def test_every_broken_entry_is_one_problem_and_every_good_one_a_peak(
    tmp_path_factory: pytest.TempPathFactory, choice: list[int]
) -> None:
    """Negative numbers choose a broken entry, others a good one with an id of its own."""
    texts = [BROKEN[-number - 1] if number < 0 else GOOD.format(place) for place, number in enumerate(choice)]
    text = "# a comment\n\n" + "\n".join(texts)
    entries = check_text(tmp_path_factory.mktemp("entries"), text)
    good = [f"peak-{place}" for place, number in enumerate(choice) if number >= 0]
    assert [peak.id for peak in entries.peaks] == good
    assert len(entries.problems) == len(choice) - len(good)
    if entries.problems:
        assert entries.problems[0].sentence == strict_sentence(text, entries.source)


@pytest.mark.parametrize("text", ["", "- id: [\n", "id: x\n"])
def test_what_holds_no_entries_is_one_sentence(tmp_path: Path, text: str) -> None:
    entries = check_text(tmp_path, text)
    assert entries.peaks == []
    assert [problem.sentence for problem in entries.problems] == [strict_sentence(text, entries.source)]


def test_a_file_that_is_not_utf_8_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "peaks.yaml"
    path.write_bytes(b"- id: caf\xe9\n")
    [problem] = check_file(path).problems
    assert problem.severity == "error" and "not UTF-8" in problem.sentence


def test_the_published_catalogue_has_one_mistake(shared: Path) -> None:
    entries = check_file(shared / "peaks.yaml")
    [problem] = entries.problems
    assert problem.evidence["lines"] == [4, 59]
    assert "51 m apart under the same name: remove one of the entries" in problem.sentence
    assert len(entries.peaks) == 25


def test_a_missing_position_and_a_missing_height_are_named() -> None:
    found = find_missing([Peak("a", ("A",), Point(27.0, 86.0), 7000), Peak("b", ())])
    assert [(problem.subject, problem.evidence["reason"]) for problem in found] == [
        ("b", "no position"), ("b", "no height")
    ]


# Peaks that may be one


def test_one_mountain_twice_is_an_error() -> None:
    peaks = [
        Peak("ama-dablam", ("Ama Dablam",), Point(27.86167, 86.86139)),
        Peak("amadablam", ("Amadablam", "AMA  DABLAM"), Point(27.861213, 86.861468)),
    ]
    [problem] = find_same_peaks(peaks)
    assert problem.severity == "error"
    assert problem.sentence == (
        "ama-dablam and amadablam stand 51 m apart and are both called 'Ama Dablam': remove one of the "
        "entries."
    )
    assert problem.evidence == {
        "reason": "same place",
        "peaks": ["ama-dablam", "amadablam"],
        "names": ["Ama Dablam"],
        "distance": 51.2,
    }


def test_a_shared_name_is_found_however_it_is_spelt() -> None:
    peaks = [
        Peak("khumbila", ("Khumbila", "Khumbu Yül-Lha"), Point(27.848427, 86.709144)),
        Peak("other", ("Khumbu yul lha",), Point(27.9, 86.7)),
        Peak("third", ("Other",)),  # the id of the second
    ]
    problems = find_same_peaks(peaks)
    assert [problem.severity for problem in problems] == ["warning", "warning"]
    assert problems[0].sentence == (
        "khumbila and other, 5.8 km apart, are both called 'Khumbu Yül-Lha', so that the name finds neither: "
        "give each a name of its own."
    )
    assert problems[1].sentence.startswith("other and third are both called 'other', so that")


def test_the_same_place_under_other_names_is_a_warning() -> None:
    peaks = [Peak("a", ("A",), Point(27.0, 86.0)), Peak("b", ("B",), Point(27.001, 86.0))]
    [problem] = find_same_peaks(peaks)
    assert problem.severity == "warning" and "a and b stand 111 m apart" in problem.sentence


places = st.tuples(
    st.sampled_from([-89.999, -30.0, 0.0, 27.9, 60.0]),
    st.sampled_from([-180.0, -179.9995, 0.0, 86.9, 180.0]),
    st.floats(-0.002, 0.002),
    st.floats(-0.002, 0.002),
)


@settings(max_examples=60)
@given(st.lists(places, min_size=2, max_size=8))
def test_near_pairs_are_those_of_the_great_circle(drawn: list[tuple[float, float, float, float]]) -> None:
    """Poles and the date line included; pairs within one per cent of the limit are left to the ellipsoid."""
    points = [
        Point(max(lat + dlat, -90.0), min(max(lon + dlon, -180.0), 180.0)) for lat, lon, dlat, dlon in drawn
    ]
    peaks = [Peak(f"p{row}", (f"name {row}",), point) for row, point in enumerate(points)]
    found = {tuple(problem.evidence["peaks"]) for problem in find_same_peaks(peaks)}
    for one, other in combinations(range(len(points)), 2):
        kilometres, _ = great_circle(points[one], points[other])
        metres = 1000 * kilometres
        if abs(metres - SAME_PLACE_M) > 0.01 * SAME_PLACE_M:
            assert ((f"p{one}", f"p{other}") in found) == (metres < SAME_PLACE_M)
