"""One thing twice: files, pictures, places, names."""
from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.files.place import Point
from loader.peaks.catalogue import Peak
from loader.peaks.checks.duplicates import (
    SAME_PICTURE,
    SAME_PLACE_M,
    find_near_pictures,
    find_same_files,
    find_same_peaks,
)
from loader.vision.vectors import Vectors
from tests.peaks.checks.reference_folders import make_photo


def at_cosine(cosine: float) -> Vectors:
    """Two vectors of length 1 with this cosine."""
    return np.array([[1, 0], [cosine, math.sqrt(1 - cosine**2)]], dtype=np.float32)


def test_one_file_in_two_folders_is_an_error_and_in_one_folder_a_warning() -> None:
    files = {"a/1.jpg": "x", "b/2.jpg": "x", "b/3.jpg": "y", "b/4.jpg": "y", "b/5.jpg": "z"}
    photos = [
        make_photo(name[0], name[2:], {"content_hash": content, "width": 1, "height": 1})
        for name, content in files.items()
    ]
    across, within = find_same_files(photos)
    assert across.severity == "error"
    assert across.sentence == (
        "a/1.jpg and b/2.jpg are one file in the folders of 2 peaks, which makes their prototypes alike: "
        "leave it with the peak that it shows."
    )
    assert within.severity == "warning"
    assert within.sentence == "b/3.jpg and b/4.jpg are one file, which would count 2 times: keep one."


@pytest.mark.parametrize(("cosine", "found"), [(SAME_PICTURE + 0.001, 1), (SAME_PICTURE - 0.001, 0)])
def test_nearly_the_same_picture_by_its_cosine(cosine: float, found: int) -> None:
    photos = [make_photo("a", "1.jpg"), make_photo("b", "2.jpg")]
    findings = find_near_pictures(photos, at_cosine(cosine))
    assert len(findings) == found
    if findings:
        assert findings[0].sentence == (
            "a/1.jpg and b/2.jpg are nearly the same picture (cosine 0.9910); the prototypes of a and b "
            "become alike: leave it with the peak that it shows."
        )


def test_identical_files_are_not_found_again_by_their_vectors() -> None:
    photos = [make_photo("a", name, {"content_hash": "x", "width": 1, "height": 1}) for name in ("1", "2")]
    assert find_near_pictures(photos, at_cosine(1.0)) == []
    same_folder = [make_photo("a", "1.jpg"), make_photo("a", "2.jpg")]
    [finding] = find_near_pictures(same_folder, at_cosine(0.995))
    assert "one view would count twice: keep one" in finding.sentence


def test_one_mountain_twice_is_an_error() -> None:
    peaks = [
        Peak("ama-dablam", ("Ama Dablam",), Point(27.86167, 86.86139)),
        Peak("amadablam", ("Amadablam", "AMA  DABLAM"), Point(27.861213, 86.861468)),
    ]
    [finding] = find_same_peaks(peaks)
    assert finding.severity == "error"
    assert finding.sentence == (
        "ama-dablam and amadablam stand 51 m apart and are both called 'Ama Dablam': remove one of the "
        "entries."
    )
    assert finding.evidence == {
        "reason": "same place",
        "peaks": ["ama-dablam", "amadablam"],
        "names": ["Ama Dablam"],
        "distance": 51.2,
    }


def test_a_shared_name_is_found_however_it_is_spelt() -> None:
    peaks = [
        Peak("khumbila", ("Khumbila", "Khumbu Yül-Lha"), Point(27.848427, 86.709144)),
        Peak("other", ("Khumbu yul lha",), Point(27.9, 86.7)),
        Peak("third", ("Other",), Point(28.5, 86.7)),  # the id of the second
    ]
    findings = find_same_peaks(peaks)
    assert [finding.severity for finding in findings] == ["warning", "warning"]
    assert findings[0].sentence == (
        "khumbila and other, 5.8 km apart, are both called 'Khumbu Yül-Lha', so that the name finds neither: "
        "give each a name of its own."
    )
    assert findings[1].evidence["names"] == ["other"]


def test_the_same_place_under_other_names_is_a_warning() -> None:
    peaks = [Peak("a", ("A",), Point(27.0, 86.0)), Peak("b", ("B",), Point(27.001, 86.0))]
    [finding] = find_same_peaks(peaks)
    assert finding.severity == "warning" and "a and b stand 111 m apart" in finding.sentence
    assert find_same_peaks([peaks[0], Peak("b", ("B",), Point(27.0014, 86.0))]) == []


def test_a_peak_without_a_position_has_names_only() -> None:
    [finding] = find_same_peaks([Peak("a", ("X",)), Peak("b", ("x",))])
    assert finding.sentence.startswith("a and b are both called 'X'") and "distance" not in finding.evidence


def great_circle(one: Point, other: Point) -> float:
    """Metres by the haversine formula on a sphere."""
    lat, lon, lat2, lon2 = map(math.radians, (one.lat, one.lon, other.lat, other.lon))
    chord = math.sin((lat2 - lat) / 2) ** 2
    chord += math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(chord))


places = st.tuples(
    st.sampled_from([-89.999, -30.0, 0.0, 27.9, 60.0]),
    st.sampled_from([-180.0, -179.9995, 0.0, 86.9, 180.0]),
    st.floats(-0.002, 0.002),
    st.floats(-0.002, 0.002),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(places, min_size=2, max_size=8))
def test_near_pairs_are_those_of_the_great_circle(drawn: list[tuple[float, float, float, float]]) -> None:
    """Poles and the date line included; pairs within one per cent of the limit are left to the ellipsoid."""
    peaks = [
        Peak(f"p{i}", (f"name {i}",), Point(max(lat + dlat, -90.0), min(max(lon + dlon, -180.0), 180.0)))
        for i, (lat, lon, dlat, dlon) in enumerate(drawn)
    ]
    found = {tuple(finding.evidence["peaks"]) for finding in find_same_peaks(peaks)}
    for one, other in combinations(peaks, 2):
        assert one.position and other.position
        metres = great_circle(one.position, other.position)
        if abs(metres - SAME_PLACE_M) > 0.01 * SAME_PLACE_M:
            assert ((one.id, other.id) in found) == (metres < SAME_PLACE_M)
