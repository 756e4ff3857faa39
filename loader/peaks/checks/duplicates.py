"""One thing twice: the same picture, nearly the same picture, the same place, the same name."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
from pyproj import Transformer
from scipy.spatial import KDTree

from loader.peaks.catalogue import Peak
from loader.peaks.checks.findings import Finding, Severity, format_distance, list_words
from loader.peaks.checks.places import measure_distance
from loader.peaks.checks.references import ReferencePhoto
from loader.peaks.names import fold_name
from loader.vision.vectors import Vectors

# From this cosine on two pictures are taken for one. Measured on drawn photos (docs/catalogue.md): a copy of
# half or a quarter of the size, or saved again with quality 50, keeps 0.997; none of 4,560 pairs of different
# photos reaches 0.99.
SAME_PICTURE = 0.99
# Summits nearer than this are taken for one: the positions that maps and gazetteers give one summit differ by
# about so much.
SAME_PLACE_M = 150.0


def find_same_files(photos: Sequence[ReferencePhoto]) -> list[Finding]:
    """Find reference photos whose files are identical, byte by byte."""
    copies: dict[str, list[ReferencePhoto]] = {}
    for photo in photos:
        copies.setdefault(photo.fields["content_hash"], []).append(photo)
    return [_same_file(group) for group in copies.values() if len(group) > 1]


def find_near_pictures(photos: Sequence[ReferencePhoto], vectors: Vectors) -> list[Finding]:
    """Find pairs of reference photos whose files differ but whose pictures are nearly the same.

    Args:
        photos: ``n``.
        vectors: float32 ``(n, dims)``, rows of length 1.
    """
    cosines = vectors @ vectors.T
    return [
        _near_picture(photos[one], photos[other], float(cosines[one, other]))
        for one, other in np.argwhere(np.triu(cosines >= SAME_PICTURE, k=1))
        if photos[one].fields["content_hash"] != photos[other].fields["content_hash"]
    ]


def find_same_peaks(peaks: Sequence[Peak]) -> list[Finding]:
    """Find peaks that stand at nearly the same place, that share a name, or both."""
    near, named = dict(_near_pairs(peaks)), _shared_names(peaks)
    findings = []
    for pair in sorted({*near, *named}):
        one, other = peaks[pair[0]], peaks[pair[1]]
        metres = near.get(pair)
        if metres is None and one.position and other.position:
            metres = measure_distance(one.position, other.position)
        findings.append(_same_peak(one, other, metres, named.get(pair, []), pair in near))
    return findings


def _same_file(group: Sequence[ReferencePhoto]) -> Finding:
    names, peaks = [photo.name for photo in group], sorted({photo.peak for photo in group})
    evidence = {"reason": "same file", "photos": names, "peaks": peaks}
    if len(peaks) > 1:
        sentence = (
            f"{list_words(names)} are one file in the folders of {len(peaks)} peaks, which makes their "
            "prototypes alike: leave it with the peak that it shows."
        )
        return Finding("duplicate", "error", names[0], sentence, evidence)
    sentence = f"{list_words(names)} are one file, which would count {len(names)} times: keep one."
    return Finding("duplicate", "warning", names[0], sentence, evidence)


def _near_picture(one: ReferencePhoto, other: ReferencePhoto, cosine: float) -> Finding:
    fix = "one view would count twice: keep one"
    if one.peak != other.peak:
        alike = f"the prototypes of {one.peak} and {other.peak} become alike"
        fix = f"{alike}: leave it with the peak that it shows"
    return Finding(
        "duplicate",
        "warning",
        one.name,
        f"{one.name} and {other.name} are nearly the same picture (cosine {cosine:.4f}); {fix}.",
        {"reason": "near picture", "photos": [one.name, other.name], "cosine": round(cosine, 6)},
    )


def _same_peak(one: Peak, other: Peak, metres: float | None, shared: list[str], is_near: bool) -> Finding:
    names = list_words([f"'{name}'" for name in shared])
    apart = "" if metres is None else format_distance(metres)
    both = f"{one.id} and {other.id}"
    if shared and is_near:
        words = f"{both} stand {apart} apart and are both called {names}: remove one of the entries"
    elif shared:
        where = f", {apart} apart," if apart else ""
        fix = "give each a name of its own"
        words = f"{both}{where} are both called {names}, so that the name finds neither: {fix}"
    else:
        words = (
            f"{both} stand {apart} apart, nearer than the positions of one summit may differ: remove one, or "
            "correct its latlon"
        )
    reason = "same place" if is_near else "same name"
    evidence: dict[str, object] = {"reason": reason, "peaks": [one.id, other.id]}
    evidence |= {"names": shared} if shared else {}
    evidence |= {} if metres is None else {"distance": round(metres, 1)}
    severity: Severity = "error" if shared and is_near else "warning"
    return Finding("duplicate", severity, one.id, f"{words}.", evidence)


def _near_pairs(peaks: Sequence[Peak]) -> Iterator[tuple[tuple[int, int], float]]:
    """Yield rows of peaks that stand less than `SAME_PLACE_M` apart, and the metres."""
    places = {row: peak.position for row, peak in enumerate(peaks) if peak.position is not None}
    if len(places) < 2:
        return
    # straight through the Earth, which over such distances is the way along the ground
    to_space = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    rows, lon = list(places), [place.lon for place in places.values()]
    lat = [place.lat for place in places.values()]
    points = np.column_stack(to_space.transform(lon, lat, np.zeros(len(rows))))
    for first, second in KDTree(points).query_pairs(SAME_PLACE_M):
        one, other = rows[first], rows[second]
        yield (min(one, other), max(one, other)), measure_distance(places[one], places[other])


def _shared_names(peaks: Iterable[Peak]) -> dict[tuple[int, int], list[str]]:
    """Return the names that pairs of peaks share, however they are spelt; an id is a name, too."""
    spelt: dict[str, dict[int, str]] = {}
    for row, peak in enumerate(peaks):
        for name in (*peak.names, peak.id):
            folded = fold_name(name)
            if folded:
                spelt.setdefault(folded, {}).setdefault(row, name)
    shared: dict[tuple[int, int], list[str]] = {}
    for rows in spelt.values():
        for one, other in combinations(sorted(rows), 2):
            shared.setdefault((one, other), []).append(rows[one])
    return shared
