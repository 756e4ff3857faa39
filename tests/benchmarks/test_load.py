"""What the benchmark of searches beside a load counts, by hand and on the node."""
from __future__ import annotations

import time
from itertools import repeat

import pytest

from benchmarks.load import LOADING, QUIET, Row, search, table
from tests.conftest import NOWHERE, Node


def test_rows_are_told_beside_the_first() -> None:
    rows = [Row(1, 1, QUIET, 100, {}, 20.0, 30.0, 40.0, 50.0, 1.0, 0.0, 2.0),
            Row(2, 32, LOADING, 90, {"429": 3}, 640.0, 700.0, 800.0, 45.5, 32.0, 12.3, 4.0)]
    first, second = (" ".join(line.split()) for line in table(rows).splitlines()[1:])
    assert first == "1 1 nothing 20 ms 30 ms 40 ms 1.00 50.0 0 0.0 2.0"
    assert second == "2 32 a load 640 ms 700 ms 800 ms 32.00 45.5 3 × 429 12.3 4.0"


def test_a_node_that_is_away_is_an_error_and_no_time() -> None:
    now = time.monotonic()
    outcomes = search(NOWHERE, repeat("snow"), now, now + 0.2)
    assert outcomes and {error for _, error in outcomes} == {"ConnectionError"}


@pytest.mark.cluster
@pytest.mark.usefixtures("fresh_indices")
def test_an_answer_that_lacks_photos_is_an_error(node: Node) -> None:
    now = time.monotonic()
    outcomes = search(node.url, repeat("snow"), now, now + 0.2)
    assert outcomes and {error for _, error in outcomes} == {"not whole"}
