"""What a load says at its end, word for word: kept as files that a person can read."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from loader.elastic.bulk import Rejected
from loader.files.library import NamedReason, Skipped
from loader.peaks.catalogue_writer import CatalogueReport
from loader.photos.predictions import PredictionReport
from loader.photos.report import PhotoReport
from loader.show.summary import (
    describe_load,
    summarize_catalogue,
    summarize_photos,
    summarize_predictions,
)
from tests.snapshots import check_snapshot

SNAPSHOTS = Path(__file__).parent / "snapshots"

PHOTOS = {
    "photos_first_run": PhotoReport(
        found=33, created=33, with_position=33, with_bearing=33, with_offset=33, with_sight=32, with_peaks=31,
        with_concepts=20, seconds=71.3,
    ),
    "photos_second_run": PhotoReport(found=33, unchanged=33, seconds=0.4),
    "photos_with_everything": PhotoReport(
        found=1234,
        created=1200,
        updated=1,
        unchanged=30,
        skipped=[NamedReason("a/broken.jpg", "the JPEG file is damaged (image file is truncated)"),
                 NamedReason("closed", "the folder cannot be read (Permission denied)")],
        rejected=[NamedReason("b.heic", "field [gps]: too far north")],
        passed_over={"@eaDir": 12, "no picture": 1040, "excluded by raw/": 12, "hidden": 7, "sidecar": 2},
        out_of_reach=["card/a.jpg"],
        moved_from="/media/card/trek",
        precision="int8",
        agreement=0.99968,
        with_position=900,
        with_bearing=80,
        with_offset=1000,
        with_sight=79,
        with_peaks=1001,
        with_concepts=1201,
        notes=[NamedReason(f"IMG_{number}.jpg", "its altitude of 4e+06 m is impossible; left out")
               for number in range(22)],
        seconds=4000,
    ),
    "photos_after_changes": PhotoReport(
        found=1240, created=2, moved=12, copied=1, unchanged=1225, missing=["a.jpg", "b.jpg"], removed=2,
        precision="fp32", agreement=0.93, with_position=2, seconds=3,
    ),
    "photos_stopped": PhotoReport(found=40, created=16, left=24, missing=["a.jpg"], seconds=9),
    "photos_dry_run": PhotoReport(
        found=50, created=12, updated=3, moved=1, unchanged=33, missing=["a.jpg", "b.jpg"], is_dry_run=True,
        skipped=[NamedReason("empty.jpg", "the file is empty")], seconds=0.3,
    ),
    "photos_none": PhotoReport(found=1, skipped=[NamedReason("empty.jpg", "the file is empty")]),
}
PEAKS = {
    "peaks_first_run": CatalogueReport(created=25),
    "peaks_with_everything": CatalogueReport(
        created=1,
        updated=23,
        rejected=[Rejected("lhotse", "zero magnitude")],
        references={"pumori": 3, "ama-dablam": 2},
        skipped=[Skipped("ama_dablam/broken.jpg", "the file is empty")],
        unknown_folders=["matterhorn"],
        lost_names={"ama-dablam": ["अमा दबलम", "アマ・ダブラム"], "pumori": ["Pumo Ri"]},
    ),
}


CONCEPTS = {
    "concepts_first_run": CatalogueReport(created=48),
    "concepts_with_rejected": CatalogueReport(1, 46, [Rejected("yak", "timed out")]),
}


PREDICTIONS = {
    "predictions_first_run": PredictionReport(
        photos=240, changed=231, unchanged=9, with_sight=239, with_peaks=232, with_concepts=200, seconds=2.61
    ),
    "predictions_with_everything": PredictionReport(
        photos=12345, changed=1, unchanged=12342, without_vector=1,
        rejected=[NamedReason("b.heic", "version conflict")], with_sight=1, with_peaks=2, with_concepts=3,
        lost_peaks={"lhotse": 2}, seconds=300,
    ),
}


@pytest.mark.parametrize("name", [*PHOTOS, *PEAKS, *CONCEPTS, *PREDICTIONS])
def test_summaries_read_as_kept(name: str) -> None:
    if name in PHOTOS:
        text = summarize_photos(PHOTOS[name], "trek")
    elif name in PREDICTIONS:
        text = summarize_predictions(PREDICTIONS[name])
    elif name in CONCEPTS:
        text = summarize_catalogue(CONCEPTS[name], "concept", "concepts.yaml")
    else:
        text = summarize_catalogue(PEAKS[name], "peak", "peaks.yaml")
    check_snapshot(SNAPSHOTS / f"{name}.txt", text + "\n")


@pytest.mark.parametrize("report", PHOTOS.values(), ids=PHOTOS)
def test_outcomes_add_up_to_the_files_found(report: PhotoReport) -> None:
    assert report.loaded + len(report.skipped) + len(report.rejected) + report.left == report.found


def test_names_do_not_command_the_terminal() -> None:
    names = ("line\nfeed", "clear\x1b[2Jscreen", "turned \u202egpj.exe", "isolated \u2067name")
    report = PhotoReport(found=4, skipped=[NamedReason(name, "the file is empty") for name in names])
    shown = summarize_photos(report, "trek").splitlines()[-4:]
    assert shown == [
        f"  {name}: the file is empty"
        for name in ("line\ufffdfeed", "clear\ufffd[2Jscreen", "turned \ufffdgpj.exe", "isolated \ufffdname")
    ]
    assert describe_load(report)["skipped"][0]["name"] == "line\nfeed"


def test_reports_are_json() -> None:
    photos = json.loads(json.dumps(describe_load(PHOTOS["photos_with_everything"])))
    reason = "the folder cannot be read (Permission denied)"
    assert photos["skipped"][1] == {"name": "closed", "reason": reason}
    assert (photos["loaded"], photos["found"]) == (1231, 1234)


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("name", PHOTOS)
def test_a_summary_fits_its_terminal(name: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = summarize_photos(PHOTOS[name], "trek")
    monkeypatch.setenv("COLUMNS", str(width))
    narrow = summarize_photos(PHOTOS[name], "trek")
    assert max(map(len, narrow.splitlines())) <= width
    assert narrow.split() == wide.split()
