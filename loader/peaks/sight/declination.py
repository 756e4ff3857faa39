"""Magnetic declination: from the north of a compass to true north.

The World Magnetic Model (NOAA/NCEI and the British Geological Survey, issued every five years), computed by
the library `pygeomag`. Its declination errs by √(0.26² + (5417 nT / H)²) degrees, H the field's horizontal
part (WMM2025 technical report, section 3): 0.3° in Nepal, 0.4° in the Alps, a tenth of what a phone's compass
errs by. Where H falls below 2,000 nT, in the blackout zones around the magnetic poles, no compass can be
relied on, and neither can this.
"""
from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from pygeomag import GeoMag, calculate_decimal_year

# First year of each issue that the library carries; an issue holds for five years.
_ISSUES = {
    2010: "wmm/WMM_2010.COF",
    2015: "wmm/WMM_2015v2.COF",
    2020: "wmm/WMM_2020.COF",
    2025: "wmm/WMM_2025.COF",
}
_FIRST, _LAST = 2010.0, 2030.0


def magnetic_declination(lat: float, lon: float, altitude: float | None, when: datetime | None) -> float:
    """Return how far magnetic north lies east of true north, in degrees (negative: west).

    Args:
        lat: degrees north.
        lon: degrees east.
        altitude: metres above the sea; the sea's level when None (a kilometre changes it by 0.001° to 0.02°).
        when: of the picture; without a date, and outside 2010 to 2030, the nearest moment that the models
            cover stands in, which errs by the field's drift: below 0.2° a year for nine places of ten.
    """
    year = _covered_year(when)
    issue = max(start for start in _ISSUES if start <= year)
    found = _model(_ISSUES[issue]).calculate(glat=lat, glon=lon, alt=(altitude or 0.0) / 1000, time=year)
    return float(found.d)


def _covered_year(when: datetime | None) -> float:
    if when is None:
        return _LAST - 5
    if not _FIRST <= when.year < _LAST:
        return min(max(float(when.year), _FIRST), _LAST)
    return float(calculate_decimal_year(when))


@lru_cache(maxsize=len(_ISSUES))
def _model(coefficients: str) -> GeoMag:
    return GeoMag(coefficients_file=coefficients)
