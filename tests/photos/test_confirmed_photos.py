"""A person's word about photos, on a real node: it wins, and stays through every load and `peaks predict`."""
from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from loader.arrays import Vectors
from loader.elastic.photo_index import CONFIRMED
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_index import find_entry
from loader.peaks.confirmed import confirm_peaks
from loader.photos.predictions import predict_photos
from tests.conftest import REPOSITORY, Node, ask, call_peaks, invoke
from tests.files.picture_files import quadrants, write
from tests.photos.running_load import outcomes
from tests.photos.stored_libraries import photos
from tests.photos.test_load_changes import load

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("fresh_indices")]

PEAKS = REPOSITORY / "demo" / "peaks.yaml"
NAMED = ("predicted_peaks", "predicted_peak_names", "predicted_peak_labels", "predicted_peaks_evidence",
         "predictions")


@pytest.fixture
def trek(node: Node, tmp_path: Path) -> Path:
    """A loaded library of three photos, and the demo's catalogue."""
    call_peaks("load-peaks", PEAKS, "--url", node.url)
    for number in range(3):
        write(tmp_path / "trek" / f"IMG_{number}.jpg", quadrants(300 + 20 * number, 300))
    assert outcomes(load(tmp_path / "trek", node.url)) == {"created": 3}
    return tmp_path / "trek"


def photo(client: Elasticsearch, path: Path) -> dict[str, Any]:
    return photos(client)[str(path)]


def confirm(node: Node, *words: str | Path) -> str:
    return call_peaks("confirm", *words, "--url", node.url)


def shown(node: Node, peak: str) -> set[str]:
    """The files that the filter by a peak lets through."""
    return {Path(hit["file"]).name for hit in ask(node, "photos", "--peak", peak)["hits"]}


def test_a_word_is_kept_by_every_load_and_by_predict(client: Elasticsearch, node: Node, trek: Path) -> None:
    said = trek / "IMG_0.jpg"
    assert confirm(node, said, "--peak", "Ama Dablam", "--peak", "lhotse") == f"{said}: Ama Dablam, Lhotse\n"
    before = photo(client, said)
    assert before[CONFIRMED] == before["predicted_peaks"] == ["ama-dablam", "lhotse"]
    assert before["predicted_peak_labels"] == ["Ama Dablam", "Lhotse"]
    assert before["predicted_peaks_evidence"] == ["person", "person"]
    assert shown(node, "lhotse") == {"IMG_0.jpg"}

    def word(path: Path) -> dict[str, Any]:
        found = photo(client, path)
        return {name: found[name] for name in (CONFIRMED, *NAMED)}

    expected = word(said)
    load(trek, node.url)
    assert word(said) == expected
    assert outcomes(load(trek, node.url, "--reload")) == {"updated": 3} and word(said) == expected
    write(said, quadrants(410, 300))  # edited
    assert outcomes(load(trek, node.url)) == {"updated": 1, "unchanged": 2} and word(said) == expected
    call_peaks("load-peaks", PEAKS, "--url", node.url)
    call_peaks("predict", "--url", node.url)
    assert word(said) == expected
    renamed = said.rename(trek / "best.jpg")
    assert outcomes(load(trek, node.url)) == {"moved": 1, "unchanged": 2} and word(renamed) == expected
    moved = Path(shutil.move(trek, trek.parent / "archive"))
    assert load(moved, node.url, "--library", "trek", "--moved")["code"] == 0
    assert word(moved / "best.jpg") == expected
    copy = Path(shutil.copytree(moved, trek.parent / "new disk"))
    assert outcomes(load(copy, node.url)) == {"copied": 3}
    assert word(copy / "best.jpg") == expected
    assert shown(node, "lhotse") == {"best.jpg"}


def test_no_peak_and_taking_back(client: Elasticsearch, node: Node, trek: Path) -> None:
    """The rule names its peaks again, as if nothing had been said."""
    said = trek / "IMG_1.jpg"
    client.update(index="photos", id=ids(client, trek)[said.name], doc={"predicted_peaks": ["lhotse"]})
    before = photo(client, trek / "IMG_2.jpg")
    assert confirm(node, "IMG_1.jpg", "--none") == "IMG_1.jpg: no peak\n"
    assert [photo(client, said)[name] for name in (CONFIRMED, *NAMED)] == [["none"], *([],) * 5]
    assert shown(node, "lhotse") == set()
    call_peaks("predict", "--url", node.url)
    assert photo(client, said)["predicted_peaks"] == []
    confirm(node, said, "--peak", "lhotse")
    assert shown(node, "lhotse") == {"IMG_1.jpg"}
    confirm(node, said, "--clear")
    after = photo(client, said)
    assert after[CONFIRMED] == []
    call_peaks("predict", "--url", node.url)
    assert {name: photo(client, said)[name] for name in NAMED} == {name: after[name] for name in NAMED}
    assert photo(client, trek / "IMG_2.jpg") == before


def test_a_peak_that_leaves_the_catalogue(client: Elasticsearch, node: Node, trek: Path) -> None:
    """Its id stays, `peaks predict` says so, and its names come back with it."""
    confirm(node, "IMG_0.jpg", "--peak", "lhotse")
    before = photo(client, trek / "IMG_0.jpg")
    client.delete(index="peaks_catalog", id="lhotse", refresh=True)
    said = call_peaks("predict", "--url", node.url)
    assert "1 photo confirmed to show lhotse, which is not in the catalogue: the word is kept; load" in said
    found = photo(client, trek / "IMG_0.jpg")
    assert found[CONFIRMED] == found["predicted_peaks"] == found["predicted_peak_labels"] == ["lhotse"]
    assert [hit["confirmed_peaks"] for hit in ask(node, "photos")["hits"]] == [["lhotse"], [], []]
    call_peaks("load-peaks", PEAKS, "--url", node.url)
    assert "confirmed" not in call_peaks("predict", "--url", node.url)
    assert photo(client, trek / "IMG_0.jpg") == before


def test_words_go_out_to_a_file_and_come_back(
    client: Elasticsearch, node: Node, trek: Path, tmp_path: Path, fresh_indices: str
) -> None:
    """So they outlive an index; a photo that is not there is named, and the others get their words."""
    confirm(node, "IMG_0.jpg", "--peak", "lhotse", "--peak", "ama-dablam")
    confirm(node, "IMG_1.jpg", "--none")
    file = tmp_path / "words.json"
    assert confirm(node, "--output", file) == f"{file}: 2 photos\n"
    assert json.loads(file.read_text(encoding="utf-8")) == [
        {"file": str(trek / "IMG_0.jpg"), "peaks": ["lhotse", "ama-dablam"]},
        {"file": str(trek / "IMG_1.jpg"), "peaks": []},
    ]
    asked = invoke("forget", "trek", "--url", node.url, input="n\n").output
    assert "What persons said of 2 photos is removed too: `peaks confirm --output FILE` keeps it." in asked
    renewing = ("apply", "--next", "--index", "photos", "--url", node.url, "--es-model-id", fresh_indices)
    assert "; what persons said of 2 photos stays there: `peaks confirm --output" in call_peaks(*renewing)
    (trek / "IMG_1.jpg").unlink()
    assert outcomes(load(trek, node.url)) == {"created": 2}
    restored = invoke("confirm", "--labels", file, "--url", node.url)
    assert restored.exit_code == 1 and restored.stdout == f"{trek / 'IMG_0.jpg'}: Ama Dablam, Lhotse\n"
    assert f"Not said: The index has no photo {trek / 'IMG_1.jpg'}: " in restored.stderr
    assert photo(client, trek / "IMG_0.jpg")[CONFIRMED] == ["ama-dablam", "lhotse"]
    unknown = [{"file": "IMG_2.jpg", "concepts": ["yak"]}, {"file": "IMG_2.jpg", "peak": "matterhorn"}]
    file.write_text(json.dumps(unknown), encoding="utf-8")
    refused = invoke("confirm", "--labels", file, "--url", node.url)
    assert "names peaks that are not in the catalogue (matterhorn): load them first" in refused.output


def test_a_word_that_is_said_while_photos_are_named(client: Elasticsearch, node: Node, trek: Path) -> None:
    """`peaks predict` has read the photos before, and must not write over it what the rule names."""
    identifier, peak = ids(client, trek)["IMG_0.jpg"], find_entry(client, Peak, "lhotse")

    def fill_fields(vectors: Vectors, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        confirm_peaks(client, identifier, [peak])
        empty: dict[str, Any] = {name: [] for name in (*NAMED, "predicted_concepts", "peaks_in_frame")}
        return [{**empty, "predicted_peaks": ["makalu"]} for _ in found]

    report = predict_photos(client, fill_fields, lambda done: None)
    assert (report.photos, report.changed, report.unchanged) == (3, 2, 1)
    assert photo(client, trek / "IMG_0.jpg")["predicted_peaks"] == ["lhotse"]
    assert shown(node, "makalu") == {"IMG_1.jpg", "IMG_2.jpg"}


@pytest.fixture
def earlier_index(client: Elasticsearch, fresh_indices: str) -> Iterator[None]:
    """An index of photos that an earlier version made, without the field for the word."""
    (index,) = client.indices.get(index="photos").values()
    client.indices.delete(index="photos-000001")
    del index["mappings"]["properties"][CONFIRMED]
    settings = {"analysis": index["settings"]["index"]["analysis"]}
    client.indices.create(
        index="earlier", aliases={"photos": {}}, mappings=index["mappings"], settings=settings
    )
    yield
    client.indices.delete(index="earlier")


def test_an_index_of_an_earlier_version(
    client: Elasticsearch, node: Node, earlier_index: None, trek: Path, fresh_indices: str
) -> None:
    """One sentence says what adds the field; loads go on meanwhile."""
    assert outcomes(load(trek, node.url, "--reload")) == {"updated": 3}
    refused = invoke("confirm", "IMG_0.jpg", "--none", "--url", node.url)
    assert (refused.exit_code, refused.output) == (
        1, "Error: The index of photos has no field confirmed_peaks: run `peaks apply`, which adds it.\n"
    )
    applied = call_peaks("apply", "--url", node.url, "--es-model-id", fresh_indices)
    assert "new fields: confirmed_peaks" in applied
    confirm(node, "IMG_0.jpg", "--none")
    assert photo(client, trek / "IMG_0.jpg")[CONFIRMED] == ["none"]


def test_what_cannot_be_said(client: Elasticsearch, node: Node, trek: Path) -> None:
    for words, sentence in (
        (("IMG_0.jpg", "--peak", "matterhorn"), "No peak among the catalogue's 12 is called 'matterhorn'"),
        (("gone.jpg", "--none"), "Not said: The index has no photo gone.jpg: give a whole path"),
        (("IMG_0.jpg",), "Name photos and say one thing of them: --peak PEAK (once or several times), "
                         "--none or --clear; or give"),
        (("IMG_0.jpg", "--none", "--clear"), "say one thing"),
        (("--none",), "say one thing"),
        (("IMG_0.jpg", "--labels", PEAKS), "give --labels FILE or --output FILE alone"),
    ):
        refused = invoke("confirm", *words, "--url", node.url)
        assert refused.exit_code in (1, 2) and sentence in refused.output, refused.output
    assert all(CONFIRMED not in found for found in photos(client).values())


def ids(client: Elasticsearch, folder: Path) -> dict[str, str]:
    hits = client.search(index="photos", size=100)["hits"]["hits"]
    return {hit["_source"]["path"]: hit["_id"] for hit in hits}
