"""Days and instants: which of a photo's two times a moment is compared with."""
from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from elasticsearch import BadRequestError, Elasticsearch

from .three_photos import INDEX, PHOTOS, found

pytestmark = pytest.mark.cluster


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


def test_the_photos_own_clock_has_no_offset(stored: Elasticsearch) -> None:
    """It takes Kibana's form of it for a filter, whose Z says nothing, and no instant."""
    for moment in ("2023-10-05T08:45:00", "2023-10-05T08:45:00.000Z"):
        hits = stored.search(index=INDEX, query={"match_phrase": {"shot_time_local": moment}})["hits"]["hits"]
        assert [hit["_id"] for hit in hits] == ["flags"]
    for moment in ("2023-10-05T08:45:00Z", "2023-10-05T08:45:00+05:45", "2023-10-05T08:45:00.000+05:45"):
        with pytest.raises(BadRequestError, match="failed to parse field \\[shot_time_local\\]"):
            stored.index(index=INDEX, document={"path": "a.jpg", "shot_time_local": moment})


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
        stored.index(index=INDEX, id=name, document=photo)
    stored.indices.refresh(index=INDEX)
    yield stored
    for name in ids:
        stored.delete(index=INDEX, id=name)
    stored.indices.refresh(index=INDEX)


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
