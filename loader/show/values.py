"""Values as people read them: times, lengths, angles, probabilities, shares, durations."""
from __future__ import annotations

import math
from typing import TYPE_CHECKING

from loader.peaks.confirmed import PERSON
from loader.text import tell_apart

if TYPE_CHECKING:  # a load's summary must not import what searches need
    from loader.search.answer import PeakPrediction, PhotoHit, ShotTime
    from loader.search.trek import TrekPhoto

UNKNOWN = "–"
SAID = "you said"  # of what a person named


def format_time(time: ShotTime) -> str:
    """The wall clock with its offset; UTC when only the instant is known; "" when nothing is.

    A wall clock whose offset is unknown stands alone.
    """
    if time.local is not None:
        return _to_minute(time.local) + (f" {time.offset}" if time.offset else "")
    return f"{_to_minute(time.instant)} UTC" if time.instant is not None else ""


def _to_minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def format_metres(metres: float | None) -> str:
    """``8849`` gives ``8,849 m``."""
    return "" if metres is None else f"{metres:,.0f} m"


def format_aside(offset: float | None) -> str:
    """``-2.24`` gives ``2.2° left``; whole degrees from ten on; "" when it is not known."""
    if offset is None:
        return ""
    size = f"{abs(offset):.1f}" if abs(offset) < 9.95 else f"{abs(offset):.0f}"
    return "ahead" if size == "0.0" else f"{size}° {'right' if offset > 0 else 'left'}"


def format_probability(probability: float | None) -> str:
    """A probability as a percentage of two digits, never rounded up to certainty or down to nothing."""
    if probability is None:
        return ""
    percent = 100 * probability
    if percent > 99:
        return ">99 %"
    if percent < 0.1:
        return "<0.1 %"
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"


def format_below(lower: float, higher: float) -> tuple[str, str]:
    """Two probabilities as percentages, with as many digits as it takes to see that one is lower."""
    low, high = format_probability(lower), format_probability(higher)
    if low == high:
        low, high = (f"{percent} %" for percent in tell_apart(100 * lower, 100 * higher))
    return low, high


def format_certainty(prediction: PeakPrediction) -> str:
    """The probability, or whose word it is."""
    return SAID if prediction.evidence == PERSON else format_probability(prediction.probability)


def format_prediction(prediction: PeakPrediction) -> str:
    """``Ama Dablam 93 % (both)``; what is not known is left out."""
    if prediction.evidence == PERSON:
        return f"{prediction.peak.name} ({SAID})"
    evidence = f"({prediction.evidence})" if prediction.evidence else ""
    parts = (prediction.peak.name, format_probability(prediction.probability), evidence)
    return " ".join(part for part in parts if part)


def format_alike(hit: PhotoHit) -> str:
    """``2 copies, burst of 7``; "" for a photo that stands for itself alone."""
    burst = hit.count - len(hit.copies)
    parts = (
        (len(hit.copies) > 0, f"{len(hit.copies)} {'copy' if len(hit.copies) == 1 else 'copies'}"),
        (burst > 1, f"burst of {burst}"),
    )
    return ", ".join(words for is_told, words in parts if is_told)


def format_picture(photo: PhotoHit | TrekPhoto) -> str:
    """What a picture shows, for those who cannot see it: ``DSC_1.JPG: Ama Dablam, sunset``."""
    shown = [*(each.peak.name for each in photo.predictions), *(concept.name for concept in photo.concepts)]
    return f"{photo.path}: {', '.join(shown)}" if shown else photo.path


def format_duration(seconds: float) -> str:
    """``8 s``, ``21 min``, ``3 h 05 min``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def format_percent(share: float, digits: int = 1) -> str:
    """``0.975`` gives ``97.5 %``; `UNKNOWN` for NaN."""
    return UNKNOWN if math.isnan(share) else f"{100 * share:.{digits}f} %"


def format_decimal(value: float, digits: int = 3) -> str:
    """A number with a fixed count of decimals; `UNKNOWN` for NaN."""
    return UNKNOWN if math.isnan(value) else f"{value:.{digits}f}"
