"""Tables of clues against the identifier's own, photo by photo."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evaluation import views
from evaluation.views import gather_cosines, gather_priors, tabulate_clues, take_out, take_views
from loader.files.place import Point
from loader.peaks.catalogue import Peak
from loader.peaks.identification.rule import default_rule, gather_clues
from loader.peaks.sight.geometry import HIDDEN_SEEN, UNKNOWN_ELEVATION_SEEN, Camera, Summits, look
from tests.evaluation.small_library import HERE, SIGLIP, SUMMITS, make_dataset, shown_peaks


def test_a_photos_clues_are_those_of_the_identifier() -> None:
    dataset = make_dataset()
    seen = take_views(dataset.photos.cameras, SUMMITS)
    priors = gather_priors(seen, SUMMITS)
    cosines = gather_cosines(dataset.photos.vectors, dataset.peaks.vectors)
    table = tabulate_clues(cosines, SIGLIP, priors)
    rule = default_rule().sighted
    for row, view in enumerate(seen):
        if view.camera is None:
            assert np.isnan(priors[row]).all()
            continue
        columns = [SUMMITS.peaks.index(sight.peak) for sight in view.sights]
        expected = gather_clues(cosines[row, columns], SIGLIP, [sight.prior for sight in view.sights])
        assert rule.probability(table)[row, columns] == pytest.approx(rule.probability(expected), abs=1e-12)


def test_without_a_position_every_peak_is_a_candidate() -> None:
    dataset = make_dataset()
    cosines = gather_cosines(dataset.photos.vectors, dataset.peaks.vectors)
    table = tabulate_clues(cosines, SIGLIP, None)
    expected = gather_clues(cosines[3], SIGLIP, None)
    assert table.log_share[3] == pytest.approx(expected.log_share)
    assert table.log_match[3] == pytest.approx(expected.log_match)
    assert table.log_prior is None


def test_a_summit_below_the_horizon_is_no_candidate() -> None:
    low = replace(SUMMITS, elevation=np.array([3000.0, 6000, 6000, 6000]))
    priors = gather_priors(take_views([Camera(*HERE, altitude=4000)], low), low)
    assert np.isnan(priors[0]).tolist() == [True, False, False, False]


def test_a_summit_without_a_position_may_be_anywhere() -> None:
    lost = replace(SUMMITS, lat=np.array([np.nan, *SUMMITS.lat[1:]]))
    camera = Camera(*HERE, altitude=4000, bearing=0.0, field_of_view=90.0)
    priors = gather_priors(take_views([camera], lost), lost)
    assert priors[0, 0] == pytest.approx(90 / 360 * UNKNOWN_ELEVATION_SEEN)


def test_without_the_bearing_every_direction_is_as_likely() -> None:
    camera = Camera(*HERE, altitude=4000, bearing=0.0, field_of_view=90.0)
    priors = gather_priors(take_views([camera], SUMMITS, with_bearing=False), SUMMITS)
    assert priors[0] == pytest.approx(np.full(4, priors[0, 0]), rel=1e-2)


def test_hiding_can_be_left_out() -> None:
    front = Peak("front", ("Front",), Point(HERE[0] + 0.05, HERE[1]), 7000)
    behind = Summits.gather([front, Peak("back", ("Back",), Point(HERE[0] + 0.15, HERE[1]), 6500)])
    camera = Camera(*HERE, altitude=4000, bearing=0.0, field_of_view=60.0)
    assert [sight.hidden_by for sight in look(camera, behind)] == [None, front]
    seen = take_views([camera], behind)
    hidden, free = gather_priors(seen, behind), gather_priors(seen, behind, with_hiding=False)
    assert free[0, 1] == pytest.approx(hidden[0, 1] / HIDDEN_SEEN)
    assert free[0, 0] == hidden[0, 0]


def test_only_so_many_candidates_are_weighed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MOST_CANDIDATES", 2)
    table = tabulate_clues(np.array([[0.1, 0.4, 0.3, 0.2]]), SIGLIP, None)
    assert np.isnan(table.log_match[0]).tolist() == [True, False, False, True]
    assert np.exp(table.log_share[0, 1:3]).sum() == pytest.approx(1)


def test_photos_without_their_own_peaks() -> None:
    dataset = make_dataset()
    shown = shown_peaks()
    shown[5] = False
    cosines = gather_cosines(dataset.photos.vectors, dataset.peaks.vectors)
    rest = take_out(tabulate_clues(cosines, SIGLIP, None), shown)
    for row in (0, 1, 2):
        others = np.flatnonzero(~shown[row])
        expected = gather_clues(cosines[row, others], SIGLIP, None)
        assert np.isnan(rest.log_match[row, shown[row]]).all()
        assert rest.log_share[row, others] == pytest.approx(expected.log_share)
        assert rest.log_match[row, others] == pytest.approx(expected.log_match)
    assert np.isnan(rest.log_match[5]).all()  # shows no peak as it stands


def test_a_photo_that_sees_nothing_has_no_candidates() -> None:
    priors = np.full((1, 4), np.nan)
    table = tabulate_clues(np.zeros((1, 4)), SIGLIP, priors)
    assert np.isnan(default_rule().sighted.probability(table)).all()
