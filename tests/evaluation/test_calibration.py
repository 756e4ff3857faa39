"""`peaks calibrate` on the small library: what is fitted, what is left as it was, what is refused."""
from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from evaluation.calibration import Calibration, Measurement, add_prior
from evaluation.dataset import Dataset
from evaluation.labels import Labels, from_sight
from evaluation.reports.calibration_table import describe_measurement, show_measurement
from loader.errors import PeaksError
from loader.peaks.identification.rule import Weights, default_rule, read_rule
from tests.conftest import NOWHERE, invoke
from tests.evaluation.small_library import PEAKS, make_dataset, make_labels


def measure(dataset: Dataset, labels: Labels) -> Measurement:
    return Calibration(dataset, labels, default_rule(), 0.9).measure([])


@pytest.fixture(scope="module")
def measured() -> Measurement:
    return measure(make_dataset(), make_labels())


def test_calibration_of_a_library(measured: Measurement) -> None:
    ways = [figures.way for figures in measured.after]
    assert ways == ["picture alone", "picture and sight lines", "concepts"]
    assert measured.min_similarity is None and measured.cut_off is None
    assert read_rule(json.loads(json.dumps(measured.rule.as_dict()))) == measured.rule
    sighted = measured.after[1]
    assert sighted.photos == 40 and sighted.precision >= 0.9 and sighted.named_when_held_out < 0.2
    assert np.isnan(measured.after[2].named_when_held_out)
    assert measured.notes == ()


def test_a_measurement_reads_well(measured: Measurement) -> None:
    text = show_measurement(measured, kept=True)
    assert "picture and sight lines" in text and "run `peaks predict`" in text
    assert max(map(len, text.splitlines())) <= 110
    assert "Not kept" in show_measurement(measured, kept=False)
    document = json.loads(json.dumps(describe_measurement(measured), allow_nan=False))
    assert document["after"][2]["named_when_held_out"] is None
    assert "prior" not in document["rule"]["picture"] and document["photos"] == 48


def test_calibration_says_what_it_leaves() -> None:
    found = measure(make_dataset(with_position=False), make_labels(concepts=False))
    assert found.rule.sighted == default_rule().sighted
    assert found.rule.concept == default_rule().concept
    assert len(found.notes) == 2


def test_sight_lines_are_never_weighed_by_themselves() -> None:
    found = measure(make_dataset(), from_sight(make_dataset()))
    picture, sighted = found.rule.picture, found.rule.sighted
    assert sighted.prior == 1 and (sighted.match, sighted.share) == (picture.match, picture.share)
    assert [figures.way for figures in found.after] == ["picture alone"]
    assert "cannot be weighed by them" in found.notes[0]


def test_the_prior_takes_the_place_of_the_labels_share() -> None:
    shown, known = np.array([[True, False, False, False]]), np.ones((1, 4), dtype=np.bool_)
    sighted = add_prior(Weights(1.0, 0.2, 0.3), shown, known)
    assert sighted == Weights(1.0 + np.log(4), 0.2, 0.3, 1.0)


@pytest.mark.parametrize("option", ["--dry-run", "--json"])
def test_a_reset_that_would_only_be_tried_is_refused(option: str) -> None:
    result = invoke("calibrate", "--reset", option, "--url", NOWHERE)
    assert result.exit_code == 2
    assert "--reset measures nothing: give it without --dry-run and --json." in result.stderr


@pytest.mark.parametrize(("photos", "named"), [(19, 4), (48, 1)])
def test_too_few_labels_are_refused(photos: int, named: int) -> None:
    paths = make_dataset().photos.paths[:photos]
    labels = Labels("truth.json", {path: frozenset([PEAKS[row % named]]) for row, path in enumerate(paths)})
    with pytest.raises(PeaksError, match=rf"tell the peaks of {photos} photos, {named} different peaks"):
        measure(make_dataset(), labels)


def test_a_precision_out_of_reach_is_refused() -> None:
    dataset = make_dataset()
    away = replace(dataset, peaks=replace(dataset.peaks, vectors=dataset.peaks.vectors[[1, 2, 3, 0]]))
    with pytest.raises(PeaksError, match=r"No threshold makes 90% of the names by picture alone .* 0%"):
        measure(away, make_labels())
