"""Counts beside an answer, each facet's under all other filters."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from loader.errors import PeaksError
from loader.search.facets import TEMPLATE, read_facets
from loader.search.filters import Filters, read_filters, read_whereabouts

pytestmark = pytest.mark.cluster


def test_everything_is_counted(client: Elasticsearch, photos: Path) -> None:
    facets = read_facets(client, Filters())
    assert facets.total == 6 and facets.counts["position"] == {"with": 4, "without": 2}
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


def test_altitudes_and_positions_are_counted_without_their_own_filter(
    client: Elasticsearch, photos: Path
) -> None:
    heights = {"day 1/blue.jpg": 4410.0, "day 1/dawn.jpg": 4000.0, "day 2/green.jpg": -3.0}
    for path, altitude in heights.items():
        (hit,) = client.search(index="photos", query={"term": {"path": path}})["hits"]["hits"]
        client.update(index="photos", id=hit["_id"], doc={"altitude": altitude})
    client.indices.refresh(index="photos")
    low = read_facets(client, read_whereabouts("-500,0", without_position=False))
    assert low.total == 1 and low.counts["altitudes"] == {-500.0: 1, 4000.0: 2}
    assert low.counts["position"] == {"with": 1, "without": 0}
    assert low.counts["predicted_concepts"] == {"tent": 1, "yak": 1}
    for flown in ("10500,11000", "-11000,-10500", "99999,100500"):  # what a load takes as an altitude
        assert read_facets(client, read_whereabouts(flown)).total == 0
    unplaced = read_facets(client, read_whereabouts(None, without_position=True))
    assert unplaced.total == 2 and unplaced.counts["position"] == {"with": 4, "without": 2}


def test_a_day_counts_what_its_filter_lets_through(client: Elasticsearch, photos: Path) -> None:
    """A photo that has its instant only is of the day that this is in UTC."""
    query = {"term": {"path": "scans/snow <1998>.jpg"}}
    (hit,) = client.search(index="photos", query=query)["hits"]["hits"]
    for day, others in (("2023-10-06", 1), ("1998-12-31", 0)):
        moment = f"{day}T23:59:59Z"
        client.update(index="photos", id=hit["_id"], doc={"shot_time": moment}, refresh=True)
        counts = read_facets(client, Filters()).counts["days"]
        assert counts[day] == others + 1 and list(counts) == sorted(counts)
        assert read_facets(client, read_filters(client, shot_from=day, shot_to=day)).total == counts[day]
    client.update(index="photos", id=hit["_id"], doc={"shot_time": None}, refresh=True)


def test_a_template_of_an_earlier_version_is_one_sentence(client: Elasticsearch, photos: Path) -> None:
    stored = client.get_script(id=TEMPLATE)["script"]
    earlier = {"size": 0, "aggs": {"libraries": {"terms": {"field": "library"}}}}
    client.put_script(id=TEMPLATE, script={"lang": "mustache", "source": json.dumps(earlier)})
    try:
        with pytest.raises(PeaksError, match="of an earlier version: run `peaks apply`"):
            read_facets(client, Filters())
    finally:
        client.put_script(id=TEMPLATE, script=stored)
