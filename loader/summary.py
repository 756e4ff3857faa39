"""What a load says at its end: every file counted, every skipped one named with its reason."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from loader.library import Skipped
from loader.load_concepts import ConceptReport
from loader.load_peaks import PeakReport
from loader.load_photos import PhotoReport
from loader.predict import PredictionReport
from loader.progress import format_duration

NOTES_SHOWN = 20


def summarize_photos(report: PhotoReport, place: str) -> str:
    """Return the closing summary of `peaks load-photos` as lines of text."""
    outcomes = [
        ("new", report.created, ""),
        ("changed", report.updated, ""),
        ("unchanged", report.unchanged, ""),
        ("skipped", len(report.skipped), "cannot be read"),
        ("rejected", len(report.rejected), "refused by Elasticsearch"),
    ]
    lines = [f"{_count(report.found, 'picture')} in {place}, {_seconds(report.seconds)}"]
    lines += [_row(*outcome) for outcome in outcomes if outcome[1] or outcome[0] in ("new", "unchanged")]
    if report.passed_over:
        lines.append(f"{_count(report.passed_over, 'other file')} passed over (hidden, or no picture)")
    if report.created + report.updated:
        lines += _facts(report)
    lines += _named("Skipped", report.skipped)
    lines += _named("Rejected", report.rejected)
    lines += _named("Left out of loaded photos", report.notes, NOTES_SHOWN)
    return "\n".join(lines)


def summarize_peaks(report: PeakReport, place: str) -> str:
    """Return the closing summary of `peaks load-peaks` as lines of text."""
    lines = _entries(report, "peak", place)
    if report.references:
        used = ", ".join(f"{identifier} {count}" for identifier, count in sorted(report.references.items()))
        lines.append(f"Reference photos in {_count(len(report.references), 'prototype')}: {used}")
    lines += [f"Warning: the folder {name} is named by no peak of {place}" for name in report.strangers]
    lines += _named("Skipped reference photos", report.skipped)
    return "\n".join([*lines, *_refused(report)])


def summarize_concepts(report: ConceptReport, place: str) -> str:
    """Return the closing summary of `peaks load-concepts` as lines of text."""
    return "\n".join([*_entries(report, "concept", place), *_refused(report)])


def _entries(report: PeakReport | ConceptReport, noun: str, place: str) -> list[str]:
    total = report.created + report.updated + len(report.rejected)
    lines = [
        f"{_count(total, noun)} in {place}",
        _row("new", report.created),
        _row("replaced", report.updated),
    ]
    if report.rejected:
        lines.append(_row("rejected", len(report.rejected), "refused by Elasticsearch"))
    return lines


def _refused(report: PeakReport | ConceptReport) -> Iterable[str]:
    return _named("Rejected", [Skipped(rejected.id, rejected.reason) for rejected in report.rejected])


def photos_as_json(report: PhotoReport) -> dict[str, Any]:
    """Return the report of `peaks load-photos --json`."""
    return {**asdict(report), "loaded": report.loaded, "seconds": round(report.seconds, 3)}


def summarize_predictions(report: PredictionReport) -> str:
    """Return the closing summary of `peaks predict` as lines of text."""
    lines = [
        f"{_count(report.photos, 'photo')}, {_seconds(report.seconds)}",
        _row("changed", report.changed),
        _row("unchanged", report.unchanged),
    ]
    if report.without_vector:
        lines.append(_row("left", report.without_vector, "no vector: load them with `peaks load-photos`"))
    lines.append(
        f"A peak in frame in {report.with_sight:,}, peaks named in {report.with_peaks:,}, "
        f"concepts named in {report.with_concepts:,}"
    )
    lines += _named("Rejected", report.rejected)
    return "\n".join(lines)


def peaks_as_json(report: PeakReport) -> dict[str, Any]:
    """Return the report of `peaks load-peaks --json`."""
    return asdict(report)


def concepts_as_json(report: ConceptReport) -> dict[str, Any]:
    """Return the report of `peaks load-concepts --json`."""
    return asdict(report)


def _facts(report: PhotoReport) -> list[str]:
    told = f"position in {report.with_position:,}, bearing in {report.with_bearing:,}, "
    found = f"a peak in frame in {report.with_sight:,}, peaks named in {report.with_peaks:,}, "
    return [
        f"Of {_count(report.created + report.updated, 'loaded photo')}:",
        f"  {told}time with its offset in {report.with_offset:,}",
        f"  {found}concepts named in {report.with_concepts:,}",
    ]


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else format_duration(seconds)


def _row(label: str, count: int, meaning: str = "") -> str:
    return f"  {label:<10}{count:>7,}  {meaning}".rstrip()


def _named(title: str, items: Sequence[Skipped], limit: int | None = None) -> Iterable[str]:
    if not items:
        return []
    shown = items if limit is None else items[:limit]
    rest = [f"  … and {len(items) - len(shown)} more (--json lists all)"] if len(shown) < len(items) else []
    return [f"{title}:", *(f"  {item.name}: {item.reason}" for item in shown), *rest]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
