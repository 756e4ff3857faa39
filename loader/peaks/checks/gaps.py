"""What is missing: heights, readable pictures, a second view, a folder's peak."""
from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from loader.peaks.catalogue import Peak
from loader.peaks.checks.findings import Finding
from loader.peaks.checks.references import ReferenceFiles, ReferencePhoto, group_by_peak
from loader.peaks.reference_images import fold_id

# Ratcliff-Obershelp similarity (difflib) from which a folder's name is taken for a slip of a peak's id.
CLOSE = 0.6


def find_unknown_heights(peaks: Sequence[Peak]) -> list[Finding]:
    """Find summits without a height."""
    return [
        Finding(
            "gap",
            "warning",
            peak.id,
            f"{peak.names[0]} has no elev_m, so sight lines cannot tell whether it stands above the horizon "
            "or behind a nearer peak: add its height in metres.",
            {"reason": "no height"},
        )
        for peak in peaks
        if peak.elev_m is None
    ]


def find_misplaced(files: ReferenceFiles, peaks: Sequence[Peak]) -> list[Finding]:
    """Find folders that name no peak, pictures beside the folders, and pictures that cannot be read."""
    return [
        *(_stranger(name, peaks) for name in files.strangers),
        *(_loose(name) for name in files.loose),
        *(
            Finding(
                "gap",
                "warning",
                skip.name,
                f"{skip.name} cannot be read ({skip.reason}): replace or remove it.",
                {"reason": "unreadable", "why": skip.reason},
            )
            for skip in files.unreadable
        ),
    ]


def find_single_views(photos: Sequence[ReferencePhoto], peaks: Sequence[Peak]) -> list[Finding]:
    """Find peaks with one reference photo: their prototype is one view, and no other contradicts it."""
    names = {peak.id: peak.names[0] for peak in peaks}
    return [
        Finding(
            "gap",
            "warning",
            peak,
            f"{names[peak]} has one reference photo ({photos[rows[0]].name}), so its prototype knows one "
            "view in one light: add two others.",
            {"reason": "one reference", "photo": photos[rows[0]].name},
        )
        for peak, rows in group_by_peak(photos).items()
        if len(rows) == 1
    ]


def _stranger(folder: str, peaks: Sequence[Peak]) -> Finding:
    spellings = {fold_id(word): peak.id for peak in peaks for word in (*peak.names, peak.id)}
    close = get_close_matches(fold_id(folder), spellings, n=1, cutoff=CLOSE)
    meant = f"; did you mean {spellings[close[0]]}?" if close else ": name it by a peak's id, or remove it."
    return Finding(
        "gap",
        "warning",
        folder,
        f"The folder {folder} is named by no peak of the catalogue, so its photos are not used{meant}",
        {"reason": "no such peak", "closest": spellings[close[0]] if close else None},
    )


def _loose(name: str) -> Finding:
    return Finding(
        "gap",
        "warning",
        name,
        f"{name} lies beside the peaks' folders, so it is not used: move it into the folder of its peak.",
        {"reason": "no folder"},
    )
