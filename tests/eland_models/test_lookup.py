"""The tables that stand in for dictionaries."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eland_models.lookup import ID_LIMIT, CodePointTable, PairTable

IDS = st.integers(0, ID_LIMIT - 1)


@settings(max_examples=50)
@given(st.lists(st.tuples(IDS, IDS), unique=True, max_size=200), st.lists(st.tuples(IDS, IDS), max_size=50))
def test_pair_table_is_a_dictionary(pairs: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    table = PairTable(np.array(pairs, dtype=np.int64).reshape(-1, 2))
    asked = torch.tensor([*pairs, *others], dtype=torch.int64).reshape(-1, 2)
    expected = {pair: position for position, pair in enumerate(pairs)}
    found = table(asked[:, 0], asked[:, 1]).tolist()
    assert found == [expected.get(pair, table.none) for pair in [*pairs, *others]]


def test_code_point_table_holds_every_value() -> None:
    values = np.random.default_rng(0).integers(0, 9, 0x110000)
    values[0x4000:0xA000] = -1
    table = CodePointTable(values)
    assert torch.equal(table(torch.arange(0x110000)), torch.from_numpy(values))
    assert table.pages.numel() < 0x110000
