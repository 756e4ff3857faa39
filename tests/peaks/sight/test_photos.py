"""What a photo shows by its sight lines: their order, and the real trek with its compass's error."""
from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml

from loader.files.images import open_image
from loader.peaks.sight.camera import read_camera
from loader.peaks.sight.geometry import COMPASS_ERROR_DEG, Sight, look
from loader.peaks.sight.photo import SightedPhoto, read_photo_camera, read_picture, sight_photo
from tests.peaks.sight.views import photo_of, trek_summits, valley_fields, valley_summits

READINGS = Path(__file__).with_name("summits_in_photos.yaml")


def sighted(shared: Path, name: str) -> SightedPhoto:
    """One photo of the trek with the trek's catalogue."""
    return sight_photo(read_photo_camera(str(shared / "photos" / name)), trek_summits(shared))


def sights_of(shared: Path, name: str) -> dict[str, Sight]:
    return {sight.peak.id: sight for sight in sighted(shared, name).sights}


def test_the_frame_comes_first_from_left_to_right_then_the_nearest_in_direction() -> None:
    sights = sight_photo(photo_of(valley_fields()), valley_summits()).sights
    framed = [sight for sight in sights if sight.in_frame]
    assert [sight.peak.name for sight in framed] == ["Left Horn", "Near Tooth", "Great Dome", "Right Edge"]
    assert list(sights[: len(framed)]) == framed
    aside = [abs(sight.offset or 0) for sight in sights[len(framed) :]]
    assert aside == sorted(aside)


def test_without_a_bearing_the_nearest_come_first() -> None:
    sights = sight_photo(photo_of(valley_fields(bearing=None)), valley_summits()).sights
    assert [sight.distance for sight in sights] == sorted(sight.distance for sight in sights)


def test_the_mislabelled_photo_looks_at_taboche_and_not_at_ama_dablam(shared: Path) -> None:
    sights = sights_of(shared, "IMG_2498.HEIC")
    assert sights["taboche"].is_shown and abs(sights["taboche"].offset or 99) < 2
    assert not sights["ama-dablam"].in_frame and abs(sights["ama-dablam"].offset or 0) > 90
    reference = shared / "reference-peaks" / "ama_dablam" / "IMG_2498.HEIC"
    found = sight_photo(read_photo_camera(str(reference)), trek_summits(shared))
    assert [sight.peak.id for sight in found.shown] == ["taboche"]


def test_ama_dablam_hides_makalu_and_baruntse(shared: Path) -> None:
    sights = sights_of(shared, "IMG_2315.HEIC")
    assert [peak for peak, sight in sights.items() if sight.is_shown] == ["ama-dablam"]
    assert {peak for peak, sight in sights.items() if sight.in_frame} == {"ama-dablam", "makalu", "baruntse"}
    assert sights["makalu"].hidden_by == sights["baruntse"].hidden_by == sights["ama-dablam"].peak


def test_all_but_one_photo_show_a_peak(shared: Path) -> None:
    summits = trek_summits(shared)
    photos = sorted((shared / "photos").iterdir())
    without = [
        path.name for path in photos if not sight_photo(read_photo_camera(str(path)), summits).shown
    ]
    assert len(photos) == 33 and without == ["IMG_2885.HEIC"]


@pytest.mark.parametrize("name", ["IMG_1894.HEIC", "IMG_2322.HEIC", "IMG_2647.HEIC", "IMG_1536 Copy.JPG"])
def test_the_size_is_that_of_the_upright_picture(shared: Path, name: str) -> None:
    path = str(shared / "photos" / name)
    photo = read_photo_camera(path)
    assert (photo.width, photo.height) == open_image(path).size
    drawn = read_picture(path)
    assert drawn.width / drawn.height == pytest.approx(photo.width / photo.height, rel=0.01)


def test_the_compass_errs_by_about_the_assumed_five_degrees(shared: Path) -> None:
    """Against summits read off the pictures by eye: 4.4° root mean square over 22 photos."""
    summits = trek_summits(shared)
    errors = []
    for name, readings in yaml.safe_load(READINGS.read_text(encoding="utf-8")).items():
        camera = read_camera(read_photo_camera(str(shared / "photos" / name)).fields)
        assert camera is not None and camera.field_of_view is not None
        sights = {sight.peak.id: sight for sight in look(camera, summits)}
        for peak, place in readings.items():
            width = 2 * math.tan(math.radians(camera.field_of_view / 2))
            seen, offset = math.degrees(math.atan((place - 0.5) * width)), sights[peak].offset
            assert offset is not None
            errors.append(seen - offset)
    spread = math.sqrt(sum(error**2 for error in errors) / len(errors))
    assert len(errors) == 22
    assert spread == pytest.approx(4.4, abs=0.2)
    assert 0.8 * COMPASS_ERROR_DEG < spread < 1.2 * COMPASS_ERROR_DEG
    assert sum(abs(error) < 2 * COMPASS_ERROR_DEG for error in errors) >= 21
