"""Answers of status 200 that hold failures, and points in time that are lost: no photo goes unseen."""
from __future__ import annotations

from typing import Any

import pytest
from elastic_transport import ObjectApiResponse
from elasticsearch import ApiError, Elasticsearch, NotFoundError

from loader.elastic import photo_index
from loader.elastic.photo_index import read_stored_photos
from loader.elastic.retries import check_parts
from tests.elastic.answers import answered

ANSWER: ObjectApiResponse[Any] = ObjectApiResponse({}, answered(200).meta)


@pytest.mark.parametrize("status", [429, 503])
def test_a_part_that_may_pass_raises_with_its_status(status: int) -> None:
    error = {"type": "some_exception", "reason": "no shard"}
    with pytest.raises(ApiError) as raised:
        check_parts(ANSWER, [{"status": 200}, {"status": status, "error": error}])
    assert raised.value.status_code == status and raised.value.body["error"] == error
    assert ANSWER.meta.status == 200


def test_a_part_with_a_status_that_waiting_does_not_mend_is_left_to_the_caller() -> None:
    check_parts(ANSWER, [{"status": 400, "error": {"type": "some_exception"}}, {"status": 200}])


IDS = [f"{number:032x}" for number in range(5)]


@pytest.fixture
def photos(client: Elasticsearch, fresh_indices: str) -> Elasticsearch:
    """An index of five photos."""
    lines = [line for identifier in IDS for line in ({"index": {"_id": identifier}}, {"path": identifier})]
    assert not client.bulk(index="photos", operations=lines, refresh=True)["errors"]
    return client


@pytest.mark.cluster
def test_a_lost_point_in_time_is_opened_anew(
    photos: Elasticsearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[str] = []
    search = photos.search

    def lose_the_first(**request: Any) -> Any:
        if request["search_after"] and not lost:  # as a restart of its node does, between two pages
            lost.append(request["pit"]["id"])
            photos.close_point_in_time(id=request["pit"]["id"])
        return search(**request)

    monkeypatch.setattr(photo_index, "PAGE", 2)
    monkeypatch.setattr(photos, "search", lose_the_first)
    assert sorted(read_stored_photos(photos)) == IDS and lost


@pytest.mark.cluster
def test_an_index_that_is_gone_is_no_empty_one(photos: Elasticsearch) -> None:
    photos.indices.delete(index=next(iter(photos.indices.get(index="photos"))))
    with pytest.raises(NotFoundError):
        read_stored_photos(photos)
