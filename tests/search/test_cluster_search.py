"""`peaks search` and `peaks peak` against a real node, as a person calls them."""
from __future__ import annotations

import json
import shutil
import subprocess
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from demo.checkpoint import LIMITS
from eland_models.checkpoint import open_checkpoint
from loader.elastic.assets import OF_PEAK
from loader.elastic.connection import has_lookup
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import read_catalogue
from loader.peaks.identification.calibration_store import (
    RuleInForce,
    reset_rule_in_force,
    write_rule_in_force,
)
from loader.peaks.identification.rule import default_rule
from loader.search.filters import read_filters
from tests.conftest import DEMO_CHECKPOINT, Node, ask, call_peaks, invoke, stored_vector
from tests.peaks.gazetteers.lists import gpx, waypoint
from tests.search.search_library import PATHS, paths, refusal

pytestmark = pytest.mark.cluster


def test_search(node: Node, photos: Path) -> None:
    document = ask(node, "search", "a blue sky over a mountain")
    assert document["query"] == {
        "command": "search", "asked": "a blue sky over a mountain", "template": "photos-by-text",
        "parameters": {"text": "a blue sky over a mountain", "recipe": "photo"},
    }
    assert paths(document) == PATHS
    scores = [hit["score"] for hit in document["hits"]]
    assert scores == sorted(scores, reverse=True)
    checkpoint = open_checkpoint(str(DEMO_CHECKPOINT), tower="both")
    for hit in document["hits"]:
        assert hit["cosine"] == pytest.approx(2 * hit["score"] - 1)
        logit = np.exp(checkpoint.logit_scale) * hit["cosine"] + checkpoint.logit_bias
        assert hit["probability"] == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-6)
    blue = next(hit for hit in document["hits"] if hit["path"] == "day 1/blue.jpg")
    assert blue["time"]["local"] == "2023-10-05T06:12:33"
    assert blue["time"]["offset"] == "+05:45"
    assert blue["time"]["instant"].startswith("2023-10-05T00:27:33")
    assert blue["gps"]["lat"] == pytest.approx(27.8931, abs=1e-4)
    assert (blue["bearing"], blue["bearing_reference"]) == (101.25, "true")
    assert blue["peaks"] == [
        {"id": "ama-dablam", "names": ["Ama Dablam"], "probability": 0.93, "evidence": "both"},
        {"id": "khumbila", "names": ["Khumbila", "Khumbu Yül-Lha"], "probability": 0.25, "evidence": "sight"},
    ]
    assert blue["concepts"] == [{"id": "yak", "name": "yak"}]
    dawn = next(hit for hit in document["hits"] if hit["path"] == "day 1/dawn.jpg")
    assert dawn["concepts"] == [{"id": "tent", "name": "tent"}, {"id": "gone", "name": "gone"}]
    assert len(ask(node, "search", "mountain", "--size", "2")["hits"]) == 2


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["--near", "27.8931,86.7896", "--within", "2km"], {"day 1/blue.jpg", "day 1/dawn.jpg"}),
        (["--near", "ama dablam", "--within", "9km"], {"day 1/blue.jpg", "day 1/dawn.jpg"}),
        (["--box", "27.75,86.7,27.65,86.8"], {"day 2/green.jpg", "day 2/no offset.jpg"}),
        (["--from", "2023-10-07T00:00Z", "--to", "2023-10-09"], {"day 2/green.jpg", "day 2/no offset.jpg"}),
        (["--from", "2023-10-06", "--to", "2023-10-06"], {"day 1/dawn.jpg"}),  # in UTC it is the day before
        (["--from", "2023-10-06T05:00", "--to", "2023-10-06T06:00"], {"day 1/dawn.jpg"}),
        (["--from", "2023-10-06T00:13Z", "--to", "2023-10-06T00:13Z"], {"day 1/dawn.jpg"}),
        (["--from", "2023-10-06T05:58+05:45", "--to", "2023-10-06T05:58+05:45"], {"day 1/dawn.jpg"}),
        (["--from", "2023-10-08", "--to", "2023-10-08"], {"day 2/no offset.jpg"}),
        (["--from", "2024"], {"scans/夜.jpg"}),
        (["--peak", "Mount Everest", "--peak", "khumbila"], {"day 1/blue.jpg", "day 1/dawn.jpg"}),
        (["--concept", "चौंरी", "--concept", "tent"],
         {"day 1/blue.jpg", "day 1/dawn.jpg", "day 2/green.jpg"}),
        (["--concept", "yak", "--in-frame", "Ama Dablam"], {"day 1/blue.jpg"}),
        (["--min-probability", "0.999999999"], set()),
        (["--min-probability", "0.000000001"], PATHS),
    ],
)
def test_filters(node: Node, photos: Path, filters: list[str], expected: set[str]) -> None:
    assert paths(ask(node, "search", "mountain", *filters)) == expected


def test_every_filter_becomes_parameters_and_words(client: Elasticsearch, photos: Path) -> None:
    filters = read_filters(
        client, near="Ama Dablam", within="3 km", box="28,86,27,87",
        shot_from="2023-10", shot_to="2023-10-09",
        peaks=("ama dablam", "khumbila"), concepts=("याक",), in_frame=("ama-dablam",), size=5,
    )
    assert filters.parameters == {
        "near_lat": pytest.approx(27.86, abs=0.01), "near_lon": pytest.approx(86.86, abs=0.01),
        "near_distance": "3km", "box_top": 28.0, "box_left": 86.0, "box_bottom": 27.0, "box_right": 87.0,
        "shot_from": "2023-10-01T00:00:00", "shot_to": "2023-10-09T23:59:59",
        "predicted_peaks": ["ama-dablam", "khumbila"], "predicted_concepts": ["yak"],
        "peaks_in_frame": ["ama-dablam"], "size": 5,
    }
    assert filters.words == (
        "within 3km of Ama Dablam", "inside the box 28,86 to 27,87",
        "from 2023-10-01 00:00:00",
        "to 2023-10-09 23:59:59 by each photo's own clock", "showing Ama Dablam or Khumbila", "with yak",
        "with Ama Dablam in the frame",
    )


def test_a_probability_cuts_off_where_the_answer_shows_it(node: Node, photos: Path) -> None:
    hits = ask(node, "search", "mountain")["hits"]
    middle = (hits[2]["probability"] + hits[3]["probability"]) / 2
    kept = ask(node, "search", "mountain", "--min-probability", f"{middle:.12f}")["hits"]
    assert [hit["path"] for hit in kept] == [hit["path"] for hit in hits[:3]]


def test_peak_and_similar_take_the_filters_of_photos(node: Node, photos: Path) -> None:
    assert paths(ask(node, "peak", "khumbila", "--concept", "tent")) == {"day 1/dawn.jpg", "day 2/green.jpg"}
    assert paths(ask(node, "similar", "day 1/blue.jpg", "--in-frame", "mount-everest")) == {"day 1/dawn.jpg"}
    refusal(node, "similar", "day 1/blue.jpg", "--min-probability", "0.5", code=2)


@pytest.mark.parametrize(
    ("recipe", "text"), [("none", "Ama Dablam"), ("photo", "photo: Ama Dablam"), ("peak", "peak: Ama Dablam")]
)
def test_recipes(
    node: Node, client: Elasticsearch, photos: Path, deployed_model: str, recipe: str, text: str
) -> None:
    hit = ask(node, "search", "Ama Dablam", "--recipe", recipe)["hits"][0]
    answer = client.ml.infer_trained_model(model_id=deployed_model, docs=[{"text_field": text}])
    words = np.array(answer["inference_results"][0]["predicted_value"])
    image = stored_vector(client, "photos", "clip_image", {"term": {"path": hit["path"]}})
    assert hit["cosine"] == pytest.approx(float(words @ image), abs=1e-4)


def test_nothing_found_says_what_was_asked(node: Node, photos: Path) -> None:
    words = ["search", "a yak", "--near", "0,0", "--from", "2001", "--to", "2002", "--url", node.url]
    seen = invoke(*words).stdout
    for expected in ("'a yak'", "within 5km of 0,0", "from 2001-01-01", "to 2002-12-31"):
        assert expected in seen


def test_hybrid_ranks_by_words_too_and_says_the_cosine(node: Node, photos: Path) -> None:
    document = ask(node, "search", "scans snow", "--hybrid")
    assert (document["query"]["template"], document["note"]) == ("photos-hybrid", None)
    assert document["hits"][0]["path"] == "scans/snow <1998>.jpg"
    assert paths(ask(node, "search", "याक", "--hybrid", "--min-similarity", "1")) == {"day 1/blue.jpg"}
    plain = {hit["path"]: hit for hit in ask(node, "search", "scans snow")["hits"]}
    for hit in document["hits"]:
        assert 0 < hit["score"] < 0.1
        assert hit["cosine"] == pytest.approx(plain[hit["path"]]["cosine"], abs=1e-4)
        assert hit["probability"] == pytest.approx(plain[hit["path"]]["probability"], abs=1e-4)


def test_peak_by_prototype(node: Node, client: Elasticsearch, photos: Path) -> None:
    document = ask(node, "peak", "KHUMBU YUL LHA")
    template = OF_PEAK if has_lookup(client) else "photos-by-vector"
    assert (document["query"]["asked"], document["query"]["template"]) == ("Khumbila", template)
    assert "vector" not in document["query"]["parameters"]
    assert paths(document) == PATHS


def test_peak_of_names_alone_is_found_as_by_its_name(node: Node, photos: Path) -> None:
    by_vector, by_name = ask(node, "peak", "ama-dablam"), ask(node, "peak", "Ama Dablam", "--by-name")
    assert by_name["query"]["template"] == "photos-by-peak"
    expected = [hit["cosine"] for hit in by_vector["hits"]]
    assert [hit["cosine"] for hit in by_name["hits"]] == pytest.approx(expected, abs=1e-4)


def test_no_match_below_the_measured_cut_off(node: Node, client: Elasticsearch, photos: Path) -> None:
    hits = ask(node, "search", "a yak")["hits"]
    between = (hits[0]["cosine"] + hits[1]["cosine"]) / 2
    try:
        write_rule_in_force(client, RuleInForce(default_rule(), between))
        assert [hit["path"] for hit in ask(node, "search", "a yak")["hits"]] == [hits[0]["path"]]
        assert len(ask(node, "search", "a yak", "--min-similarity", "-1")["hits"]) == len(hits)
        assert len(ask(node, "search", "a yak", "--recipe", "none")["hits"]) == len(hits)
        write_rule_in_force(client, RuleInForce(default_rule(), 0.99))
        reported = ask(node, "search", "a yak")
        assert reported["hits"] == []
        assert f"the nearest photo, {hits[0]['file']}," in reported["note"]
        assert "--min-similarity -1" in reported["note"]
        write_rule_in_force(client, RuleInForce(default_rule(), "high"))  # type: ignore[arg-type]
        assert "calibrate again" in refusal(node, "search", "a yak")
    finally:
        reset_rule_in_force(client)
    assert len(ask(node, "search", "a yak")["hits"]) == len(hits)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["peak", "Sagarmoll"], "did you mean Sagarmatha?"),
        (["search", "x", "--near", "ama"], "did you mean Ama Dablam?"),
        (["search", "x", "--peak", "Toblerone"], "Toblerone"),
        (["search", "x", "--in-frame", "Khumb"], "did you mean Khumbila?"),
        (["search", "x", "--concept", "tundra"], "No concept among"),
        (["search", "x", "--concept", "glacier"], "No concept among the catalogue's 2"),
    ],
)
def test_unknown_names(node: Node, photos: Path, words: list[str], sentence: str) -> None:
    assert sentence in refusal(node, *words)


def test_a_close_name_is_taken_and_said(node: Node, photos: Path) -> None:
    filters = ("--near", "Amadablan", "--within", "9km", "--concept", "tents")
    heading, *said = invoke("peak", "evrest", *filters, "--url", node.url).stdout.splitlines()
    assert heading.startswith("Mount Everest: 1 photo, ")
    assert said[:3] == [
        "  the closest name to 'evrest'", "  within 9km of Ama Dablam (for 'Amadablan')",
        "  with tent (for 'tents')",
    ]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on this machine")
def test_curl_asks_the_same(node: Node, photos: Path) -> None:
    filters = ["--near", "27.9,86.8", "--min-similarity", "-1"]
    words = ["search", "l'aube \"rose\" $HOME", *filters, "--size", "3"]
    command = invoke(*words, "--curl", "--url", node.url).stdout
    answer = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    hits = json.loads(answer.stdout)["hits"]["hits"]
    assert [hit["fields"]["path"][0] for hit in hits] == [hit["path"] for hit in ask(node, *words)["hits"]]


def test_the_demo_model_says_once_that_it_knows_drawn_scenes_only(
    node: Node, photos: Path, drawn: Path
) -> None:
    image, checkpoint = photos / "day 1" / "dawn.jpg", ("--checkpoint", DEMO_CHECKPOINT)
    own = next(drawn.glob("*.JPG"))
    asked: tuple[tuple[str | Path, ...], ...] = (
        ("search", "yak"), ("search", "yak", "--json"), ("peak", "Everest", "--by-name"), ("photos",),
        ("identify", image, image), ("similar", image), ("similar", own, *checkpoint),
    )
    for words in asked:
        called = invoke(*words, "--url", node.url)
        assert " ".join(called.stderr.split()).count(LIMITS["sentence"]) == 1, words
    for words in (("identify", own, *checkpoint), ("search", "yak", "--box", "-80,0,-81,1")):
        called = invoke(*words, "--url", node.url)
        assert called.exit_code == 0 and "drawn scenes" not in called.output, words


def test_pages_are_written_into_a_folder_that_is_missing(node: Node, photos: Path, tmp_path: Path) -> None:
    for number, words in enumerate((
        ("map", "--output"), ("search", "mountain", "--html"), ("peak", "Everest", "--by-name", "--html"),
    )):
        page = tmp_path / "missing" / str(number) / "page.html"
        called = invoke(*words, page, "--url", node.url)
        assert called.exit_code == 0, called.output
        written = page.read_text(encoding="utf-8")
        assert written.startswith("<!") and LIMITS["sentence"] in unescape(written)
        in_a_file = invoke(*words, page / "page.html", "--url", node.url)
        assert in_a_file.exit_code == 1
        sentence = "): name a file in a folder that you can write to."
        assert in_a_file.stderr.splitlines()[-1].endswith(sentence)


def test_table_and_contact_sheet(node: Node, photos: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.html"
    seen = invoke("search", "mountain", "--near", "27.9,86.8", "--html", sheet, "--url", node.url).stdout
    heading, filters, titles, *rows = seen.splitlines()
    assert heading.startswith("mountain: 2 photos, photos-by-text, ")
    assert filters == "  within 5km of 27.9,86.8"
    assert titles.split() == ["#", "photo", "taken", "cosine", "probability", "peaks", "concepts"]
    (blue,) = (row for row in rows if "blue" in row)
    assert blue.endswith("  Ama Dablam 93 % (both), Khumbila 25 % (sight)  yak")
    assert sheet.read_text(encoding="utf-8").count("data:image/jpeg;base64,") == 2


def test_catalogue_of_summits_around_the_photos(node: Node, photos: Path, tmp_path: Path) -> None:
    """Photos stand at 27.90, 86.80 and 27.70, 86.72."""
    file = tmp_path / "summits.gpx"
    summits = {"Near": (27.95, 86.8), "Beside": (27.68, 86.7), "Far": (28.5, 86.8), "South": (-27.9, 86.8)}
    points = (waypoint(name, lat=str(lat), lon=str(lon)) for name, (lat, lon) in summits.items())
    file.write_text(gpx(*points), encoding="utf-8")
    output = tmp_path / "peaks.yaml"
    words = ("catalog", "import", file, "--output", output, "--around-photos", "8km")
    said = call_peaks(*words, "--url", node.url)
    assert "left out: 2 too far from every photo" in said
    assert {peak.id for peak in read_catalogue(output, Peak)} == {"near", "beside"}


def test_an_empty_index_says_how_to_fill_it(node: Node, fresh_indices: str) -> None:
    assert "peaks load-photos" in refusal(node, "search", "yak")
    assert "peaks load-peaks" in refusal(node, "peak", "Ama Dablam")
    assert "peaks load-concepts" in refusal(node, "search", "x", "--concept", "yak")
