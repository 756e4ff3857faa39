"""The report from fixed figures: as a person reads it, as a program does, and its plots, byte for byte."""
from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.measurements import ConceptRow, Evaluation, LibraryFigures
from evaluation.metrics import Interval, ReliabilityBin
from evaluation.naming import Confusion, IdentificationFigures, NamingFigures
from evaluation.reports.plots import draw_all
from evaluation.reports.report import Run, describe_findings, render_files, render_report
from evaluation.retrieval import CutOff, SearchFigures, SearchRow
from loader.commands.labelled_photos import evaluate, written_command
from loader.elastic.models import DeployedModel
from tests.conftest import REPOSITORY
from tests.snapshots import check_snapshot

SNAPSHOTS = Path(__file__).parent / "snapshots"
NAN = float("nan")

RUN = Run(
    command="peaks evaluate --labels truth.json",
    precision=0.9,
    model=DeployedModel("small", "f" * 16, "c" * 16, 16, 3.0, -8.0),
    references=2,
    versions={"numpy": "2", "Elasticsearch server": "8.19.21"},
)


def make_evaluation() -> Evaluation:
    """Figures made by hand, one of every kind."""
    bins = (ReliabilityBin(4, 0.35, 0.25), ReliabilityBin(36, 0.93, 0.95))
    curve = ((0.1, 1.0), (0.5, 0.98), (1.0, 0.9))
    top_1, top_3 = Interval(0.85, 0.7, 0.93), Interval(1, 0.9, 1)
    way = NamingFigures("picture alone", 40, top_1, top_3, 0.8, 0.9, 0.89, 0.02, 0.05, bins, curve, 0.25)
    silent = replace(way, way="sight line alone", coverage=0.0, right_when_answering=NAN, precision=NAN)
    return Evaluation(
        labels="truth.json",
        are_weak=False,
        unknown=("k2",),
        library=LibraryFigures(
            1048, 1, 4, 2, 40, 38, 36, 40, 40, 2.0, 4.0, (2, 20, 16), Interval(0.7, 0.55, 0.82), 0.3
        ),
        searches=SearchFigures(
            (SearchRow("peaks, one name", "", 8, 4, (0.875, 1.0, 1.0), 0.93, 0.91, 0.25),),
            (SearchRow("peaks", "en", 4, 4, (0.75, 1.0, 1.0), 0.86, 0.9, 0.25),
             SearchRow("peaks", "ne", 4, 4, (1.0, 1.0, 1.0), 1.0, 0.92, 0.25)),
            {"best on this library": CutOff(0.312, 0.92, 0.98, 0.95)},
            0.91,
        ),
        identification=IdentificationFigures(
            (way, silent),
            {"picture alone": (Confusion("Pumori", "Thamserku", 3),), "picture and sight line": ()},
            "the one that ships",
        ),
        concepts=(ConceptRow("yak", 16, 20, 15), ConceptRow("tent", 24, 0, 0)),
    )


@pytest.fixture(scope="module")
def plots() -> dict[str, bytes]:
    return draw_all(make_evaluation())


def test_the_report_as_a_person_reads_it(plots: dict[str, bytes]) -> None:
    links = {name: f"images/evaluation-{name}.svg" for name in plots}
    text = render_report(make_evaluation(), RUN, links)
    check_snapshot(SNAPSHOTS / "report.md", text)


def test_the_finding_says_what_guesses_would_reach() -> None:
    assert describe_findings(make_evaluation()) == [
        "Searches for peaks, one name, have a right photo first in 87.5 % [30.1, 100.0], guesses in 25.0 %.",
        "The likeliest mountain, by the picture alone, is right in 85.0 % [70.0, 93.0], guesses in 25.0 %.",
    ]


def test_the_finding_says_when_it_is_no_better_than_chance() -> None:
    evaluation = make_evaluation()
    way = replace(evaluation.identification.ways[0], top_1=Interval(0.3, 0.2, 0.42))
    identification = replace(evaluation.identification, ways=(way,))
    searches = replace(evaluation.searches, classes=())
    poor = replace(evaluation, identification=identification, searches=searches, are_weak=True)
    assert describe_findings(poor) == [
        "The likeliest mountain, by the picture alone, is right in 30.0 % [20.0, 42.0] (weak labels), "
        "guesses in 25.0 %: this is no better than chance."
    ]
    nothing = replace(poor, identification=IdentificationFigures((), {}, ""))
    assert describe_findings(nothing) == ["Too few photos are labelled to find anything."]


def test_nothing_that_ships_is_written_over_by_default() -> None:
    (output,) = (option for option in evaluate.params if option.name == "output")
    assert isinstance(output.default, Path) and not output.default.is_absolute()
    assert not (REPOSITORY / output.default.parts[0]).exists()


def test_weak_labels_say_so(plots: dict[str, bytes]) -> None:
    evaluation = replace(make_evaluation(), are_weak=True, labels="sight")
    text = render_report(evaluation, RUN, dict.fromkeys(plots, "plot.svg"))
    assert len(re.findall(r"^## .* \(weak labels\)$", text, re.M)) == 2
    assert "Labels: sight, which are weak" in text


def test_a_report_of_little_is_still_a_report() -> None:
    evaluation = make_evaluation()
    library = replace(evaluation.library, with_frame=0, in_frame=(), agreement=Interval(NAN, NAN, NAN))
    little = replace(
        evaluation,
        library=library,
        searches=SearchFigures((), (), {}, NAN),
        identification=IdentificationFigures((), {}, ""),
        concepts=(),
    )
    assert draw_all(little) == {}
    text = render_report(little, RUN, {})
    assert "Too few labelled photos" in text and "No labelled photo shows" in text


def test_plots_are_the_same_bytes_again(plots: dict[str, bytes]) -> None:
    assert draw_all(make_evaluation()) == plots
    assert set(plots) == {"in-frame", "identification"}
    assert all(plot.startswith(b"<?xml") and len(plot) < 150_000 for plot in plots.values())


def test_files_lie_beside_each_other(tmp_path: Path) -> None:
    files = render_files(make_evaluation(), RUN, tmp_path / "docs" / "trek.md", tmp_path / "trek.json")
    document = json.loads(files[tmp_path / "trek.json"])
    assert document["run"]["precision"] == 0.9
    assert document["identification"]["ways"][1]["precision"] is None  # what JSON has for NaN
    links = re.findall(r"\]\(([^)]+)\)", files[tmp_path / "docs" / "trek.md"].decode())
    assert links and all(link.startswith("images/trek-") for link in links)
    assert files.keys() >= {tmp_path / "docs" / link for link in links}
    assert not list(tmp_path.iterdir())


def test_the_command_is_written_without_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEAKS_CHECKPOINT", "/somewhere")
    secret = ["--url", "http://me:secret@host", "--es-password", "x"]
    words = ["--labels", "my truth.json", "--precision", "0.8", *secret]
    context = evaluate.make_context("evaluate", words)
    assert written_command(context) == "peaks evaluate --labels 'my truth.json' --precision 0.8"
