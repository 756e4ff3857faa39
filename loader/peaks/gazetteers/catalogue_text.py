"""A catalogue of peaks as the text of its YAML file, to be read and edited by people."""
from __future__ import annotations

import json
from collections.abc import Iterable

from loader.peaks.catalogue import UNDETERMINED, Peak

_NO_TEXT = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))  # to YAML 1.1


def format_catalogue(peaks: Iterable[Peak], origin: str) -> str:
    """Return the text that `parse_catalogue` reads as these peaks.

    Args:
        peaks: with positions.
        origin: where they come from and the licence that must be named with them.
    """
    return f"# From {origin}, by `peaks catalog import`.\n" + "".join(map(_format_peak, peaks))


def _format_peak(peak: Peak) -> str:
    assert peak.position is not None
    height = "" if peak.elev_m is None else f"  elev_m: {peak.elev_m}\n"
    return (
        f"\n- id: {_format_id(peak.id)}\n{_format_names(peak)}"
        f"  latlon: {{lat: {peak.position.lat:.5f}, lon: {peak.position.lon:.5f}}}\n{height}"
    )


def _format_id(slug: str) -> str:
    """An id that YAML would take for a number or a truth value stands in quotes."""
    return slug if slug[0].isalpha() and slug not in _NO_TEXT else json.dumps(slug)


def _format_names(peak: Peak) -> str:
    if peak.names_by_language.keys() <= {UNDETERMINED}:
        return f"  names: {json.dumps(peak.names, ensure_ascii=False)}\n"
    lines = (
        f"    {language}: {json.dumps(names, ensure_ascii=False)}\n"
        for language, names in peak.names_by_language.items()
    )
    return f"  names:\n{''.join(lines)}"
