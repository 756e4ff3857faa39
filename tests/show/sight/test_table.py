"""What a person reads in the terminal, and the JSON."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loader.peaks.sight.geometry import Summits
from loader.peaks.sight.photo import sight_photo
from loader.show.sight.table import describe_sights, show_sights
from loader.show.sight.words import NO_POSITION, describe_shot
from tests.peaks.sight.views import photo_of, valley_fields, valley_summits
from tests.snapshots import check_snapshot

SNAPSHOTS = Path(__file__).parent / "snapshots"
FAR_AWAY = {"gps": {"lat": -40.0, "lon": 170.0}}
MAGNETIC = valley_fields(bearing_reference="magnetic", field_of_view=24.0)


def show(fields: dict[str, Any], mountains: Summits | None = None, **options: Any) -> str:
    return show_sights(sight_photo(photo_of(fields), mountains or valley_summits()), 80, **options)


@pytest.mark.parametrize(
    ("name", "fields", "options"),
    [
        ("valley.txt", valley_fields(), {}),
        ("magnetic.txt", MAGNETIC, {}),
        ("no-bearing.txt", valley_fields(bearing=None, bearing_reference=None), {}),
        ("no-bearing-all.txt", valley_fields(bearing=None, bearing_reference=None), {"show_all": True}),
        ("no-width.txt", valley_fields(field_of_view=None), {}),
        ("no-altitude.txt", valley_fields(altitude=None, bearing_reference=None), {}),
        ("no-position.txt", {"bearing": 90.0}, {}),
        ("no-peak.txt", valley_fields(**FAR_AWAY), {}),
        ("nothing-in-frame.txt", valley_fields(bearing=225.0, field_of_view=20.0), {}),
    ],
)
def test_snapshot(name: str, fields: dict[str, Any], options: dict[str, Any]) -> None:
    check_snapshot(SNAPSHOTS / name, show(fields, **options) + "\n")


def test_one_of_many_is_one_line_where_nothing_can_be_in_the_frame() -> None:
    for fields, words in (
        ({"bearing": 90.0}, "no position"),
        (valley_fields(**FAR_AWAY), "no peak near"),
        (valley_fields(bearing=225.0, field_of_view=20.0), "no peak of the catalogue in the frame"),
    ):
        assert show(fields, is_one_of_many=True) == f"IMG_1.jpg: {words}"
    assert show(valley_fields(), is_one_of_many=True) == show(valley_fields())


def test_west_of_true_north() -> None:
    fields = valley_fields(bearing_reference="magnetic", **{"gps": {"lat": 64.0, "lon": -20.0}})
    line = describe_shot(sight_photo(photo_of(fields), valley_summits()))
    assert "looking 79° (E) from true north (90° magnetic, declination 10.6° west), 60° wide" in line


def test_json_holds_every_peak_with_full_numbers() -> None:
    sighted = sight_photo(photo_of(valley_fields(bearing_reference="magnetic")), valley_summits())
    document = json.loads(json.dumps(describe_sights(sighted)))
    assert document["path"] == "IMG_1.jpg" and document["notes"] == []
    assert document["declination"] == pytest.approx(3.2, abs=0.1)
    assert document["camera"]["bearing"] == pytest.approx(93.2, abs=0.1)
    assert document["exif"]["bearing"] == 90.0 and document["exif"]["bearing_reference"] == "magnetic"
    assert len(document["peaks"]) == 7
    tooth = next(peak for peak in document["peaks"] if peak["peak"] == "near-tooth")
    assert tooth["is_shown"] and tooth["place_in_picture"] == pytest.approx(0.48, abs=0.01)
    behind = next(peak for peak in document["peaks"] if peak["peak"] == "west-spire")
    assert behind["place_in_picture"] is None and not behind["is_shown"]
    numbers = {"distance", "bearing", "offset", "elevation", "frame_probability", "seen_probability", "prior"}
    assert set(tooth) >= numbers | {"hidden_by", "in_frame"}
    document = describe_sights(sight_photo(photo_of({}), valley_summits()))
    assert document["camera"] is None and document["peaks"] == [] and document["notes"] == [NO_POSITION]
    assert document["declination"] is None


def test_a_file_name_cannot_command_the_terminal() -> None:
    sighted = sight_photo(photo_of({}, "a\x1b[2Jb.jpg"), valley_summits())
    assert show_sights(sighted).startswith("a�[2Jb.jpg: no position")


def test_a_peak_that_the_compass_may_well_have_put_into_the_frame_is_there_perhaps() -> None:
    heading, *_, row = show(valley_fields(field_of_view=5.0)).splitlines()[:5]
    assert heading == "IMG_1.jpg: perhaps Near Tooth" and row.endswith("  perhaps in frame")
