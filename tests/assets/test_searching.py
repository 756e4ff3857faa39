"""Search templates on a real node: what Elasticsearch finds and refuses."""
from __future__ import annotations

from typing import Any

import pytest
from elasticsearch import ApiError, Elasticsearch

from loader.elastic.assets import pack_template, read_schema, template_names
from loader.elastic.error_sentences import explain

from .three_photos import INDEX, found, search

pytestmark = pytest.mark.cluster


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
    answer = client.search_template(index=INDEX, source=source, params=parameters)
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


def test_an_area_of_any_shape(stored: Elasticsearch) -> None:
    triangle = "86.8 27.8, 86.9 27.8, 86.85 27.9, 86.8 27.8"
    assert found(stored, area=triangle, num_candidates=1) == ["flags"]
    # one whose edges cross, as a hand draws it: two triangles that meet in a point
    crossed = "86.7 27.8, 87 27.8, 86.7 28.1, 87 28.1, 86.7 27.8"
    assert found(stored, area=crossed) == ["flags", "camp"]
    assert found(stored, area="-179 27.8, -178 27.8, -178 28, -179 27.8") == []


def test_altitude_and_no_position(stored: Elasticsearch) -> None:
    assert found(stored, altitude_from=4012.5, altitude_to=5170) == ["flags"]  # the upper end is left out
    assert found(stored, altitude_from=5170, num_candidates=1) == ["camp"]
    assert found(stored, altitude_to=5171) == ["flags", "camp"]
    assert found(stored, without_position=True, num_candidates=1) == ["yak"]
    assert found(stored, without_position=False) == ["flags", "camp", "yak"]


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


POINT = "near_lat and near_lon take degrees and need each other, near_distance takes a length and needs them"
BOX = "box_top, box_left, box_bottom and box_right take degrees, need each other"
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"vector": []}, "The vector has 0 dimensions but the index holds 3"),
    ({"vector": [1, 0]}, "The vector has 2 dimensions but the index holds 3"),
    ({"vector": [1, 0, 0, 0]}, "The vector has 4 dimensions but the index holds 3"),
    ({"vector": ["a", "b", "c"]}, "[query_vector]"),
    ({"vector": ["NaN", 0, 0]}, "vectors do not support NaN values"),
    ({"vector": [1e39, 0, 0]}, "vectors do not support infinite values"),
    ({"vector": [None, 0, 0]}, "[query_vector]"),
    ({"vector": [[1, 0, 0], 0, 0]}, "[query_vector]"),
    ({"vector": [[1, 0, 0]]}, "vector takes a list of numbers, two or more"),
    ({"vector": [{"a": 1}, 0, 0]}, "[query_vector]"),
    ({"vector": [1]}, "vector takes a list of numbers, two or more"),
    ({"vector": {"size": 3, "0": 1}}, "vector takes a list of numbers"),
    ({"vector": '1], "x": ['}, "required parameter [vector] is missing"),
    ({"vector": {"size": {"vector": "[1, 0, 0]"}}}, "vector takes a list of numbers"),
    ({"vector": {"size": [{"vector": "[1, 0, 0]"}]}}, "vector takes a list of numbers"),
    ({"vector": [0, 0, 0]}, "all zeros"),
    ({"num_candidates": 20_000}, "cannot exceed [10000]"),
    ({"num_candidates": 0}, "num_candidates takes one number above 0"),
    ({"size": 20_000}, "[10000] but was [20000]"),
    ({"size": "abc"}, "size takes one number"),
    ({"size": [12]}, "size takes one number"),
    ({"near_lat": 127, "near_lon": 86}, POINT),
    ({"near_lat": 27}, POINT),
    ({"near_lon": 86}, POINT),
    ({"near_distance": "5km"}, POINT),
    ({"near_lat": 27, "near_lon": 86, "near_distance": "far"}, POINT),
    ({"near_lat": [27], "near_lon": 86}, POINT),
    ({"sort": {"distance": "asc"}}, "distance needs near_lat and near_lon"),
    ({"sort": {"time": "up"}}, "SortOrder.UP"),
    ({"sort": "time"}, "sort takes time, altitude or distance, each asc or desc"),
    ({"from": -1}, "[from]"),
    ({"box_top": 28}, BOX),
    ({"box_right": 87}, BOX),
    ({"box_top": 27, "box_left": 86, "box_bottom": 28, "box_right": 87}, BOX),
    ({"min_similarity": "x"}, "min_similarity takes one number"),
    ({"area": "86 27, 87 27, north"}, "area takes corners of a polygon"),
    ({"altitude_from": "high"}, "altitude_from takes one number"),
    ({"altitude_to": [5000]}, "altitude_to takes one number"),
    ({"without_position": "yes"}, "without_position takes true or false"),
    ({"shot_from": "yesterday"}, "Failed to parse"),
    ({"libraries": []}, "libraries takes one name or several"),
    ({"with_names": "yes"}, "with_names takes true or false"),
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


@pytest.mark.parametrize("template", [
    name for name in template_names() if name not in ("photos-by-filter", "photos-facets")
])
def test_missing_parameter_is_refused_by_name(stored: Elasticsearch, template: str) -> None:
    (name,) = read_schema(template)["required"]
    with pytest.raises(ApiError) as refused:
        source = pack_template(template)
        stored.search_template(index=INDEX, source=source, params={"size": 1})
    assert f"[required parameter [{name}] is missing]" in explain(refused.value).message
