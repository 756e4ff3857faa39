"""The picture of docs/identification.md: which photo it is drawn of, and how it is made small."""

from __future__ import annotations

from PIL import Image, ImageDraw

from demo.pictures import COLOURS, COUNT, NAME, SEED, WIDTH, reduce_colours
from demo.render import plan_photos
from demo.trail import summits
from loader.peaks.sight.geometry import Camera, look
from tests.conftest import REPOSITORY


def test_the_photo_is_one_of_the_demos_and_shows_its_peak() -> None:
    photo = next(photo for photo in plan_photos(COUNT, SEED) if photo.name == NAME)
    place = photo.shot.place
    camera = Camera(place.lat, place.lon, place.altitude, photo.shot.bearing, 67.0)
    shown = [sight.peak.id for sight in look(camera, summits()) if sight.is_shown]
    assert photo.scene.attributes.peak in shown and len(shown) > 1


def test_the_paper_stays_white() -> None:
    drawing = Image.new("RGB", (1496, 737), "white")
    ImageDraw.Draw(drawing).ellipse((200, 160, 700, 640), fill=(250, 252, 253))
    reduced = reduce_colours(drawing)
    assert reduced.mode == "P" and reduced.width == WIDTH
    assert reduced.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    assert len(reduced.getcolors(COLOURS) or []) <= COLOURS


def test_the_picture_in_the_documentation_is_small() -> None:
    file = REPOSITORY / "docs" / "images" / "sight.png"
    assert file.stat().st_size < 120_000
    with Image.open(file) as image:
        assert image.width == WIDTH
