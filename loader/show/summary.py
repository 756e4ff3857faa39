"""The summary of a load: every file is counted, and every skipped one is named with its reason."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from loader.files.library import NamedReason
from loader.files.passed_over import SIDECAR
from loader.show.tables import fold_line
from loader.show.values import format_duration
from loader.text import clean_text, format_count, list_words

if TYPE_CHECKING:  # each command shows one report and must not import the others' commands
    from loader.peaks.catalogue_writer import CatalogueReport
    from loader.photos.predictions import PredictionReport
    from loader.photos.report import PhotoReport

NOTES_SHOWN, MISSING_SHOWN = 20, 5
ALWAYS_SHOWN = ("new", "unchanged")
PLACES_WRITTEN = {"none": "left out", "coarse": "to about 1 km, without sight lines"}


def summarize_photos(report: PhotoReport, place: str) -> str:
    """Return the closing summary of `peaks load-photos` as lines of text."""
    lines = [f"{format_count(report.found, 'picture')} in {place}, {_seconds(report.seconds)}"]
    if report.is_dry_run:
        lines += [
            "A dry run: nothing was written, and no picture was opened: a damaged one",
            "counts as new or changed here. This would be done:",
        ]
    if report.moved_from is not None:
        lines.append(f"The library moved here from {report.moved_from}")
    if report.location != "exact":
        lines.append(f"Positions: {PLACES_WRITTEN[report.location]} (--location {report.location})")
    lines += [_row(*each) for each in _outcomes(report) if each[1] or each[0] in ALWAYS_SHOWN]
    if sidecars := report.passed_over.get(SIDECAR):
        lines.append(f"Sidecars read: {sidecars:,}")
    passed_over = [each for each in report.passed_over.items() if each[0] != SIDECAR]
    if passed_over:
        kinds = sorted(passed_over, key=lambda kind: (-kind[1], kind[0]))
        lines.append(f"Passed over: {', '.join(f'{kind} ({count:,})' for kind, count in kinds)}")
    lines += _without_file(report)
    if report.created + report.updated and not report.is_dry_run:
        lines += _facts(report)
    lines += _named("Skipped", report.skipped)
    lines += _named("Rejected", report.rejected)
    lines += _named("Left out of loaded photos", report.notes, NOTES_SHOWN)
    return "\n".join(map(fold_line, lines))


def _outcomes(report: PhotoReport) -> list[tuple[str, int, str]]:
    return [
        ("new", report.created, ""),
        ("changed", report.updated, ""),
        ("moved", report.moved, "found by their content under an earlier path"),
        ("copied", report.copied, "found by their content under another path"),
        ("unchanged", report.unchanged, ""),
        ("skipped", len(report.skipped), "not loaded, for the reason given below"),
        ("rejected", len(report.rejected), "refused by Elasticsearch; the next run tries again"),
        ("left", report.left, "not reached"),
    ]


def _without_file(report: PhotoReport) -> list[str]:
    return [*_missing(report), *_out_of_reach(report)]


def _out_of_reach(report: PhotoReport) -> list[str]:
    if not report.out_of_reach:
        return []
    missing = f"{format_count(len(report.out_of_reach), 'photo')} of the index without a file"
    return [f"{missing} in an empty folder: kept, because a disk that is not connected looks the same"]


def _missing(report: PhotoReport) -> list[str]:
    if not report.missing:
        return []
    missing = f"{format_count(len(report.missing), 'photo')} of the index without a file"
    if report.removed:
        return [f"{missing}, {report.removed:,} removed"]
    them = "it" if len(report.missing) == 1 else "them"
    removes = f"{missing}: --prune removes {them} (--yes without asking)"
    return [removes, *(list_missing(report.missing) if report.is_dry_run else ())]


def list_missing(missing: Sequence[str]) -> list[str]:
    """Return lines that name the first of the photos without a file, and count the others."""
    shown = [f"  {clean_text(path)}" for path in missing[:MISSING_SHOWN]]
    rest = len(missing) - len(shown)
    return [*shown, f"  … and {rest:,} more"] if rest else shown


def summarize_catalogue(report: CatalogueReport, noun: str, place: str) -> str:
    """Return the closing summary of `peaks load-peaks` and `peaks load-concepts` as lines of text."""
    lines = [
        f"{format_count(report.created + report.updated + len(report.rejected), noun)} in {place}",
        _row("new", report.created),
        _row("replaced", report.updated),
    ]
    if report.rejected:
        lines.append(_row("rejected", len(report.rejected), "refused by Elasticsearch"))
    if report.references:
        used = ", ".join(f"{identifier} {count}" for identifier, count in sorted(report.references.items()))
        lines.append(f"Reference photos in {format_count(len(report.references), 'prototype')}: {used}")
    if report.lost_names:
        lost = [f"{identifier} ({list_words(names, 4)})" for identifier, names in report.lost_names.items()]
        lines.append(f"Replaced by fewer or other names, no longer found by: {list_words(lost)}")
    lines += [f"Warning: the folder {name} is named by no peak of {place}" for name in report.unknown_folders]
    lines += _named("Skipped reference photos", report.skipped)
    lines += _named("Rejected", [NamedReason(rejected.id, rejected.reason) for rejected in report.rejected])
    return "\n".join(map(fold_line, lines))


def describe_load(report: PhotoReport) -> dict[str, Any]:
    """Return the report of `peaks load-photos --json`."""
    return {**asdict(report), "loaded": report.loaded, "seconds": round(report.seconds, 3)}


def summarize_predictions(report: PredictionReport) -> str:
    """Return the closing summary of `peaks predict` as lines of text."""
    lines = [
        f"{format_count(report.photos, 'photo')}, {_seconds(report.seconds)}",
        _row("changed", report.changed),
        _row("unchanged", report.unchanged),
    ]
    if report.without_vector:
        lines.append(_row("left", report.without_vector, "no vector: load them with `peaks load-photos`"))
    lines.append(
        f"A peak in frame in {report.with_sight:,}, peaks named in {report.with_peaks:,}, "
        f"concepts named in {report.with_concepts:,}"
    )
    lines += [
        f"{format_count(photos, 'photo')} confirmed to show {peak}, which is not in the catalogue: the word "
        "is kept; load the peak, or say something else with `peaks confirm`."
        for peak, photos in report.lost_peaks.items()
    ]
    lines += _named("Rejected", report.rejected)
    return "\n".join(map(fold_line, lines))


def _facts(report: PhotoReport) -> list[str]:
    exif = f"position in {report.with_position:,}, bearing in {report.with_bearing:,}, "
    predicted = f"a peak in frame in {report.with_sight:,}, peaks named in {report.with_peaks:,}, "
    return [
        f"Of {format_count(report.created + report.updated, 'loaded photo')}:",
        f"  {exif}time with its offset in {report.with_offset:,}",
        f"  {predicted}concepts named in {report.with_concepts:,}",
        *_precision(report),
    ]


def _precision(report: PhotoReport) -> list[str]:
    if report.agreement is None:
        return []
    cosine = f"{report.agreement:.4f}"
    if report.precision == "int8":
        return [f"  embedded in int8; cosine to float32 at least {cosine} on the first of them"]
    return [f"  embedded in float32; int8 has a cosine of only {cosine} to it on the first of them"]


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else format_duration(seconds)


def _row(label: str, count: int, meaning: str = "") -> str:
    return f"  {label:<10}{count:>7,}  {meaning}".rstrip()


def _named(title: str, items: Sequence[NamedReason], limit: int | None = None) -> Iterable[str]:
    if not items:
        return []
    shown = items if limit is None else items[:limit]
    rest = [f"  … and {len(items) - len(shown)} more (--json lists all)"] if len(shown) < len(items) else []
    return [f"{title}:", *(f"  {item.name}: {item.reason}" for item in shown), *rest]
