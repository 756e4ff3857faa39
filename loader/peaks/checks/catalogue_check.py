"""All checks of a catalogue and its reference photos."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from loader.arrays import Vectors
from loader.batches import Track, batched
from loader.peaks.checks.entries import Entries, find_missing, find_same_peaks
from loader.peaks.checks.names import NameVectors, find_confusable_names
from loader.peaks.checks.problems import CheckReport, NotChecked
from loader.peaks.checks.references import (
    UNEMBEDDED,
    ReferencePhoto,
    find_misplaced,
    find_same_files,
    find_single_views,
    read_photos,
)
from loader.peaks.checks.sight_lines import check_sight_lines
from loader.peaks.checks.vectors import check_vectors, find_near_pictures
from loader.peaks.reference_images import find_references
from loader.vision.local_vision import LocalVision

PHOTOS_A_BATCH = 16  # embedded at a time


def check_catalogue(
    entries: Entries,
    folder: Path | None,
    vision: LocalVision | None,
    names: NameVectors | None,
    track: Track,
) -> CheckReport:
    """Check a catalogue and its reference photos with everything that is available.

    Args:
        entries: of the catalogue.
        folder: of reference photos, one sub-folder a peak; None leaves all that concerns them out.
        vision: embeds the photos; None leaves their vectors out.
        names: of all peaks; None leaves comparisons with names out.
        track: shows how far it is.
    """
    report = CheckReport(entries.source, peaks=len(entries.peaks), problems=list(entries.problems))
    if not entries.peaks:
        report.not_checked.append(NotChecked("everything else", f"no peak of {entries.source} can be read"))
        return report
    report.problems += find_same_peaks(entries.peaks) + find_missing(entries.peaks)
    photos = [] if folder is None else _check_photos(report, entries, folder, vision, names, track)
    if folder is None:
        report.not_checked.append(NotChecked("reference photos", "no --reference-images"))
    if names is None:
        report.not_checked.append(NotChecked("the peaks' names against one another", "--offline"))
    else:
        report.problems += find_confusable_names(names, {photo.peak for photo in photos})
    return report


def _check_photos(
    report: CheckReport,
    entries: Entries,
    folder: Path,
    vision: LocalVision | None,
    names: NameVectors | None,
    track: Track,
) -> list[ReferencePhoto]:
    references, peaks = find_references(folder, entries.peaks), entries.peaks
    with track("reference photos", sum(map(len, references.images.values()))) as advance:
        photos = read_photos(references, UNEMBEDDED if vision is None else vision.input, advance)
    report.photos = len(photos)
    found, left_out = check_sight_lines(photos, peaks)
    report.problems += [*found, *find_same_files(photos), *find_misplaced(references, peaks)]
    report.problems += find_single_views(photos, peaks)
    report.not_checked += left_out
    if vision is None:
        report.not_checked.append(NotChecked("vectors of the reference photos", "no --checkpoint"))
    elif photos:
        vectors = _embed(photos, vision, track)
        found, left_out = check_vectors(photos, vectors, names)
        report.problems += found + find_near_pictures(photos, vectors)
        report.not_checked += left_out
        if names is None:
            report.not_checked.append(NotChecked("reference photos against the peaks' names", "--offline"))
    return photos


def _embed(photos: list[ReferencePhoto], vision: LocalVision, track: Track) -> Vectors:
    rows: list[list[float]] = []
    with track("vectors", len(photos)) as advance:
        for group in batched(photos, PHOTOS_A_BATCH):
            rows += vision.embed([photo.picture for photo in group])
            advance(len(group))
    return np.asarray(rows, dtype=np.float32)
