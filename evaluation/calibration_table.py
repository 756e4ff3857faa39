"""What a calibration measured, for people and for programs."""
from __future__ import annotations

from dataclasses import asdict
from typing import Any

from evaluation.calibration import Measurement, Quality
from evaluation.tables import NOTHING, decimal, markdown_table, percent

_HEAD = ("names by", "photos", "coverage", "right", "strangers named", "ECE")


def show_measurement(measured: Measurement, *, kept: bool) -> str:
    """Return the measurement as a person reads it.

    Args:
        measured: by `evaluation.calibration.calibrate`.
        kept: whether it is in force now.
    """
    pairs = zip(measured.before, measured.after, strict=True)
    rows = [row for before, after in pairs for row in (_row(before, before.what), _row(after, "- now"))]
    lines = [f"{measured.photos} labelled photos", "", markdown_table(_HEAD, rows), ""]
    lines += [
        "coverage: share of photos with a name; right: share of the names; strangers named: share of photos",
        "that get a name though their own peaks are taken out of the catalogue; ECE: expected calibration",
        "error of the likeliest name. Now: by weights and a threshold that never saw the photo.",
        "",
        *_describe_rule(measured),
        *measured.notes,
        "",
        "Kept with the photos; run `peaks predict` to name the stored ones by it."
        if kept
        else "Not kept (--dry-run).",
    ]
    return "\n".join(lines)


def describe_measurement(measured: Measurement) -> dict[str, Any]:
    """Return the measurement as one JSON object."""
    return {
        "photos": measured.photos,
        "rule": measured.rule.as_dict(),
        "min_similarity": measured.min_similarity,
        "before": [asdict(quality) for quality in measured.before],
        "after": [asdict(quality) for quality in measured.after],
        "cut_off": None if measured.cut_off is None else asdict(measured.cut_off),
        "notes": list(measured.notes),
    }


def _row(quality: Quality, label: str) -> list[str]:
    answers, strangers = quality.answers, quality.strangers_named
    return [
        label,
        str(quality.photos),
        percent(answers.coverage),
        percent(answers.precision),
        NOTHING if strangers is None else percent(strangers),
        decimal(quality.error),
    ]


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
            f"{percent(cut_off.balanced_accuracy)} of {cut_off.queries} queries "
            f"({percent(cut_off.cross_validated)} on things left out)"
        )
    return lines
