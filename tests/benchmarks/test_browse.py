"""The copies that the benchmark of the page fills an index with."""
from __future__ import annotations

import numpy as np
import pytest

from benchmarks.browse import BARE, Wait, copies_of, move_moment, table


@pytest.mark.parametrize(("moment", "moved"), [
    ("2023-11-01T03:42:00Z", "2023-10-31T03:42:00+00:00"),
    ("2023-11-01T09:27:53+05:45", "2023-10-31T09:27:53+05:45"),
    ("2024-03-01T09:27:53", "2024-02-29T09:27:53"),
])
def test_a_day_earlier(moment: str, moved: str) -> None:
    assert move_moment(moment, 1) == moved


def test_copies_have_vectors_and_days_of_their_own() -> None:
    own = [{"_source": {"path": "a.jpg", "library": "trek", "shot_time_local": "2023-10-05T06:12:33"}},
           {"_source": {"path": "b.jpg", "library": "trek"}}]
    stock = np.eye(6, dtype=np.float32)  # those of the photos first
    copies = list(copies_of(own, stock, "copies"))
    assert [copy["path"] for copy in copies] == ["a.jpg", "b.jpg"] * 2
    assert [copy["clip_image"].index(1) for copy in copies] == [2, 3, 4, 5]
    assert {copy["library"] for copy in copies} == {"copies"}
    assert [copy["shot_time_local"][:10] for copy in copies[::2]] == ["2023-10-04", "2023-10-03"]
    assert "shot_time_local" not in copies[1] and len({copy["content_hash"] for copy in copies}) == 4
    assert own[0]["_source"]["library"] == "trek"


def test_waits_are_told_beside_the_bare_call() -> None:
    waits = [Wait(BARE, 0.02, 0.01, 0.03, 1.0), Wait("search by words", 0.3, 0.2, 0.5, 15.0)]
    assert table(waits).splitlines()[-1].split() == [
        *("search", "by", "words", "0.300", "s", "0.200", "s", "0.500", "s", "0.280", "s", "15.0"),
    ]
