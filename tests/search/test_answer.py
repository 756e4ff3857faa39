"""Hits as Elasticsearch sends them, read into an answer and written as JSON."""
from __future__ import annotations

import json

from loader.peaks.catalogue import Peak
from loader.place import Point
from loader.search.answer import PeakPrediction, ShotTime
from loader.show.answer_table import describe_answer
from loader.show.identification_table import describe_identified
from tests.search.search_answers import SNAPSHOTS, identified_image, photo_answer
from tests.snapshots import check_snapshot


def test_photo_with_everything() -> None:
    hit = photo_answer().hits[0]
    assert hit.path == "khumbu/day 03/IMG_1512.HEIC"
    assert hit.gps == Point(27.8931, 86.7896)
    assert hit.time == ShotTime("2023-10-05T00:27:33.000Z", "2023-10-05T06:12:33", "+05:45")
    assert hit.predictions == (
        PeakPrediction(Peak("ama-dablam", ("Ama Dablam",)), 0.934, "both"),
        PeakPrediction(Peak("taboche", ("Taboche", "Tawoche")), 0.31, "sight"),
    )
    assert [concept.name for concept in hit.concepts] == ["prayer flags", "gone-from-the-concepts"]
    assert (hit.bearing, hit.bearing_reference, hit.altitude) == (101.25, "true", 4371.6)


def test_photo_with_almost_nothing() -> None:
    hit = photo_answer().hits[2]
    assert (hit.gps, hit.bearing, hit.thumbnail) == (None, None, None)
    assert hit.predictions == (PeakPrediction(Peak("gone-from-the-catalogue", ())),)
    assert hit.predictions[0].peak.name == "gone-from-the-catalogue"
    assert hit.concepts == ()


def test_json_of_photos() -> None:
    document = describe_answer(photo_answer())
    check_snapshot(SNAPSHOTS / "photos.json", json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def test_json_of_an_identification() -> None:
    document = describe_identified(identified_image())
    check_snapshot(SNAPSHOTS / "identified.json", json.dumps(document, ensure_ascii=False, indent=2) + "\n")
