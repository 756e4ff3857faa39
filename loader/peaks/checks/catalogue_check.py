"""All checks of a catalogue, in the order in which their findings are easiest to act upon."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from loader.batches import Track
from loader.peaks.checks.duplicates import find_near_pictures, find_same_files, find_same_peaks
from loader.peaks.checks.entries import Entries
from loader.peaks.checks.findings import NotChecked, Report
from loader.peaks.checks.gaps import find_misplaced, find_single_views, find_unknown_heights
from loader.peaks.checks.names import NameVectors, find_confusable_names, find_nearest_names
from loader.peaks.checks.references import (
    UNEMBEDDED,
    ReferenceFiles,
    ReferencePhoto,
    find_files,
    read_photos,
)
from loader.peaks.checks.sight_lines import check_sight_lines
from loader.peaks.checks.vectors import check_vectors
from loader.vision.image_vectors import LocalVision
from loader.vision.vectors import Vectors

PHOTOS_A_BATCH = 16  # embedded at a time


def check_catalogue(
    entries: Entries,
    folder: Path | None,
    vision: LocalVision | None,
    names: NameVectors | None,
    track: Track,
) -> Report:
    """Check a catalogue and its reference photos by everything that is there to check them with.

    Args:
        entries: of the catalogue.
        folder: of reference photos, one sub-folder a peak; None leaves all that concerns them out.
        vision: embeds the photos; None leaves their vectors out.
        names: of all peaks; None leaves comparisons with names out.
        track: shows how far it is.
    """
    report = Report(entries.source, peaks=len(entries.peaks), findings=list(entries.findings))
    if not entries.peaks:
        report.not_checked.append(NotChecked("everything else", f"no peak of {entries.source} can be read"))
        return report
    report.findings += find_same_peaks(entries.peaks) + find_unknown_heights(entries.peaks)
    photos = [] if folder is None else _check_photos(report, entries, folder, vision, names, track)
    if folder is None:
        report.not_checked.append(NotChecked("reference photos", "no --reference-images"))
    if names is None:
        report.not_checked.append(NotChecked("the peaks' names against one another", "--offline"))
    else:
        report.findings += find_confusable_names(names, {photo.peak for photo in photos})
        report.nearest_names = find_nearest_names(names)
    return report


def _check_photos(
    report: Report,
    entries: Entries,
    folder: Path,
    vision: LocalVision | None,
    names: NameVectors | None,
    track: Track,
) -> list[ReferencePhoto]:
    files = find_files(folder, entries.peaks)
    photos = _read(files, vision, track)
    report.photos = len(photos)
    found, left_out = check_sight_lines(photos, entries.peaks)
    report.findings += found + find_same_files(photos)
    report.findings += find_misplaced(files, entries.peaks) + find_single_views(photos, entries.peaks)
    report.not_checked += left_out
    if vision is None:
        report.not_checked.append(NotChecked("vectors of the reference photos", "no --checkpoint"))
    elif photos:
        _check_vectors(report, photos, _embed(photos, vision, track), names)
    return photos


def _check_vectors(
    report: Report, photos: list[ReferencePhoto], vectors: Vectors, names: NameVectors | None
) -> None:
    found, left_out = check_vectors(photos, vectors, names)
    report.findings += found + find_near_pictures(photos, vectors)
    report.not_checked += left_out
    if names is None:
        report.not_checked.append(NotChecked("reference photos against the peaks' names", "--offline"))


def _read(files: ReferenceFiles, vision: LocalVision | None, track: Track) -> list[ReferencePhoto]:
    shape = UNEMBEDDED if vision is None else vision.input
    with track("reference photos", len(files.of_peaks)) as advance:
        return read_photos(files, shape, advance)


def _embed(photos: list[ReferencePhoto], vision: LocalVision, track: Track) -> Vectors:
    rows: list[list[float]] = []
    with track("vectors", len(photos)) as advance:
        for start in range(0, len(photos), PHOTOS_A_BATCH):
            group = photos[start : start + PHOTOS_A_BATCH]
            rows += vision.embed([photo.picture for photo in group])
            advance(len(group))
    return np.asarray(rows, dtype=np.float32)
