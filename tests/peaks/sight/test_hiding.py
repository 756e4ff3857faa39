"""Which summits stand behind a nearer one."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from loader.peaks.sight.geometry import apparent_elevation, find_hiding, look
from tests.peaks.sight.views import VALLEY, summits_of, valley_summits


@pytest.mark.parametrize(
    ("rows", "hidden"),
    [
        # a higher peak right behind, where its angle is lower
        ({"near": (92.0, 4.0, 3400), "dome": (93.0, 15.0, 4100)}, {"dome": "near"}),
        # one that towers above the nearer one
        ({"hill": (90.0, 10.0, 2500), "giant": (90.0, 30.0, 5000)}, {}),
        # at 10 km a peak 1,000 m up hides what lies behind it 0.5 km aside, and not 1.1 km aside
        ({"near": (90.0, 10.0, 3000), "behind": (92.9, 40.0, 3600), "beside": (96.3, 40.0, 3600)},
         {"behind": "near"}),
        # of several the highest is named
        ({"low": (90.0, 5.0, 2800), "high": (90.0, 10.0, 4500), "behind": (90.0, 40.0, 4000)},
         {"behind": "high"}),
        # an unknown height neither hides nor is hidden
        ({"near": (90.0, 5.0, None), "middle": (90.0, 10.0, 4000), "far": (90.0, 20.0, None)}, {}),
    ],
)
def test_a_nearer_peaks_flank_hides_what_stands_behind_it(
    rows: dict[str, tuple[float, float, int | None]], hidden: dict[str, str]
) -> None:
    sights = look(VALLEY, summits_of(rows))
    assert len(sights) == len(rows)
    found = {sight.peak.id: sight.hidden_by.id for sight in sights if sight.hidden_by is not None}
    assert found == hidden
    assert not any(sight.is_shown for sight in sights if sight.hidden_by is not None)


def test_without_an_altitude_nothing_is_hidden() -> None:
    sights = look(replace(VALLEY, altitude=None), valley_summits())
    assert len(sights) == 7
    assert all(sight.hidden_by is None and sight.elevation is None for sight in sights)


def test_side_by_side_at_one_distance_neither_hides_the_other() -> None:
    """Two towers straight above the camera: their flanks cross, and neither stands before the other."""
    distance, bearing = np.array([300.0, 300.0]), np.array([80.0, 100.0])
    elevation = np.array([5000.0, 5000.0])
    angle = apparent_elevation(distance, elevation, 2000.0)
    assert find_hiding(distance, bearing, angle, elevation, 2000.0).tolist() == [-1, -1]
