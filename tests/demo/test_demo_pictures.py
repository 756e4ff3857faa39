"""The picture of docs/identification.md: which photo it is drawn of, and how small it is."""

from __future__ import annotations

from PIL import Image

from demo.pictures import COUNT, NAME, SEED, WIDTH
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


def test_the_picture_in_the_documentation_is_small() -> None:
    file = REPOSITORY / "docs" / "images" / "sight.webp"
    assert file.stat().st_size < 120_000
    with Image.open(file) as image:
        assert image.width == WIDTH
