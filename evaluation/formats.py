"""Formats of figures, for people and for JSON."""
from __future__ import annotations

import math
from typing import Any

from evaluation.metrics import Interval

NOTHING = "–"


def percent(share: float, digits: int = 1) -> str:
    """Return a share as "97.5 %"."""
    return NOTHING if math.isnan(share) else f"{100 * share:.{digits}f} %"


def decimal(value: float, digits: int = 3) -> str:
    """Return a number with a fixed count of decimals."""
    return NOTHING if math.isnan(value) else f"{value:.{digits}f}"


def span(interval: Interval) -> str:
    """Return a share with its interval: "84.0 % [79.1, 87.9]"."""
    if math.isnan(interval.value):
        return NOTHING
    return f"{percent(interval.value)} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def without_nan(value: Any) -> Any:
    """Return nested dicts and lists with None in place of NaN, which JSON does not know."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value
