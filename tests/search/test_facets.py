"""Counts beside an answer, each facet's under all other filters."""
from __future__ import annotations

from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from loader.search.facets import read_facets
from loader.search.filters import Filters, read_filters

pytestmark = pytest.mark.cluster


def test_everything_is_counted(client: Elasticsearch, photos: Path) -> None:
    facets = read_facets(client, Filters())
    assert facets.total == 6 and facets.with_position == 4
    assert facets.counts["predicted_peaks"] == {"ama-dablam": 1, "khumbila": 1, "mount-everest": 1}
    assert facets.counts["predicted_concepts"] == {"tent": 2, "yak": 2, "gone": 1}
    assert list(facets.counts["libraries"].values()) == [6]
    assert facets.counts["days"] == {  # by the photos' own clocks: dawn is the day before in UTC
        "2023-10-05": 1, "2023-10-06": 1, "2023-10-07": 1, "2023-10-08": 1, "2024-01-01": 1,
    }


def test_a_facet_is_counted_under_the_others_only(client: Elasticsearch, photos: Path) -> None:
    chosen = read_filters(client, peaks=["ama-dablam"], concepts=["yak"], size=3)
    facets = read_facets(client, chosen)
    assert facets.total == 1
    assert facets.counts["predicted_peaks"] == {"ama-dablam": 1, "khumbila": 1}  # those with a yak
    assert facets.counts["predicted_concepts"] == {"yak": 1}  # those of Ama Dablam
    assert facets.counts["days"] == {"2023-10-05": 1}
    day = read_facets(client, read_filters(client, shot_from="2023-10-07", shot_to="2023-10-07"))
    assert day.total == 1 and len(day.counts["days"]) == 5
