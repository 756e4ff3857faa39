"""The result of a calibration, for people and for programs."""
from __future__ import annotations

from dataclasses import asdict
from typing import Any

from evaluation.calibration import Measurement
from evaluation.metrics import without_nan
from loader.show.tables import Column, format_table
from loader.show.values import format_decimal, format_percent


def show_measurement(measured: Measurement, *, kept: bool) -> str:
    """Return the measurement as a person reads it.

    Args:
        measured: by `evaluation.calibration.Calibration`.
        kept: whether it is in force now.
    """
    rows = [figures for pair in zip(measured.before, measured.after, strict=True) for figures in pair]
    ways = [way for figures in measured.before for way in (figures.way, "- now")]
    table = [
        Column("names by", ways),
        Column("photos", [str(row.photos) for row in rows], "right"),
        Column("coverage", [format_percent(row.coverage) for row in rows], "right"),
        Column("right", [format_percent(row.precision) for row in rows], "right"),
        Column("named, held out", [format_percent(row.named_when_held_out) for row in rows], "right"),
        Column("ECE", [format_decimal(row.error) for row in rows], "right"),
    ]
    return "\n".join([
        f"{measured.photos} labelled photos",
        "",
        format_table(table),
        "",
        "coverage: share of photos with a name; right: share of the names; named, held out: share of photos",
        "that get a name though their own peaks are held out of the catalogue; ECE: expected calibration",
        "error of the likeliest name. Now: by weights and a threshold that never saw the photo.",
        "",
        *_describe_rule(measured),
        *measured.notes,
        "",
        "Kept with the photos; run `peaks predict` to name the stored ones by it."
        if kept
        else "Not kept (--dry-run).",
    ])


def describe_measurement(measured: Measurement) -> dict[str, Any]:
    """Return the measurement as one JSON object; what could not be measured is None."""
    described: dict[str, Any] = without_nan({**asdict(measured), "rule": measured.rule.as_dict()})
    return described


def _describe_rule(measured: Measurement) -> list[str]:
    rule, cut_off = measured.rule, measured.cut_off
    picture, sighted, concept = rule.picture, rule.sighted, rule.concept
    lines = [
        f"picture    bias {picture.bias:.2f}, match {picture.match:.2f}, share {picture.share:.2f}",
        f"sighted    bias {sighted.bias:.2f}, match {sighted.match:.2f}, share {sighted.share:.2f}, "
        f"prior {sighted.prior:.2f}",
        f"threshold  {rule.threshold:.3f}",
        f"concept    bias {concept.bias:.2f}, logit {concept.logit:.2f}, threshold {concept.threshold:.3f}",
    ]
    if cut_off is not None:
        lines.append(
            f"cut-off    cosine {cut_off.cosine:.3f} tells a match from none in "
            f"{format_percent(cut_off.balanced_accuracy)} of {measured.queries} queries "
            f"({format_percent(measured.cross_validated)} of things that were held out)"
        )
    return lines
