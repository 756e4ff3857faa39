"""`peaks photos`: photos without a question, in an order, page by page."""
from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

import pytest

from loader.errors import PeaksError
from loader.search.filters import Filters
from loader.search.question import ask_photos
from tests.conftest import DEMO_CHECKPOINT, Node, ask, call_peaks, invoke
from tests.search.search_library import PATHS, paths, refusal

IN_TIME = ["day 1/blue.jpg", "day 1/dawn.jpg", "day 2/green.jpg", "day 2/no offset.jpg", "scans/夜.jpg"]


def test_pages_begin_where_the_last_one_ended() -> None:
    question = ask_photos(Filters({"size": 5}), "altitude", reverse=True, page=3)
    assert question.parameters == {"size": 5, "sort": {"altitude": "desc"}, "from": 10}
    assert ask_photos(Filters(), "time").parameters == {"sort": {"time": "asc"}, "from": 0}
    assert ask_photos(Filters(), "time", page=2).parameters["from"] == 12


def test_what_cannot_be_meant_is_one_sentence() -> None:
    with pytest.raises(PeaksError, match="--sort distance needs a point to measure from: give --near"):
        ask_photos(Filters(), "distance")
    with pytest.raises(PeaksError, match=r"--page 1000 would pass over 11,988 photos, and .* --reverse"):
        ask_photos(Filters(), "time", page=1000)
    assert ask_photos(Filters({"size": 200}), "time", page=50).parameters["from"] == 9800


@pytest.mark.cluster
def test_photos_by_their_own_clocks(node: Node, photos: Path) -> None:
    document = ask(node, "photos")
    assert document["total"] == len(PATHS)
    assert [hit["path"] for hit in document["hits"]] == [*IN_TIME, "scans/snow <1998>.jpg"]
    assert {hit["score"] for hit in document["hits"]} == {None}
    backwards = [hit["path"] for hit in ask(node, "photos", "--reverse")["hits"]]
    assert backwards == [*reversed(IN_TIME), "scans/snow <1998>.jpg"]


@pytest.mark.cluster
def test_filters_and_pages(node: Node, photos: Path) -> None:
    assert paths(ask(node, "photos", "--from", "2023-10-06", "--to", "2023-10-07")) == set(IN_TIME[1:3])
    assert paths(ask(node, "photos", "--concept", "yak")) == {"day 1/blue.jpg", "day 2/green.jpg"}
    second = ask(node, "photos", "--size", "2", "--page", "2")
    assert [hit["path"] for hit in second["hits"]] == IN_TIME[2:4] and second["total"] == len(PATHS)
    refused = refusal(node, "photos", "--size", "2", "--page", "4")
    assert "has only 6 photos: the last page is --page 3." in refused
    assert "the last page is --page 1." in refusal(node, "photos", "--page", "30")
    seen = call_peaks("photos", "--size", "2", "--page", "2", "--url", node.url).splitlines()
    assert seen[0].startswith("Photos by time: 3 to 4 of 6 photos, photos-by-filter, ")
    assert [line.split()[0] for line in seen[1:]] == ["#", "3", "4"]


@pytest.mark.cluster
def test_the_nearest_first(node: Node, photos: Path) -> None:
    document = ask(node, "photos", "--near", "27.9,86.8", "--within", "50km", "--sort", "distance")
    near = [(hit["path"], hit["distance"]) for hit in document["hits"]]
    assert [path for path, _ in near] == ["day 1/dawn.jpg", "day 1/blue.jpg", *reversed(IN_TIME[2:4])]
    assert near[0][1] == pytest.approx(0, abs=1) and near[1][1] == pytest.approx(1280, rel=0.05)
    seen = call_peaks("photos", "--near", "27.9,86.8", "--sort", "distance", "--url", node.url).splitlines()
    assert seen[1] == "  within 5km of 27.9,86.8" and "  1.3 km  " in seen[4]


@pytest.mark.cluster
def test_nothing_to_browse(node: Node, photos: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.html"
    seen = invoke("photos", "--from", "2031", "--html", sheet, "--url", node.url)
    assert seen.exit_code == 0 and seen.stdout.startswith("Photos by time: nothing found (")
    assert "2031-01-01 00:00:00 by each photo&#39;s own clock" in sheet.read_text(encoding="utf-8")


@pytest.mark.cluster
def test_photos_that_were_on_the_wrong_day(
    node: Node, shared: Path, fresh_indices: str, tmp_path: Path
) -> None:
    """Nepal's mornings are days before in UTC, and its first morning of 2024 is of 2023 there."""
    prayer = unicodedata.normalize("NFD", "Prière à Nāmche.jpg")  # as a Mac writes it
    names = {"sunrise_oct5.jpg", "sunrise_oct6.jpg", "newyear2024.jpg", prayer}
    failing = shared / "failing"
    if not all((failing / name).exists() for name in names):
        pytest.skip("the shared folder has no photos taken at a turn of days")
    for name in names:
        shutil.copy(failing / name, tmp_path)
    call_peaks("load-photos", tmp_path, "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    for day in ("5", "6"):
        of_day = paths(ask(node, "photos", "--from", f"2023-10-0{day}", "--to", f"2023-10-0{day}"))
        assert of_day & {"sunrise_oct5.jpg", "sunrise_oct6.jpg"} == {f"sunrise_oct{day}.jpg"}
    assert paths(ask(node, "photos", "--from", "2024")) == {"newyear2024.jpg"}
    assert paths(ask(node, "photos", "--to", "2023")) == names - {"newyear2024.jpg"}
    assert ask(node, "search", "priere a namche", "--hybrid")["hits"][0]["path"] == prayer
    alike = ask(node, "similar", "Prière à Nāmche.jpg")
    assert alike["query"]["asked"] == str(tmp_path / prayer) and prayer not in paths(alike)
