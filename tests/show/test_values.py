"""Values as people read them."""
from __future__ import annotations

import pytest

from loader.peaks.catalogue import Peak
from loader.search.answer import PeakPrediction, ShotTime
from loader.show.values import (
    format_aside,
    format_certainty,
    format_prediction,
    format_probability,
    format_time,
)


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        (None, ""), (0.0, "ahead"), (-0.04, "ahead"), (-2.24, "2.2° left"), (2.25, "2.2° right"),
        (9.94, "9.9° right"), (9.96, "10° right"), (-180.0, "180° left"), (14.6, "15° right"),
    ],
)
def test_offset(offset: float | None, words: str) -> None:
    assert format_aside(offset) == words


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


def test_a_peak_that_a_person_named_has_no_probability() -> None:
    peak = Peak("ama-dablam", ("Ama Dablam",))
    by_rule, said = PeakPrediction(peak, 0.931, "both"), PeakPrediction(peak, None, "person")
    assert (format_prediction(by_rule), format_certainty(by_rule)) == ("Ama Dablam 93 % (both)", "93 %")
    assert (format_prediction(said), format_certainty(said)) == ("Ama Dablam (you said)", "you said")
    assert format_prediction(PeakPrediction(Peak("gone", ()))) == "gone"
