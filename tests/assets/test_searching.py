"""Search templates on a real node: what Elasticsearch finds and refuses."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from elasticsearch import ApiError, Elasticsearch

from loader.elastic.assets import (
    bind_model,
    pack_template,
    read_assets,
    read_schema,
    template_mappings,
    template_names,
)
from loader.elastic.error_sentences import explain
from loader.elastic.models import DeployedModel

pytestmark = pytest.mark.cluster

DIMS = 3
MODEL = DeployedModel("three-numbers", "f" * 16, "c" * 16, DIMS)

PHOTOS: dict[str, dict[str, Any]] = {
    "flags": {
        "path": "flags.jpg", "path_words": "day one flags", "clip_image": [1, 0, 0],
        "predicted_peaks": ["ama-dablam"], "predicted_peak_names": ["Ama Dablam"],
        "predicted_peaks_evidence": ["both"],
        "predictions": [
            {"peak": "ama-dablam", "probability": 0.93, "cosine": 0.15, "evidence": "both"},
            {"peak": "taboche", "probability": 0.04, "evidence": "sight"},
        ],
        "predicted_concepts": ["prayer-flags"], "predicted_concept_names": ["prayer flags", "Gebetsfahnen"],
        "peaks_in_frame": [{"lat": 27.86167, "lon": 86.86139}], "peaks_in_frame_ids": ["ama-dablam"],
        "peaks_in_sight": [{
            "peak": "ama-dablam", "distance": 8123.5, "bearing": 101.25, "offset": -3.5, "elevation": 9.5,
            "probability": 0.875,
        }],
        "gps": {"lat": 27.861, "lon": 86.861}, "altitude": 4012.5,
        "shot_time": "2023-10-05T03:00:00Z", "shot_time_local": "2023-10-05T08:45:00",
        "shot_time_offset": "+05:45", "thumbnail": "QUJD" * 20_000,
    },
    "camp": {
        "path": "camp.jpg", "path_words": "day two camp", "clip_image": [0.9, 0.1, 0],
        "predicted_peaks": ["pumori", "everest"], "predicted_peak_names": ["Pumori", "Mount Everest"],
        "predicted_concepts": ["tent", "stupa"], "peaks_in_frame_ids": ["pumori", "everest"],
        "gps": {"lat": 28.0, "lon": 86.83}, "altitude": 5170, "shot_time_local": "2023-10-06T23:45:00",
    },
    "yak": {
        "path": "yak.jpg", "path_words": "day three", "clip_image": [-1, 0, 0],
        "description": "A yak below Lhotse", "shot_time": "2023-10-09T03:00:00Z",
    },
}


@pytest.fixture(scope="module")
def stored(client: Elasticsearch) -> Iterator[Elasticsearch]:
    """The vector templates for three dimensions under names of their own, and an index with three photos."""
    assets = bind_model(read_assets(), MODEL)
    mappings = template_mappings(assets, "photos")
    client.indices.delete(index="assets-photos", ignore_unavailable=True)
    client.indices.create(index="assets-photos", mappings=mappings)
    for name, photo in PHOTOS.items():
        client.index(index="assets-photos", id=name, document=photo)
    client.indices.refresh(index="assets-photos")
    yield client
    client.indices.delete(index="assets-photos")


def found(client: Elasticsearch, **parameters: Any) -> list[str]:
    """Ids of the photos near [1, 0, 0], nearest first."""
    return [hit["_id"] for hit in search(client, **parameters)["hits"]["hits"]]


def search(client: Elasticsearch, **parameters: Any) -> dict[str, Any]:
    source = pack_template("photos-by-vector")
    given = {"vector": [1, 0, 0], **parameters}
    body: dict[str, Any] = client.search_template(index="assets-photos", source=source, params=given).body
    return body


def test_nearest_first_and_as_many_as_asked(stored: Elasticsearch) -> None:
    assert found(stored) == ["flags", "camp", "yak"]
    assert found(stored, size=1) == ["flags"]
    assert found(stored, size=200) == ["flags", "camp", "yak"]
    assert found(stored, num_candidates=2) == ["flags", "camp"]


def test_score_gives_back_the_cosine(stored: Elasticsearch) -> None:
    scores = [hit["_score"] for hit in search(stored)["hits"]["hits"]]
    assert [2 * score - 1 for score in scores] == pytest.approx([1, 0.9 / 0.82**0.5, -1], abs=1e-6)


def test_answers_bring_fields_only(stored: Elasticsearch) -> None:
    first, *_ = search(stored)["hits"]["hits"]
    assert "_source" not in first and not {"clip_image", "thumbnail"} & set(first["fields"])
    first, *_ = search(stored, with_thumbnail=True)["hits"]["hits"]
    assert first["fields"]["thumbnail"] == ["QUJD" * 20_000]


def test_names_in_all_languages_come_when_asked_for(stored: Elasticsearch) -> None:
    assert "predicted_concept_names" not in search(stored)["hits"]["hits"][0]["fields"]
    named = search(stored, with_names=True)["hits"]["hits"][0]["fields"]
    assert named["predicted_concept_names"] == ["prayer flags", "Gebetsfahnen"]


def browse(client: Elasticsearch, **parameters: Any) -> dict[str, Any]:
    """Photos without a question."""
    source = pack_template("photos-by-filter")
    answer = client.search_template(index="assets-photos", source=source, params=parameters)
    hits: dict[str, Any] = answer["hits"]
    return hits


def test_photos_without_a_question_in_every_order(stored: Elasticsearch) -> None:
    def order(**parameters: Any) -> list[str]:
        return [hit["_id"] for hit in browse(stored, **parameters)["hits"]]

    assert order() == ["camp", "flags", "yak"]  # by path
    assert order(sort={"time": "asc"}) == ["flags", "camp", "yak"]
    assert order(sort={"time": "desc"}) == ["camp", "flags", "yak"]  # a photo without a clock is last
    assert order(sort={"altitude": "desc"}) == ["camp", "flags", "yak"]
    assert order(sort={"altitude": "asc"}) == ["flags", "camp", "yak"]
    near = {"near_lat": 27.99, "near_lon": 86.83, "near_distance": "50km"}
    assert order(sort={"distance": "asc"}, **near) == ["camp", "flags"]
    assert order(predicted_concepts=["tent"], shot_from="2023-10-06") == ["camp"]


def test_pages_follow_each_other_and_say_how_many_there_are(stored: Elasticsearch) -> None:
    pages = [browse(stored, sort={"time": "asc"}, size=2, **{"from": start}) for start in (0, 2, 4)]
    assert [[hit["_id"] for hit in page["hits"]] for page in pages] == [["flags", "camp"], ["yak"], []]
    assert [page["total"] for page in pages] == [{"value": 3, "relation": "eq"}] * 3
    assert found(stored, **{"from": 1}) == ["camp", "yak"]


def test_an_order_keeps_the_scores(stored: Elasticsearch) -> None:
    scores = {hit["_id"]: hit["_score"] for hit in search(stored)["hits"]["hits"]}
    hits = search(stored, sort={"time": "desc"})["hits"]["hits"]
    assert [hit["_id"] for hit in hits] == ["camp", "flags", "yak"]
    assert {hit["_id"]: hit["_score"] for hit in hits} == scores


def test_filters_choose_before_the_neighbours(stored: Elasticsearch) -> None:
    """With one candidate a filter beside the knn clause would find nothing."""
    assert found(stored, near_lat=28.0, near_lon=86.83, num_candidates=1) == ["camp"]
    assert found(stored, predicted_peaks=["everest"], num_candidates=1) == ["camp"]


def test_place(stored: Elasticsearch) -> None:
    assert found(stored, near_lat=27.861, near_lon=86.861) == ["flags"]
    assert found(stored, near_lat=27.861, near_lon=86.861, near_distance="50km") == ["flags", "camp"]
    assert found(stored, box_top=28.1, box_left=86, box_bottom=27.9, box_right=87) == ["camp"]


def test_a_day_is_that_of_the_photos_own_clock(stored: Elasticsearch) -> None:
    assert found(stored, shot_to="2023-10-06") == ["flags", "camp"]
    assert found(stored, shot_from="2023-10-06", shot_to="2023-10-06") == ["camp"]
    assert found(stored, shot_from="2023-10-07") == ["yak"]  # it has an instant alone
    early = {"shot_from": "2023-10-05T08:45:00", "shot_to": "2023-10-05T08:45:00"}
    assert found(stored, **early) == ["flags"]


def test_a_moment_with_an_offset_is_an_instant(stored: Elasticsearch) -> None:
    for moment in ("2023-10-05T08:45:00+05:45", "2023-10-05T03:00:00Z", "2023-10-04T17:00:00-10:00"):
        assert found(stored, shot_from=moment, shot_to=moment) == ["flags"]
    assert found(stored, shot_from="2023-10-05T03:00:01Z", shot_to="2023-10-05T08:50:00Z") == []


# Local clocks around the turn of a year, in zones far from each other, and the days that they belong to.
NEW_YEAR = [
    ("2023-12-31T23:59:59", "+14:00"), ("2024-01-01T00:00:00", "+14:00"),
    ("2023-12-31T23:59:59", "-12:00"), ("2024-01-01T00:00:00", "-12:00"),
    ("2023-12-31T23:59:59", "+00:00"), ("2024-01-01T00:00:00", "+05:45"),
]


@pytest.fixture
def new_year(stored: Elasticsearch) -> Iterator[Elasticsearch]:
    ids = [f"new-year-{place}" for place in range(len(NEW_YEAR))]
    for name, (local, offset) in zip(ids, NEW_YEAR, strict=True):
        time = {"shot_time": f"{local}{offset}", "shot_time_local": local}
        photo = {"path": f"{name}.jpg", "clip_image": [0, 1, 0], **time}
        stored.index(index="assets-photos", id=name, document=photo)
    stored.indices.refresh(index="assets-photos")
    yield stored
    for name in ids:
        stored.delete(index="assets-photos", id=name)
    stored.indices.refresh(index="assets-photos")


MIDNIGHT = "2024-01-01T00:00:00"


@pytest.mark.parametrize("bound", [MIDNIGHT[:length] for length in (4, 7, 10, 16, 19)])
def test_every_zone_has_its_own_new_year(new_year: Elasticsearch, bound: str) -> None:
    after = {f"new-year-{place}" for place, (local, _) in enumerate(NEW_YEAR) if local.startswith("2024")}
    assert set(found(new_year, shot_from=bound)) == after
    before = {f"new-year-{place}" for place in range(len(NEW_YEAR))} - after
    assert set(found(new_year, shot_from="2023-12-31", shot_to="2023-12-31")) == before
    for end in ("2023||/y", "2023-12||/M", "2023-12-31", "2023-12-31T23:59", "2023-12-31T23:59:59"):
        assert set(found(new_year, shot_to=end)) - set(PHOTOS) == before, end


def test_an_instant_is_one_in_every_zone(new_year: Elasticsearch) -> None:
    order = sorted(range(len(NEW_YEAR)), key=lambda place: datetime.fromisoformat("".join(NEW_YEAR[place])))
    for first, place in enumerate(order):
        moment = "".join(NEW_YEAR[place])
        assert set(found(new_year, shot_from=moment)) == {f"new-year-{each}" for each in order[first:]}
        until = set(found(new_year, shot_from="2023-12-01", shot_to=moment))
        assert until == {f"new-year-{each}" for each in order[: first + 1]}


@pytest.mark.parametrize("parameters", [
    {"predicted_peaks": ["everest", "ama-dablam"]},
    {"predicted_concepts": ["stupa", "prayer-flags"]},
    {"peaks_in_frame": ["everest", "ama-dablam"]},
], ids=lambda parameters: str(*parameters))
def test_any_of_the_names(stored: Elasticsearch, parameters: dict[str, list[str]]) -> None:
    ((name, (camps, _)),) = parameters.items()
    assert found(stored, **parameters) == ["flags", "camp"]
    assert found(stored, **{name: [camps]}, num_candidates=1) == ["camp"]
    assert found(stored, **{name: camps}) == ["camp"]
    assert found(stored, **{name: ["nowhere"]}) == []
    assert found(stored, **{name: []}) == ["flags", "camp", "yak"]
    assert found(stored, peaks_in_frame=["ama-dablam"], predicted_peaks=["pumori"]) == []


def test_nested_fields_come_object_by_object(stored: Elasticsearch) -> None:
    flags, camp, _ = search(stored)["hits"]["hits"]
    assert flags["fields"]["predictions"] == [
        {"peak": ["ama-dablam"], "probability": [0.93], "cosine": [0.15], "evidence": ["both"]},
        {"peak": ["taboche"], "probability": [0.04], "evidence": ["sight"]},
    ]
    assert flags["fields"]["peaks_in_sight"] == [{
        "peak": ["ama-dablam"], "distance": [8123.5], "bearing": [101.25], "offset": [-3.5],
        "elevation": [9.5], "probability": [0.875],
    }]
    assert "predictions" not in camp["fields"] and "peaks_in_sight" not in camp["fields"]


def test_similarity_cuts_off(stored: Elasticsearch) -> None:
    assert found(stored, min_similarity=0.5) == ["flags", "camp"]
    assert found(stored, min_similarity=-1) == ["flags", "camp", "yak"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"vector": []}, "The vector has 0 dimensions but the index holds 3"),
    ({"vector": [1, 0]}, "The vector has 2 dimensions but the index holds 3"),
    ({"vector": [1, 0, 0, 0]}, "The vector has 4 dimensions but the index holds 3"),
    ({"vector": ["a", "b", "c"]}, "[query_vector]"),
    ({"vector": [{"a": 1}, 0, 0]}, "[query_vector]"),
    ({"vector": {"size": 3, "0": 1}}, "[query_vector]"),
    ({"vector": '1], "x": ['}, "required parameter [vector] is missing"),
    ({"vector": {"size": {"vector": "[1, 0, 0]"}}}, "[vector is no list]"),
    ({"vector": {"size": [{"vector": "[1, 0, 0]"}]}}, "[vector is no list]"),
    ({"vector": [0, 0, 0]}, "all zeros"),
    ({"num_candidates": 20_000}, "cannot exceed [10000]"),
    ({"size": 20_000}, "[10000] but was [20000]"),
    ({"near_lat": 127, "near_lon": 86}, "latitude is invalid"),
    ({"near_lat": 27}, "[near_lat needs near_lon]"),
    ({"sort": {"distance": "asc"}}, "[distance needs near_lat and near_lon]"),
    ({"sort": {"time": "up"}}, "SortOrder.UP"),
    ({"from": -1}, "[from]"),
    ({"near_lon": 86}, "[near_lon needs near_lat]"),
    ({"near_distance": "5km"}, "[near_distance needs near_lat and near_lon]"),
    ({"near_lat": 27, "near_lon": 86, "near_distance": "far"}, "far"),
    ({"box_top": 28}, "[box_top needs box_left]"),
    ({"box_right": 87}, "[box_right needs box_top]"),
    ({"box_top": 27, "box_left": 86, "box_bottom": 28, "box_right": 87}, "top is below bottom"),
    ({"min_similarity": "x"}, "[similarity]"),
    ({"shot_from": "yesterday"}, "Failed to parse"),
]


@pytest.mark.parametrize(("parameters", "said"), REFUSED, ids=[str(given) for given, _ in REFUSED])
def test_elasticsearch_refuses_by_itself(
    stored: Elasticsearch, parameters: dict[str, Any], said: str
) -> None:
    with pytest.raises(ApiError) as refused:
        search(stored, **parameters)
    message = explain(refused.value).message
    assert refused.value.meta.status == 400
    assert said in message and "\n" not in message


@pytest.mark.parametrize("template", [name for name in template_names() if name != "photos-by-filter"])
def test_missing_parameter_is_refused_by_name(stored: Elasticsearch, template: str) -> None:
    (name,) = read_schema(template)["required"]
    with pytest.raises(ApiError) as refused:
        source = pack_template(template)
        stored.search_template(index="assets-photos", source=source, params={"size": 1})
    assert f"[required parameter [{name}] is missing]" in explain(refused.value).message
