"""The trek out of real indices: what the filters let through, and the notes for a person."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from elasticsearch import Elasticsearch

from loader.elastic.bulk import write_documents
from loader.errors import PeaksError
from loader.search.filters import Filters, read_filters
from loader.search.trek import read_trek, spread_evenly
from tests.conftest import Node, invoke, renew_indices
from tests.show.map.treks import AMA_DABLAM, EVEREST, PUMORI, YAK, make_trek, thumbnail

pytestmark = pytest.mark.cluster

EVERYTHING = Filters()
PHOTOS: dict[str, dict[str, Any]] = {
    "whole": {
        "path": "day 1/IMG 1.HEIC", "gps": {"lat": 27.80, "lon": 86.71}, "altitude": 3440.5,
        "bearing_true": 84.0, "field_of_view": 65.5, "description": "above Namche",
        "shot_time": "2023-10-27T07:15:00+05:45", "shot_time_local": "2023-10-27T07:15:00",
        "shot_time_offset": "+05:45", "predicted_peaks": ["ama-dablam", "gone"],
        "predictions": [
            {"peak": "gone", "probability": 0.2, "cosine": 0.1, "evidence": "visual"},
            {"peak": "ama-dablam", "probability": 0.93, "cosine": 0.2, "evidence": "both"},
        ],
        "predicted_concepts": ["yak", "left"],
        "peaks_in_frame_ids": ["ama-dablam", "left-the-catalogue"],
        "peaks_in_frame": [{"lat": 27.86167, "lon": 86.86139}, {"lat": 27.9, "lon": 86.9}],
        "thumbnail": thumbnail("navy"),
    },
    "early": {
        "path": "day 0.jpg", "gps": {"lat": 27.69, "lon": 86.73}, "shot_time": "2023-10-26T01:00:00Z",
        "predicted_peaks": ["mount-everest"], "thumbnail": thumbnail("red"),
    },
    "no instant": {
        "path": "no offset.jpg", "gps": {"lat": 27.99, "lon": 86.83},
        "shot_time_local": "2023-10-29T12:00:00", "peaks_in_frame_ids": ["pumori"],
        "peaks_in_frame": [{"lat": 28.01, "lon": 86.83}],
    },
    "no time": {"path": "timeless.jpg", "gps": {"lat": 27.98, "lon": 86.92}, "predicted_concepts": ["yak"]},
    "nowhere": {"path": "scan.jpg", "shot_time": "2023-10-27T01:00:00Z", "predicted_peaks": ["ama-dablam"]},
}


def write(client: Elasticsearch, alias: str, documents: dict[str, dict[str, Any]]) -> None:
    """Write documents past the pipelines, which would want vectors, and make them visible."""
    written = write_documents(client, alias, documents, pipeline="_none")
    assert not written.rejected, written.rejected
    client.indices.refresh(index=alias)


@pytest.fixture(scope="module")
def library(node: Node, client: Elasticsearch, deployed_model: str) -> Iterator[Elasticsearch]:
    """Five photos, three peaks and a concept in fresh indices."""
    renew_indices(node, client, deployed_model)
    summits = {
        peak.id: {"id": peak.id, "names": list(peak.names), "elev_m": peak.elev_m,
                  "latlon": {"lat": peak.position.lat, "lon": peak.position.lon}}
        for peak in (EVEREST, AMA_DABLAM, PUMORI) if peak.position
    }
    write(client, "peaks_catalog", summits)
    write(client, "concepts", {YAK.id: {"id": YAK.id, "names": list(YAK.names)}})
    write(client, "photos", PHOTOS)
    yield client


def run_map(*words: str | Path) -> Result:
    return invoke("map", *words)


def test_reads_all_that_is_known(library: Elasticsearch) -> None:
    trek = read_trek(library, EVERYTHING, thumbnails=9)
    assert [photo.id for photo in trek.photos] == ["early", "whole", "no instant", "no time"]
    photo = trek.photos[1]
    assert photo.path == "day 1/IMG 1.HEIC"
    assert (photo.gps.lat, photo.gps.lon) == pytest.approx((27.80, 86.71))
    assert photo.time.local == "2023-10-27T07:15:00"
    assert str(photo.moment) == "2023-10-27 01:30:00"
    assert [(found.peak.name, found.evidence) for found in photo.predictions] == [
        ("Ama Dablam", "both"), ("gone", "visual"),
    ]
    assert [found.probability for found in photo.predictions] == pytest.approx([0.93, 0.2])
    assert [concept.name for concept in photo.concepts] == ["yak", "left"]
    assert photo.in_frame == ("ama-dablam", "left-the-catalogue")
    assert (photo.altitude, photo.bearing, photo.field_of_view) == (3440.5, 84.0, 65.5)
    assert photo.description == "above Namche"
    assert photo.thumbnail == thumbnail("navy")


def test_knows_every_peak_that_is_named_or_seen(library: Elasticsearch) -> None:
    trek = read_trek(library, EVERYTHING)
    assert set(trek.peaks) == {"ama-dablam", "mount-everest", "pumori", "gone", "left-the-catalogue"}
    assert {peak.id for peak in trek.peaks.values() if peak.position is None} == {"gone"}
    end_of_line = trek.peaks["left-the-catalogue"].position
    assert end_of_line is not None and (end_of_line.lat, end_of_line.lon) == pytest.approx((27.9, 86.9))


@pytest.mark.parametrize(("choice", "expected"), [
    ({}, {"early", "whole", "no instant", "no time"}),
    ({"shot_from": "2023-10-29", "shot_to": "2023"}, {"no instant"}),
    ({"shot_from": "2023-10-27T07:00+05:45"}, {"whole", "no instant"}),
    ({"peaks": ("ama-dablam", "Sagarmatha")}, {"early", "whole"}),
    ({"in_frame": ("Pumori",)}, {"no instant"}),
    ({"near": "mount-everest", "within": "20km", "concepts": ("याक",)}, {"no time"}),
    ({"box": "28.1,86.7,27.75,86.85"}, {"whole", "no instant"}),
], ids=str)
def test_filters(library: Elasticsearch, choice: dict[str, Any], expected: set[str]) -> None:
    trek = read_trek(library, read_filters(library, **choice))
    assert {photo.id for photo in trek.photos} == expected


def test_thumbnails_are_bounded_and_spread(library: Elasticsearch) -> None:
    trek = read_trek(library, EVERYTHING, thumbnails=2)
    assert trek.without_thumbnail == 2
    assert [photo.id for photo in trek.photos if photo.thumbnail] == ["early"], "the other has none"
    photos = make_trek(1000).photos
    assert [photo.id for photo in spread_evenly(photos, 4)] == ["0", "250", "500", "750"]
    assert spread_evenly(photos, 2000) == list(photos)
    assert spread_evenly(photos, 0) == []


def test_more_photos_than_a_map_holds_are_counted(library: Elasticsearch) -> None:
    trek = read_trek(library, EVERYTHING, most=2)
    assert [photo.id for photo in trek.photos] == ["early", "whole"]
    assert trek.left_out == 2


def test_photos_without_a_position_are_counted(library: Elasticsearch) -> None:
    trek = read_trek(library, EVERYTHING)
    assert trek.without_position == len(PHOTOS) - len(trek.photos) > 0
    assert read_trek(library, read_filters(library, near="mount-everest")).without_position == 0


def test_a_box_across_the_date_line(library: Elasticsearch) -> None:
    sides = {"fiji": 179.9, "beyond": -179.9, "far": 170.0}
    write(library, "photos", {name: {"path": f"{name}.jpg", "gps": {"lat": -16.8, "lon": lon}}
                              for name, lon in sides.items()})
    try:
        trek = read_trek(library, read_filters(library, box="-16.5,179.5,-17.2,-179.5"))
        assert {photo.id for photo in trek.photos} == {"fiji", "beyond"}
    finally:
        for name in sides:
            library.delete(index="photos", id=name, refresh=True)


def test_pages_follow_one_another(library: Elasticsearch, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = read_trek(library, EVERYTHING, thumbnails=9)
    monkeypatch.setattr("loader.search.trek.PAGE", 1)
    monkeypatch.setattr("loader.search.answer._PAGE", 1)
    assert read_trek(library, EVERYTHING, thumbnails=9) == at_once


def test_no_photo_for_the_filters_is_one_sentence(library: Elasticsearch) -> None:
    filters = read_filters(library, shot_from="2030")
    with pytest.raises(PeaksError) as refused:
        read_trek(library, filters)
    assert refused.value.message == ("None of the 4 photos with a position passes the filters (from "
                                     "2030-01-01 00:00:00 by each photo's own clock): widen or leave out one "
                                     "of them.")


def test_the_command_writes_a_map(node: Node, library: Elasticsearch, tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "map.html"
    result = run_map("--output", file, "--title", "Khumbu", "--thumbnails", "1", "--url", node.url)
    assert result.exit_code == 0, result.stderr
    assert result.stderr.startswith(f"Map: {file} (4 photos · 26 to 29 October 2023; ")
    assert "1 of 4 photos have their thumbnail" in result.stderr
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]
    assert "<title>Khumbu</title>" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize(("words", "sentence"), [
    (("--output", "map.png"), "map.png is no .html file: give --output map.html."),
    (("--output", "map.html", "--within", "5km"), "--within needs a centre"),
    (("--output", "map.html", "--peak", "Amada"), "did you mean Ama Dablam?"),
    (("--output", "map.html", "--tiles", "x"), "--tiles 'x' is no web address"),
    (("--output", "/dev/null/map.html"), "Cannot write /dev/null/map.html"),
])
def test_what_cannot_be_meant_is_one_sentence(
    node: Node, library: Elasticsearch, words: tuple[str, ...], sentence: str
) -> None:
    result = run_map(*words, "--url", node.url)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_photos_without_a_position_are_one_sentence(library: Elasticsearch) -> None:
    for photo in set(PHOTOS) - {"nowhere"}:
        library.delete(index="photos", id=photo, refresh=True)
    with pytest.raises(PeaksError, match="None of the 1 photos in the index has a position"):
        read_trek(library, EVERYTHING)
    library.delete(index="photos", id="nowhere", refresh=True)
    with pytest.raises(PeaksError, match="The index photos is empty: load photos with"):
        read_trek(library, EVERYTHING)
