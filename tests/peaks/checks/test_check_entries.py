"""A catalogue with mistakes: each is one finding on its own line, and the rest is read."""
from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.errors import PeaksError
from loader.files.place import Point
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import parse_catalogue
from loader.peaks.checks.entries import gather_entries, read_entries

GOOD = "- id: peak-{0}\n  names: [Peak {0}]\n  latlon: {{lat: 27.{0}, lon: 86.5}}\n"
BROKEN = (
    "- id: Not A Slug\n  names: [X]\n  latlon: {lat: 1, lon: 2}\n",
    "- id: nowhere\n  names: [Nowhere]\n",
    "- names: [X]\n  latlon: {lat: 99, lon: 2}\n  id: north-of-all\n",
    "- just words\n",
    "-\n  id: no-names\n  names: []\n  latlon: {lat: 1, lon: 2}\n",
)


def write_catalogue(folder: Path, text: str) -> Path:
    path = folder / "peaks.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def strict_sentence(text: str, source: str) -> str:
    with pytest.raises(PeaksError) as refused:
        parse_catalogue(text, source, Peak)
    return refused.value.message


def test_a_good_catalogue_has_no_findings(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path, GOOD.format(1) + GOOD.format(2))
    entries = read_entries(path)
    assert entries.findings == []
    assert entries.peaks == parse_catalogue(path.read_text(), str(path), Peak)


def test_a_duplicate_id_is_named_with_both_lines_and_the_first_entry_counts(tmp_path: Path) -> None:
    again = "- names: [Peak One]\n  id: peak-1\n  latlon: {lat: 27.1, lon: 86.501}\n"
    path = write_catalogue(tmp_path, GOOD.format(1) + GOOD.format(2) + again)
    entries = read_entries(path)
    [finding] = entries.findings
    assert finding.sentence == (
        f"{path}: the id 'peak-1' stands on line 1 and again on line 8, 99 m apart: give one of them another "
        "id."
    )
    assert (finding.kind, finding.severity, finding.subject) == ("entry", "error", "peak-1")
    assert finding.evidence == {"reason": "duplicate id", "lines": [1, 8], "distance": 99.2}
    assert [peak.position for peak in entries.peaks] == [Point(27.1, 86.5), Point(27.2, 86.5)]


def test_three_of_one_id_are_two_findings_against_the_first(tmp_path: Path) -> None:
    entries = read_entries(write_catalogue(tmp_path, GOOD.format(1) * 3))
    assert [finding.evidence["lines"] for finding in entries.findings] == [[1, 4], [1, 7]]
    assert all("under the same name: remove one" in finding.sentence for finding in entries.findings)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-len(BROKEN), 5), min_size=1, max_size=8))
def test_every_broken_entry_is_one_finding_and_every_good_one_a_peak(
    tmp_path_factory: pytest.TempPathFactory, choice: list[int]
) -> None:
    """Negative numbers choose a broken entry, others a good one with an id of its own."""
    folder = tmp_path_factory.mktemp("entries")
    texts = [BROKEN[-number - 1] if number < 0 else GOOD.format(place) for place, number in enumerate(choice)]
    path = write_catalogue(folder, "# a comment\n\n" + "\n".join(texts))
    entries = read_entries(path)
    good = [f"peak-{place}" for place, number in enumerate(choice) if number >= 0]
    assert [peak.id for peak in entries.peaks] == good
    assert len(entries.findings) == len(choice) - len(good)
    if entries.findings:
        assert entries.findings[0].sentence == strict_sentence(path.read_text(), str(path))


def test_entries_of_a_flow_list_are_read_apart(tmp_path: Path) -> None:
    good = "{id: a, names: [A], latlon: {lat: 1, lon: 2}}"
    bad = "{id: b, names: [B], latlon: {lat: 1, lon: 200}}"
    text = f"[{good},\n {bad}]\n"
    path = write_catalogue(tmp_path, text)
    entries = read_entries(path)
    assert [peak.id for peak in entries.peaks] == ["a"]
    assert [finding.sentence for finding in entries.findings] == [strict_sentence(text, str(path))]
    assert entries.findings[0].evidence == {"reason": "refused", "entry_line": 2}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- id: [\n",
        "id: x\n",
        "- &a {id: a, names: [A], latlon: {lat: 1, lon: 2}}\n- *a\n",  # entries that refer to one another
    ],
)
def test_what_cannot_be_cut_into_entries_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = write_catalogue(tmp_path, text)
    entries = read_entries(path)
    assert entries.peaks == []
    assert [finding.sentence for finding in entries.findings] == [strict_sentence(text, str(path))]


def test_a_file_that_is_not_utf_8_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "peaks.yaml"
    path.write_bytes(b"- id: caf\xe9\n")
    [finding] = read_entries(path).findings
    assert finding.severity == "error" and "not UTF-8" in finding.sentence


def test_entries_of_the_index() -> None:
    peaks = [
        Peak("a", ("A", "Alpha"), Point(27.0, 86.0), 7000),
        Peak("b", ()),
        Peak("a", ("A",), Point(27.0, 86.0)),
    ]
    entries = gather_entries(peaks, "peaks_catalog")
    assert [(peak.id, peak.names) for peak in entries.peaks] == [("a", ("A", "Alpha")), ("b", ("b",))]
    assert [(finding.subject, finding.severity) for finding in entries.findings] == [
        ("b", "warning"), ("a", "error")
    ]


def test_the_published_catalogue_has_one_mistake(shared: Path) -> None:
    entries = read_entries(shared / "peaks.yaml")
    [finding] = entries.findings
    assert finding.evidence["lines"] == [4, 59]
    assert "51 m apart under the same name: remove one of the entries" in finding.sentence
    assert len(entries.peaks) == 25
