"""The summits of a catalogue, from the index or from a YAML file, and the names to draw them by."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loader.errors import PeaksError
from loader.peaks.sight.geometry import Summits

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from loader.peaks.peak_names import Peak


@dataclass(frozen=True)
class Range:
    """A catalogue as a camera needs it.

    Attributes:
        summits: as columns.
        names: every name of a peak, by its id, the one to show first.
        elevations: metres above the sea, by id; a peak without one is not there.
    """

    summits: Summits
    names: Mapping[str, tuple[str, ...]]
    elevations: Mapping[str, float]

    @classmethod
    def gather(
        cls, peaks: Iterable[tuple[str, Sequence[str], float | None, float | None, float | None]]
    ) -> Range:
        """Make a range of rows ``(id, names, lat, lon, elevation)``."""
        rows = list(peaks)
        return cls(
            Summits.gather((row[0], row[1][0] if row[1] else row[0], *row[2:]) for row in rows),
            {row[0]: tuple(row[1]) for row in rows},
            {row[0]: row[4] for row in rows if row[4] is not None},
        )


def read_range_file(path: Path) -> Range:
    """Read a catalogue of peaks (YAML).

    Raises:
        PeaksError: one sentence with the file and the line of the first thing that is wrong.
    """
    from loader.peaks.catalogue import read_catalogue

    peaks = read_catalogue(path)
    return Range.gather((peak.id, peak.names, peak.lat, peak.lon, peak.elev_m) for peak in peaks)


def read_range_index(client: Elasticsearch) -> Range:
    """Read the catalogue that the cluster holds.

    Raises:
        PeaksError: it is empty.
    """
    from loader.elastic.indices import PEAKS
    from loader.peaks.peak_names import read_catalogue

    found = gather_range(read_catalogue(client))
    if not len(found.summits):
        raise PeaksError(
            f"The catalogue {PEAKS} is empty: load one with `peaks load-peaks FILE`, or give a file with "
            "--peaks."
        )
    return found


def gather_range(peaks: Iterable[Peak]) -> Range:
    """Return the range of peaks as the index holds them; one without a position has NaN."""
    return Range.gather(
        (
            peak.id,
            peak.names,
            peak.position.lat if peak.position else None,
            peak.position.lon if peak.position else None,
            peak.elev_m,
        )
        for peak in peaks
    )
