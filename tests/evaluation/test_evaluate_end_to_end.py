"""`peaks calibrate` and `peaks evaluate` on a real node, over drawn photos and over real ones."""
from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from demo.render import TRUTH_FILE
from evaluation.dataset import read_dataset
from evaluation.labels import Labels
from evaluation.samples import LabelledPhotos
from loader.peaks.identification.calibration_store import read_rule_in_force
from loader.peaks.identification.identifier import open_identifier
from loader.peaks.identification.rule import default_rule
from tests.conftest import (
    DEMO_CHECKPOINT,
    DRAWN,
    REPOSITORY,
    Node,
    Truth,
    ask,
    call_peaks,
    invoke,
    repaired_catalogue,
    run_peaks,
)

pytestmark = pytest.mark.cluster

PEAKS, CONCEPTS = REPOSITORY / "demo" / "peaks.yaml", REPOSITORY / "demo" / "concepts.yaml"


@pytest.fixture
def library(node: Node, fresh_indices: str, drawn: Path) -> Iterator[Path]:
    """The drawn photos, the demo's peaks and concepts, loaded; returns the truth file."""
    call_peaks("load-peaks", PEAKS, "--url", node.url)
    call_peaks("load-concepts", CONCEPTS, "--url", node.url)
    called = invoke("load-photos", drawn, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    assert called.exit_code == 0 and "drawn scenes" not in called.stderr
    yield drawn / TRUTH_FILE


def test_a_library_is_calibrated_and_evaluated(
    node: Node, client: Elasticsearch, library: Path, drawn: Path, truth: Truth, tmp_path: Path
) -> None:
    labels = ("--labels", library, "--url", node.url)
    dry = ask(node, "calibrate", "--labels", library, "--dry-run")
    assert not read_rule_in_force(client).origin
    text = call_peaks("calibrate", *labels)
    assert f"{DRAWN} labelled photos" in text and "run `peaks predict`" in text
    in_force = read_rule_in_force(client)
    assert in_force.rule.as_dict() == dry["rule"]
    assert in_force.min_similarity == dry["min_similarity"]
    assert in_force.origin["photos"] == DRAWN and in_force.origin["precision"] == 0.9

    references = make_references(drawn, truth, tmp_path / "references")
    report, figures = tmp_path / "docs" / "evaluation.md", tmp_path / "evaluation.json"
    said = call_peaks(
        "evaluate", *labels, "--peaks", PEAKS, "--concepts", CONCEPTS,
        "--reference-images", references, "--output", report, "--json", figures,
    )
    assert "The likeliest mountain, by the rule in force, is right in " in said and str(report) in said
    assert "no better than chance" not in said
    check_figures(json.loads(figures.read_text(encoding="utf-8")))
    assert report.read_text(encoding="utf-8").startswith("# Evaluation")

    call_peaks("calibrate", "--reset", "--url", node.url)
    assert read_rule_in_force(client).rule == default_rule()
    check_that_evaluation_weighs_as_the_identifier_does(client)


def test_words_of_persons_measure_as_a_file_of_the_same_labels_does(
    node: Node, client: Elasticsearch, library: Path, truth: Truth, tmp_path: Path
) -> None:
    refused = invoke("evaluate", "--labels", "confirmed", "--url", node.url)
    assert refused.exit_code == 1 and "Nobody has said of a photo what it shows" in refused.output
    labels = [{"file": entry["file"], "peaks": [entry["peak"]]} for entry in truth[:-2]]
    labels.append({"file": truth[-2]["file"], "peaks": []})  # and of the last photo nothing is known
    for label in labels:
        words = [word for peak in label["peaks"] for word in ("--peak", peak)] or ["--none"]
        call_peaks("confirm", label["file"], *words, "--url", node.url)
    file = tmp_path / "truth.json"
    file.write_text(json.dumps(labels), encoding="utf-8")
    measured = {}
    for source in ("confirmed", str(file)):
        output, figures = tmp_path / "report.md", tmp_path / "report.json"
        call_peaks("evaluate", "--labels", source, "--output", output, "--json", figures, "--url", node.url)
        measured[source] = json.loads(figures.read_text(encoding="utf-8"))
        assert measured[source].pop("run") and measured[source].pop("labels") == Path(source).name
        chosen = "Labels: confirmed, of photos that persons chose to label."
        assert (chosen in output.read_text(encoding="utf-8")) == (source == "confirmed")
    assert measured["confirmed"] == measured[str(file)]
    rules = [ask(node, "calibrate", "--labels", source, "--dry-run") for source in ("confirmed", str(file))]
    assert rules[0] == rules[1] and rules[0]["photos"] == len(labels)


def make_references(drawn: Path, truth: Truth, folder: Path) -> Path:
    """Two photos of one peak, which are in the library too."""
    for entry in [entry for entry in truth if entry["peak"] == "ama-dablam"][:2]:
        (folder / "ama_dablam").mkdir(parents=True, exist_ok=True)
        shutil.copy(drawn / entry["file"], folder / "ama_dablam" / entry["file"])
    return folder


def check_figures(figures: dict[str, Any]) -> None:
    """What must hold of any such library, whatever the exact numbers are."""
    assert figures["library"]["photos"] == figures["library"]["with_frame"] == DRAWN
    assert figures["run"]["references"] == 2
    ways = {way["way"]: way for way in figures["identification"]["ways"]}
    assert ways["picture and sight line"]["top_1"]["value"] > ways["sight line alone"]["top_1"]["value"]
    assert ways["picture and sight line"]["top_1"]["value"] > 0.9
    assert {row["language"] for row in figures["searches"]["languages"]} >= {"en", "de", "ne", "ja"}
    assert ways["the rule in force"]["photos"] == DRAWN - 2


def check_that_evaluation_weighs_as_the_identifier_does(client: Elasticsearch) -> None:
    """The table's probabilities are those by the cluster's cosines, whose vectors are a little rounded."""
    dataset = read_dataset(client, PEAKS, CONCEPTS)
    assert list(dataset.peaks.entries[0].names_by_language) != ["und"]
    labels = Labels("", dict.fromkeys(dataset.photos.paths, frozenset()))
    photos = LabelledPhotos.gather(dataset, labels)
    ours = default_rule().weigh(photos.as_identified().clues)
    found = open_identifier(client, dataset.siglip).identify(dataset.photos.vectors, dataset.photos.cameras)
    for row, identification in enumerate(found):
        theirs = {candidate.peak.id: candidate.probability for candidate in identification.candidates}
        mine = {peak: ours[row, column] for column, peak in enumerate(dataset.peaks.ids)}
        assert theirs == pytest.approx({peak: mine[peak] for peak in theirs}, abs=2e-3)
        assert np.isnan([chance for peak, chance in mine.items() if peak not in theirs]).all()


def test_real_photos_are_evaluated_by_their_sight_lines(
    node: Node, client: Elasticsearch, fresh_indices: str, shared: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The demo's checkpoint knows drawn mountains only: what it sees in real photos means nothing, where
    these look does."""
    catalogue = tmp_path / "peaks.yaml"
    catalogue.write_text(repaired_catalogue(shared), encoding="utf-8")
    call_peaks("load-peaks", catalogue, "--url", node.url)
    call_peaks("load-photos", shared / "photos", "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    figures = tmp_path / "evaluation.json"
    monkeypatch.chdir(tmp_path)
    called = invoke("evaluate", "--labels", "sight", "--json", figures, "--url", node.url)
    assert called.exit_code == 0 and "drawn scenes" in called.stderr
    assert "drawn scenes" in invoke("predict", "--url", node.url).stderr
    said = called.stdout
    assert "(weak labels)" in said and ": this is no better than chance." in said
    document = json.loads(figures.read_text(encoding="utf-8"))
    library = document["library"]
    assert (library["photos"], library["with_frame"], library["with_peak_in_frame"]) == (33, 33, 32)
    assert 0.05 < library["chance"] < 0.15
    assert library["agreement"]["low"] <= library["agreement"]["value"] <= library["agreement"]["high"]
    assert [way["way"] for way in document["identification"]["ways"]] == [
        "picture alone", "the rule in force",
    ]
    assert "weak labels" in Path("evaluation-report/evaluation.md").read_text(encoding="utf-8")

    refused = run_peaks("calibrate", "--labels", "sight", "--url", node.url)
    assert refused.returncode == 1 and "No threshold makes 90% of the names" in refused.stderr
