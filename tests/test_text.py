"""Words for a person."""
from __future__ import annotations

from loader.text import format_count, format_distance, list_words, shorten, tell_apart


def test_distances_and_lists_read_as_a_person_says_them() -> None:
    metres = (0, 52.3, 999.4, 999.6, 4954, 9949, 9951, 30126, 6_381_000)
    assert [format_distance(each) for each in metres] == [
        "0 m", "52 m", "999 m", "1.0 km", "5.0 km", "9.9 km", "10 km", "30 km", "6,381 km"
    ]
    words = [list_words([str(i) for i in range(count)]) for count in (1, 2, 3, 5, 7)]
    assert words == ["0", "0 and 1", "0, 1 and 2", "0, 1, 2, 3 and 4", "0, 1, 2, 3 and 3 more"]


def test_counts_and_long_texts() -> None:
    assert [format_count(number, "photo") for number in (1, 4000)] == ["1 photo", "4,000 photos"]
    assert shorten("one\n two", 7) == "one two" and shorten("one\n two", 6) == "one t…"


def test_numbers_that_differ_read_different() -> None:
    assert tell_apart(0.144, 0.35, 3) == ("0.144", "0.350")
    assert tell_apart(0.34996, 0.35, 3) == ("0.34996", "0.35000")
    assert tell_apart(59.97, 60) == ("59.97", "60.00")
    assert tell_apart(1, 1)[0].startswith("1.0")
