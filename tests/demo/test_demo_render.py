"""Photo files: deterministic, upright by their orientation, with EXIF that is true to the trail."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from demo.photo_file import write_photo
from demo.render import TRUTH_FILE, plan_photos, render, write_task
from demo.scene import draw_scene, view_of
from demo.trail import (
    COMPASS_ERROR_DEGREES,
    bearing_to,
    choose_shot,
    peak_positions,
    places_in_sight,
    summits,
    trail,
    walk,
)
from loader.peaks.sight.camera import place_in_picture, read_camera
from loader.peaks.sight.geometry import look
from loader.peaks.sight.photo import read_photo_camera
from tests.conftest import DRAWN, DRAWN_SEED, DRAWN_SIDE, Truth


def degrees(parts: tuple[float, float, float]) -> float:
    """Degrees, minutes, seconds as degrees."""
    return float(parts[0] + parts[1] / 60 + parts[2] / 3600)


def test_the_truth_names_exactly_the_files(drawn: Path, truth: Truth) -> None:
    written = {path.name for path in drawn.iterdir()}
    assert {entry["file"] for entry in truth} == written - {TRUTH_FILE}
    assert len(truth) == DRAWN
    assert {entry["orientation"] for entry in truth} == set(range(1, 9))


def test_the_same_seed_writes_the_same_files(drawn: Path, tmp_path: Path) -> None:
    for photo in plan_photos(DRAWN, DRAWN_SEED)[:4]:
        write_task((tmp_path, photo, DRAWN_SIDE))
        assert (drawn / photo.name).read_bytes() == (tmp_path / photo.name).read_bytes(), photo.name


def test_a_second_run_replaces_the_first_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("stays")
    for seed in (1, 2):
        written = render(tmp_path, 3, seed, processes=1, long_side=64)
    files = {photo.name for photo in written}
    assert {path.name for path in tmp_path.iterdir()} == {*files, TRUTH_FILE, "mine.txt"}


def test_contents_and_endings(drawn: Path, truth: Truth) -> None:
    formats = {entry["file"]: Image.open(drawn / entry["file"]).format for entry in truth}
    for entry in truth:
        assert formats[entry["file"]] == {"jpeg": "JPEG", "heic": "HEIF"}[entry["content"]]
    assert {"JPEG", "HEIF"} == set(formats.values())
    assert [name for name, kind in formats.items() if name.endswith(".HEIC") and kind == "JPEG"] != []
    assert any(" " in name for name in formats)


def test_position_direction_time_and_lens(drawn: Path, truth: Truth) -> None:
    gps, base = ExifTags.GPS, ExifTags.Base
    for entry in truth:
        exif = Image.open(drawn / entry["file"]).getexif()
        position, exposure = exif.get_ifd(ExifTags.IFD.GPSInfo), exif.get_ifd(ExifTags.IFD.Exif)
        assert degrees(position[gps.GPSLatitude]) == pytest.approx(entry["lat"], abs=1e-5)
        assert degrees(position[gps.GPSLongitude]) == pytest.approx(entry["lon"], abs=1e-5)
        assert float(position[gps.GPSAltitude]) == pytest.approx(entry["altitude"], abs=0.1)
        assert position[gps.GPSImgDirectionRef] == "T"
        assert float(position[gps.GPSImgDirection]) == pytest.approx(entry["bearing"], abs=0.01)
        assert exposure[base.FocalLengthIn35mmFilm] == entry["focal_length_35mm"]
        assert exposure[base.OffsetTimeOriginal] == "+05:45"
        written = datetime.strptime(exposure[base.DateTimeOriginal], "%Y:%m:%d %H:%M:%S")
        assert written.isoformat() == entry["taken"]


def test_turned_pixels_are_upright_again(drawn: Path) -> None:
    for photo in plan_photos(DRAWN, DRAWN_SEED):
        upright = ImageOps.exif_transpose(Image.open(drawn / photo.name)).convert("RGB")
        scene = draw_scene(photo.scene, 96)
        read = np.asarray(upright.resize(scene.size, Image.Resampling.BILINEAR), np.float32)
        assert np.abs(read - np.asarray(scene, np.float32)).mean() < 10, (photo.name, photo.orientation)


@pytest.mark.parametrize("content", ["jpeg", "heic"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_orientations_in_both_formats(tmp_path: Path, content: str, orientation: int) -> None:
    corners = Image.new("RGB", (64, 48), (20, 20, 20))
    corners.paste((240, 30, 30), (0, 0, 24, 16))
    corners.paste((30, 240, 30), (40, 0, 64, 16))
    corners.paste((30, 30, 240), (0, 32, 24, 48))
    shot = choose_shot("pumori", "clear", 0.0, False, np.random.default_rng(1))
    path = tmp_path / "photo"
    write_photo(path, corners, shot, orientation=orientation, content=content, description=None)
    upright = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    assert upright.size == (64, 48)
    colours = np.asarray(upright)[[5, 5, 42], [8, 54, 8]]
    assert colours.argmax(axis=1).tolist() == [0, 1, 2]


def test_the_camera_stands_on_the_trail_in_sight_of_the_peak() -> None:
    for photo in plan_photos(60, 1):
        assert photo.shot.place in places_in_sight(photo.scene.attributes.peak)


def test_every_peak_is_in_sight_from_several_places() -> None:
    for peak in peak_positions():
        assert len(places_in_sight(peak)) >= 5, peak


def test_a_nearer_peak_takes_the_place_out_of_sight() -> None:
    """From Pangboche Taboche stands before Cholatse; from Gokyo nothing does."""
    seen = {place.name for place in places_in_sight("cholatse")}
    assert "Pangboche" not in seen and "Gokyo" in seen


def test_the_loader_finds_the_peak_where_it_is_drawn(drawn: Path) -> None:
    """The peak's place in the picture, by the file's EXIF, is the drawn one but for the compass error."""
    errors = []
    for photo in plan_photos(DRAWN, DRAWN_SEED):
        camera = read_camera(read_photo_camera(str(drawn / photo.name)).fields)
        assert camera is not None and camera.field_of_view is not None
        sight = {sight.peak.id: sight for sight in look(camera, summits())}[photo.scene.attributes.peak]
        assert sight.is_shown and sight.offset is not None
        meant = view_of(photo.scene).centre / photo.scene.aspect
        place = place_in_picture(sight.offset, camera.field_of_view)
        assert place is not None
        errors.append((place - meant) * camera.field_of_view)
    assert math.sqrt(sum(error**2 for error in errors) / DRAWN) < 1.5 * COMPASS_ERROR_DEGREES
    assert max(map(abs, errors)) < 4 * COMPASS_ERROR_DEGREES


def test_bearings_are_those_of_the_map() -> None:
    kala_patthar = next(place for place in walk() if place.name == "Kala Patthar" and place.altitude == 5644)
    # Everest lies 9.5 km east of Kala Patthar, Pumori 2.1 km north.
    assert bearing_to(kala_patthar, "mount-everest") == pytest.approx(95, abs=2)
    assert bearing_to(kala_patthar, "pumori") % 360 == pytest.approx(359, abs=2)


def test_the_trail_climbs_from_lukla_to_kala_patthar() -> None:
    places = trail()["stages"][0]["places"]
    assert (places[0]["name"], places[-1]["name"]) == ("Lukla", "Kala Patthar")
