"""Tables of clues: who is a candidate, what is known of it, and what is held out."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluation import samples
from evaluation.dataset import Dataset
from evaluation.samples import LabelledPhotos, Sample
from loader.peaks.identification.rule import default_rule, gather_clues
from tests.evaluation.small_library import (
    PEAKS,
    PHOTOS,
    SIGLIP,
    make_dataset,
    make_labels,
    shown_peaks,
    sighted_photos,
)


def everything() -> LabelledPhotos:
    return LabelledPhotos.gather(make_dataset(), make_labels())


def with_low_north(dataset: Dataset) -> Dataset:
    """The first summit below the horizon of all cameras."""
    first, *others = dataset.peaks.entries
    return replace(dataset, peaks=replace(dataset.peaks, entries=(replace(first, elev_m=3000), *others)))


def test_a_photo_with_a_direction_has_priors_and_one_without_a_position_has_none() -> None:
    sample, views = everything().as_identified(), everything().views
    assert np.isnan(sample.priors[40:]).all() and not np.isnan(sample.cosines[40:]).any()
    for row, view in enumerate(views[:40]):
        expected = {sight.peak.id: sight.prior for sight in view.sights}
        assert dict(zip(PEAKS, sample.priors[row], strict=True)) == expected


def test_a_summit_below_the_horizon_is_no_candidate() -> None:
    dataset = with_low_north(make_dataset())
    sample = LabelledPhotos.gather(dataset, make_labels()).as_identified()
    assert np.isnan(sample.cosines[0]).tolist() == [True, False, False, False]


def test_a_position_without_a_direction_says_who_is_a_candidate_and_no_more() -> None:
    photos = make_dataset().photos
    cameras = tuple(camera and replace(camera, bearing=None) for camera in photos.cameras)
    dataset = replace(with_low_north(make_dataset()), photos=replace(photos, cameras=cameras))
    labelled = LabelledPhotos.gather(dataset, make_labels())
    sample = labelled.as_identified()
    assert np.isnan(sample.priors).all()
    assert np.isnan(sample.cosines[0]).tolist() == [True, False, False, False]
    clues = gather_clues(sample.cosines[:40, 1:], SIGLIP, sample.priors[:40, 1:])
    expected = default_rule().picture.probability(clues)
    assert default_rule().weigh(sample.clues)[:40, 1:] == pytest.approx(expected)
    assert len(labelled.with_bearing()) == 0


def test_without_the_bearing_every_direction_is_as_likely() -> None:
    priors = sighted_photos().by_position().priors
    assert priors == pytest.approx(np.full((40, 4), priors[0, 0]), rel=1e-2)


def test_only_the_nearest_are_weighed_where_the_position_is_not_known(
    monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "MOST_CANDIDATES", 2)
    sample = sighted_photos().by_picture()
    assert (np.isnan(sample.cosines).sum(axis=1) == 2).all()
    shares = np.exp(sample.clues.log_share)
    assert np.nansum(shares, axis=1) == pytest.approx(np.ones(40))


def test_photos_without_their_own_peaks() -> None:
    shown = shown_peaks()
    shown[5] = False
    sample = replace(everything(), shown=shown).by_picture()
    twice = sample.with_held_out()
    assert (twice.shown[:PHOTOS] == shown).all() and not twice.shown[PHOTOS:].any()
    assert (twice.folds[:PHOTOS] == twice.folds[PHOTOS:]).all()
    for row in (0, 1, 2):
        others = np.flatnonzero(~shown[row])
        expected = gather_clues(sample.cosines[[row]][:, others], SIGLIP, sample.priors[[row]][:, others])
        assert np.isnan(twice.clues.log_match[PHOTOS + row, shown[row]]).all()
        assert twice.clues.log_share[PHOTOS + row, others] == pytest.approx(expected.log_share[0])
        assert twice.clues.log_match[PHOTOS + row, others] == pytest.approx(expected.log_match[0])
    assert np.isnan(twice.cosines[PHOTOS + 5]).all()  # shows no peak as it stands


def test_a_photo_that_sees_nothing_has_no_candidates() -> None:
    nothing = np.full((1, 4), np.nan)
    sample = Sample(nothing, nothing, np.zeros((1, 4), dtype=np.bool_), np.zeros(1, dtype=np.int64), SIGLIP)
    assert np.isnan(default_rule().weigh(sample.clues)).all()
