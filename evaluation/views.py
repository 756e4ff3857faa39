"""What cameras had before them, and the clues of whole libraries as tables of photos and peaks.

One row a photo, one column a peak: what `loader.peaks.identification.identifier` does for a batch of
photos through the cluster, done here for all at once and with parts of it left out.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import log_expit, logsumexp

from evaluation.metrics import Bools, Floats
from loader.peaks.identification.candidates import MOST_CANDIDATES
from loader.peaks.identification.rule import LOWEST_PRIOR, Clues, siglip_logits
from loader.peaks.sight.geometry import (
    HIDDEN_SEEN,
    UNKNOWN_ELEVATION_SEEN,
    USUAL_FIELD_OF_VIEW_DEG,
    Camera,
    Sight,
    Summits,
    look,
)
from loader.peaks.siglip import Calibration
from loader.vision.vectors import Vectors


@dataclass(frozen=True)
class View:
    """A photo's camera and the summits above its horizon; a photo without a position has neither."""

    camera: Camera | None = None
    sights: tuple[Sight, ...] = ()

    @property
    def has_bearing(self) -> bool:
        """Whether position and bearing are known."""
        return self.camera is not None and self.camera.bearing is not None

    @property
    def has_frame(self) -> bool:
        """Whether the frame is known: position, bearing and field of view."""
        camera = self.camera
        return camera is not None and camera.bearing is not None and camera.field_of_view is not None


def take_views(
    cameras: Sequence[Camera | None], summits: Summits, *, with_bearing: bool = True
) -> list[View]:
    """Look through every camera.

    Args:
        cameras: None for a photo without a position.
        summits: the catalogue's.
        with_bearing: without it every camera is taken to look anywhere.
    """
    views = []
    for camera in cameras:
        if camera is not None and not with_bearing:
            camera = replace(camera, bearing=None)
        views.append(View() if camera is None else View(camera, tuple(look(camera, summits))))
    return views


def gather_priors(views: Sequence[View], summits: Summits, *, with_hiding: bool = True) -> Floats:
    """Return the probability that photos show summits before anybody looks at the picture, ``(n, m)``.

    NaN where a summit is no candidate (below the horizon, too far), and throughout the row of a photo without
    a position.

    Args:
        views: ``n``, of the photos.
        summits: ``m``; one without a position may be anywhere.
        with_hiding: without it what stands behind a nearer mountain counts as if it stood free.
    """
    columns = {peak.id: column for column, peak in enumerate(summits.peaks)}
    anywhere = np.flatnonzero(~(np.isfinite(summits.lat) & np.isfinite(summits.lon)))
    priors = np.full((len(views), len(summits)), np.nan)
    for row, view in enumerate(views):
        if view.camera is None:
            continue
        share = (view.camera.field_of_view or USUAL_FIELD_OF_VIEW_DEG) / 360
        priors[row, anywhere] = share * UNKNOWN_ELEVATION_SEEN
        for sight in view.sights:
            freed = 1.0 if with_hiding or sight.hidden_by is None else 1 / HIDDEN_SEEN
            priors[row, columns[sight.peak.id]] = sight.prior * freed
    return _keep_highest(priors)


def gather_cosines(photos: Vectors, prototypes: Vectors) -> Floats:
    """Return the cosines of photos and prototypes, float64 ``(n, m)``."""
    cosines: Floats = (photos @ prototypes.T).astype(np.float64)
    return cosines


def tabulate_clues(cosines: Floats, siglip: Calibration, priors: Floats | None) -> Clues:
    """Return the clues of all photos at once, each ``(n, m)``, NaN where there is no candidate.

    Args:
        cosines: ``(n, m)``.
        siglip: the checkpoint's temperature and bias.
        priors: ``(n, m)``, NaN where there is no candidate; None where no photo has a position.
    """
    logits = siglip_logits(cosines, siglip)
    logits = _keep_highest(logits) if priors is None else np.where(np.isnan(priors), np.nan, logits)
    log_share = logits - _log_sum(logits)
    if priors is None:
        return Clues(log_expit(logits), log_share)
    return Clues(log_expit(logits), log_share, np.log(np.clip(priors, LOWEST_PRIOR, 1.0)))


def pick(clues: Clues, rows: Bools) -> Clues:
    """Return the clues of some photos."""
    prior = None if clues.log_prior is None else clues.log_prior[rows]
    return Clues(clues.log_match[rows], clues.log_share[rows], prior)


def take_out(clues: Clues, shown: Bools) -> Clues:
    """Return the clues with each photo's own peaks taken out of the catalogue, each ``(n, m)``.

    The right answer is then "none of them". Photos that show no peak have no candidates left either: they
    are such photos as they stand.
    """
    gone = shown | ~shown.any(axis=1, keepdims=True)
    rest = np.where(gone, np.nan, clues.log_share)
    log_prior = None if clues.log_prior is None else np.where(gone, np.nan, clues.log_prior)
    return Clues(np.where(gone, np.nan, clues.log_match), rest - _log_sum(rest), log_prior)


def join(first: Clues, second: Clues) -> Clues:
    """Return the clues of some photos and of others behind them."""
    has_prior = first.log_prior is not None and second.log_prior is not None
    return Clues(
        np.concatenate([first.log_match, second.log_match]),
        np.concatenate([first.log_share, second.log_share]),
        np.concatenate([first.log_prior, second.log_prior]) if has_prior else None,
    )


def _log_sum(values: Floats) -> Floats:
    """Logarithm of the sum of the exponentials of each row, without its NaN, ``(n, 1)``; NaN of nothing."""
    total: Floats = logsumexp(np.where(np.isnan(values), -np.inf, values), axis=1, keepdims=True)
    return np.where(np.isfinite(total), total, np.nan)


def _keep_highest(values: Floats) -> Floats:
    """The `MOST_CANDIDATES` highest of each row, NaN in place of the others."""
    if values.shape[1] <= MOST_CANDIDATES:
        return values
    filled = np.where(np.isnan(values), -np.inf, values)
    least = np.partition(filled, -MOST_CANDIDATES, axis=1)[:, -MOST_CANDIDATES, None]
    return np.where(filled >= least, values, np.nan)
