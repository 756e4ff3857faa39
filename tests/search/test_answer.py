"""Hits as Elasticsearch sends them, read into an answer and written as JSON."""
from __future__ import annotations

import json
import math

import pytest

from loader.files.place import Point
from loader.peaks.catalogue import Peak
from loader.peaks.siglip import Calibration
from loader.search.answer import PeakPrediction, ShotTime, describe_answer, read_similarity
from loader.show.identification_table import describe_identified
from tests.search.search_answers import CALIBRATION, SNAPSHOTS, identified_image, photo_answer
from tests.snapshots import check_snapshot


def test_probability_is_siglips() -> None:
    for cosine in (-1.0, 0.0, 0.1, 0.15, 1.0):
        logit = math.exp(CALIBRATION.logit_scale) * cosine + CALIBRATION.logit_bias
        assert CALIBRATION.probability(cosine) == pytest.approx(1 / (1 + math.exp(-logit)), rel=1e-12)


def test_probability_never_overflows() -> None:
    steep = Calibration(logit_scale=9.0, logit_bias=0.0)
    assert steep.probability(-1.0) == pytest.approx(0.0)
    assert steep.probability(1.0) == pytest.approx(1.0)


@pytest.mark.parametrize("probability", [1e-9, 0.001, 0.5, 0.9, 1 - 1e-9])
def test_the_cosine_of_a_probability_is_its_inverse(probability: float) -> None:
    cosine = CALIBRATION.cosine(probability)
    assert -1 < cosine < 1
    assert CALIBRATION.probability(cosine) == pytest.approx(probability, rel=1e-6)


def test_a_probability_that_no_cosine_has_is_the_nearest_one() -> None:
    flat = Calibration(logit_scale=0.0, logit_bias=0.0)
    assert (flat.cosine(0.999), flat.cosine(0.001)) == (1.0, -1.0)


def test_cosine_from_score() -> None:
    assert read_similarity(0.5721, None, is_cosine=True).cosine == pytest.approx(0.1442)
    assert read_similarity(0.5721, None, is_cosine=True).probability is None
    ranked = read_similarity(0.0325, CALIBRATION, is_cosine=False)
    assert (ranked.score, ranked.cosine, ranked.probability) == (0.0325, None, None)


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
