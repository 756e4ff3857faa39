"""The report from fixed figures: as a person reads it, as a program does, and its plots, byte for byte."""
from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.ablations import Ablation
from evaluation.ann import AnnFigures, AnnRow
from evaluation.identification_figures import Confusion, Judgement
from evaluation.library_figures import LibraryFigures
from evaluation.measurements import (
    ConceptRow,
    CutOffRow,
    Evaluation,
    IdentificationFigures,
    SearchFigures,
    SearchRow,
)
from evaluation.metrics import Interval, ReliabilityBin
from evaluation.plots import draw_all
from evaluation.report import Run, as_json, render_report, write_report, written_command
from evaluation.retrieval import CutOff, Summary
from evaluation.tables import decimal, markdown_table, percent, points, span, width
from evaluation.tricks import AlphaRow
from loader.commands.measurements import evaluate
from loader.errors import PeaksError
from tests.snapshots import check_snapshot

SNAPSHOTS = Path(__file__).parent / "snapshots"
NAN = float("nan")

RUN = Run(
    command="peaks evaluate --labels truth.json",
    seed=0,
    folds=5,
    precision=0.9,
    model="small",
    fingerprint="f" * 16,
    dims=16,
    versions={"numpy": "2", "Elasticsearch server": "8.19.21"},
)


def make_evaluation() -> Evaluation:
    """Figures made by hand, one of every kind."""
    bins = (ReliabilityBin(4, 0.35, 0.25), ReliabilityBin(36, 0.93, 0.95))
    curve = ((0.1, 1.0), (0.5, 0.98), (1.0, 0.9))
    top_1, top_3 = Interval(0.85, 0.7, 0.93), Interval(1, 0.9, 1)
    way = Judgement("picture alone", 40, top_1, top_3, 0.8, 0.9, 0.89, 0.02, 0.05, bins, curve)
    silent = replace(way, way="sight line alone", coverage=0.0, right_when_answering=NAN, precision=NAN)
    return Evaluation(
        labels="truth.json",
        are_weak=False,
        strangers=("k2",),
        left_out=2,
        references=3,
        library=LibraryFigures(
            1048, 1, 4, 2, 40, 38, 36, 40, 40, 2.0, 4.0, (2, 20, 16), Interval(0.7, 0.55, 0.82), 0.3
        ),
        searches=SearchFigures(
            (SearchRow("peaks, one name", "", Summary(8, 4, (0.875, 1.0, 1.0), 0.93, 0.91)),),
            (SearchRow("peaks", "en", Summary(4, 4, (0.75, 1.0, 1.0), 0.86, 0.9)),
             SearchRow("peaks", "ne", Summary(4, 4, (1.0, 1.0, 1.0), 1.0, 0.92))),
            (CutOffRow("best on this library", CutOff(0.312, 0.92, 0.98)),),
            0.91,
        ),
        identification=IdentificationFigures(
            (way, silent),
            {"picture alone": (Confusion("Pumori", "Thamserku", 3),), "picture and sight line": ()},
            "the one that ships",
        ),
        concepts=(ConceptRow("yak", 16, 20, 15), ConceptRow("tent", 24, 0, 0)),
        ablations=(
            Ablation("prompt ensemble", "top-1, picture alone", 40, 0.85, 0.86, Interval(-0.01, -0.04, 0.02)),
            Ablation("anti-concept", "mAP, peaks by name", 4, 0.8, 0.9, Interval(-0.1, -0.2, -0.05), False),
            Ablation("bearing", "top-1, with sight lines", 40, 0.98, 0.84, Interval(0.14, 0.1, 0.19)),
        ),
        alphas=(AlphaRow(0.0, 0.6, 0.95), AlphaRow(0.55, 0.82, 0.98), AlphaRow(1.0, 0.85, NAN)),
        ann=AnnFigures(
            480, 9, (AnnRow("flat", 10, 1000, "texts", 1.0), AnnRow("hnsw", 10, 10, "texts", 0.91),
                     AnnRow("hnsw", 10, 50, "texts", 0.99)), ("bbq_hnsw",),
        ),
    )


def test_the_report_as_a_person_reads_it() -> None:
    plots = {name: f"images/evaluation-{name}.svg" for name in draw_all(make_evaluation())}
    text = render_report(make_evaluation(), RUN, plots)
    check_snapshot(SNAPSHOTS / "report.md", text)


def test_every_table_of_the_report_is_aligned() -> None:
    for table in re.findall(r"(?:^\|.*\|\n)+", (SNAPSHOTS / "report.md").read_text(encoding="utf-8"), re.M):
        assert len({width(line) for line in table.splitlines()}) == 1


def test_weak_labels_say_so() -> None:
    evaluation = replace(make_evaluation(), are_weak=True, labels="sight")
    text = render_report(evaluation, RUN, dict.fromkeys(draw_all(evaluation), "plot.svg"))
    assert len(re.findall(r"^## .* \(weak labels\)$", text, re.M)) == 3
    assert "Labels: sight, which are weak" in text


def test_a_report_of_little_is_still_a_report() -> None:
    evaluation = make_evaluation()
    library = replace(evaluation.library, with_frame=0, in_frame=(), agreement=Interval(NAN, NAN, NAN))
    little = replace(
        evaluation,
        library=library,
        searches=SearchFigures((), (), (), NAN),
        identification=IdentificationFigures((), {}, ""),
        concepts=(),
        ablations=(),
        alphas=(),
        ann=None,
    )
    assert draw_all(little) == {}
    text = render_report(little, RUN, {})
    assert "Too few labelled photos" in text and "No labelled photo shows" in text


def test_json_holds_every_figure_and_no_nan() -> None:
    document = json.loads(as_json(make_evaluation(), RUN))
    assert document["run"]["seed"] == 0 and document["run"]["command"] == RUN.command
    assert document["identification"]["ways"][1]["precision"] is None
    assert document["ann"]["rows"][1]["recall"] == 0.91


def test_plots_are_the_same_bytes_again() -> None:
    first, second = draw_all(make_evaluation()), draw_all(make_evaluation())
    assert first == second
    assert set(first) == {"in-frame", "identification", "ablations", "alpha", "ann"}
    assert all(plot.startswith(b"<?xml") and len(plot) < 150_000 for plot in first.values())


def test_files_are_written_beside_each_other(tmp_path: Path) -> None:
    written = write_report(make_evaluation(), RUN, tmp_path / "docs" / "trek.md", tmp_path / "trek.json")
    assert all(path.is_file() for path in written)
    text = (tmp_path / "docs" / "trek.md").read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (tmp_path / "docs" / link).is_file() and link.startswith("images/trek-")


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "docs").write_text("")
    with pytest.raises(PeaksError, match="cannot be written"):
        write_report(make_evaluation(), RUN, tmp_path / "docs" / "evaluation.md", None)


def test_the_command_is_written_without_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEAKS_CHECKPOINT", "/somewhere")
    secret = ["--url", "http://me:secret@host", "--es-password", "x"]
    words = ["--labels", "my truth.json", "--seed", "3", "--no-ann", *secret]
    context = evaluate.make_context("evaluate", words)
    assert written_command(context) == "peaks evaluate --labels 'my truth.json' --no-ann --seed 3"


def test_tables_and_numbers() -> None:
    table = markdown_table(["name", "n"], [["雪", "1"], ["Ü", "22"]])
    assert table.splitlines() == ["| name |   n |", "| ---- | --: |", "| 雪   |   1 |", "| Ü    |  22 |"]
    assert [percent(0.975), percent(NAN), decimal(0.5), decimal(NAN)] == ["97.5 %", "–", "0.500", "–"]
    assert points(Interval(0.013, -0.002, 0.0249)) == "+1.3 [−0.2, +2.5]"
    assert points(Interval(0.0, -0.0004, 0.00004)) == "0.0 [−0.04, 0.0]"
    assert points(Interval(NAN, NAN, NAN)) == span(Interval(NAN, NAN, NAN)) == "–"
    assert span(Interval(0.84, 0.791, 0.879)) == "84.0 % [79.1, 87.9]"
