"""The key that sees no places, with a licence for it and without: the last test takes the trial away."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
from elasticsearch import AuthorizationException

from loader.elastic.indices import PHOTOS
from loader.elastic.models import is_started, read_index_model
from tests.access.conftest import Secured
from tests.conftest import DEMO_CHECKPOINT

pytestmark = pytest.mark.cluster

KEY = "search-without-location"
HIDDEN = {
    "gps", "position_source", "altitude", "bearing", "bearing_reference", "bearing_true", "peaks_in_frame",
    "peaks_in_frame_ids", "peaks_in_sight", "shot_time", "shot_time_offset", "thumbnail",
}
# What the file of a drawn photo does not say.
PLACES = {
    "altitude": 5140.5, "bearing_true": 101.25, "peaks_in_frame": [{"lat": 27.86, "lon": 86.86}],
    "peaks_in_frame_ids": ["ama-dablam"],
    "peaks_in_sight": [{"peak": "ama-dablam", "distance": 7900.0, "bearing": 117.1}],
}


def test_it_sees_photos_without_places_and_pictures(secured: Secured) -> None:
    everything, less = secured.client("loader"), secured.client(KEY)
    [first] = everything.search(index="photos", query={"term": {"path": "day 1/blue.jpg"}})["hits"]["hits"]
    everything.update(index="photos", id=first["_id"], doc=PLACES, refresh=True)
    whole, seen = (  # empty lists are left out of a filtered document
        [{name: value for name, value in hit["_source"].items() if value != []}
         for hit in client.search(index="photos", sort="path")["hits"]["hits"]]
        for client in (everything, less)
    )
    assert {name for document in whole for name in document} >= HIDDEN
    assert seen == [
        {name: value for name, value in document.items() if name not in HIDDEN} for document in whole
    ]
    for hit in less.search(index="photos", source=False, fields=[{"field": "*"}])["hits"]["hits"]:
        assert not HIDDEN & {name.partition(".")[0] for name in hit["fields"]} and "path" in hit["fields"]
    near = {"geo_distance": {"distance": "500km", "gps": {"lat": 27.9, "lon": 86.8}}}
    found = [client.count(index="photos", query=near)["count"] for client in (everything, less)]
    assert found == [4, 0]  # nor can it ask for places until it has found one
    everything.close()
    less.close()


def test_it_sees_whether_the_model_runs(secured: Secured) -> None:
    less = secured.client(KEY)
    assert is_started(less, read_index_model(less, PHOTOS).model_id)
    less.close()


def test_it_asks_questions(secured: Secured, tmp_path: Path) -> None:
    answer = json.loads(secured.must_run(KEY, "search", "starry night", "--json"))
    assert len(answer["hits"]) > 1 and not any(hit.get("gps") for hit in answer["hits"])
    secured.must_run(KEY, "search", "starry night", "--html", tmp_path / "sheet.html")
    secured.must_run(KEY, "photos", "--sort", "time")
    secured.must_run(KEY, "similar", "blue.jpg")
    secured.must_run(KEY, "identify", secured.photos / "day 1" / "blue.jpg", "--checkpoint", DEMO_CHECKPOINT)


def test_without_the_licence_it_sees_nothing_and_is_not_made(secured: Secured) -> None:
    elastic, less = secured.client("elastic"), secured.client(KEY)
    elastic.license.post_start_basic(acknowledge=True)
    with pytest.raises(AuthorizationException):
        less.search(index="photos")
    refused = secured.run("elastic", "keys", "create", KEY)
    assert refused.exit_code == 1 and refused.stdout == ""
    assert "The cluster's licence (basic, active) has no field-level security, " in refused.stderr
    secured.must_run("elastic", "keys", "create", "search")
    secured.must_run("search", "photos")
    elastic.close()
    less.close()
