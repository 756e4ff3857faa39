"""The map's plane, its markers, and the box that a person draws."""
from __future__ import annotations

import pytest

from browse.parts.trek_chart import draw_trek, gather_markers, unproject
from browse.parts.trek_view import write_box
from loader.peaks.catalogue import Peak
from loader.place import Point
from loader.search.trek import Trek, TrekPhoto
from loader.search.written_values import parse_box
from loader.show.map.tiles import read_tile_server
from loader.show.map.view import HALF, project

SUMMIT = Peak("ama-dablam", ("Ama Dablam",), position=Point(27.861, 86.861))


def trek(*places: tuple[float, float], filters: tuple[str, ...] = ()) -> Trek:
    """Photos at some places, each with Ama Dablam in its frame."""
    photos = [TrekPhoto(str(number), f"{number}.jpg", Point(*place), in_frame=(SUMMIT.id,), bearing=90.0)
              for number, place in enumerate(places)]
    return Trek(tuple(photos), {SUMMIT.id: SUMMIT}, filters)


@pytest.mark.parametrize(("lat", "lon"), [(27.9, 86.8), (-43.6, 170.1), (0, 0), (84.9, -179.9)])
def test_unproject_is_the_inverse(lat: float, lon: float) -> None:
    back = unproject(*project(Point(lat, lon)))
    assert (back.lat, back.lon) == pytest.approx((lat, lon), abs=1e-9)


def test_photos_of_one_place_are_one_marker() -> None:
    markers = gather_markers(trek((27.9, 86.8), (27.9, 86.8), (27.7, 86.7)), None)
    assert sorted(len(marker.photos) for marker in markers) == [1, 2]


def test_sight_lines_are_drawn_for_what_is_chosen() -> None:
    def names(filters: tuple[str, ...]) -> list[str]:
        return [trace.name for trace in draw_trek(trek((27.9, 86.8), filters=filters), None, None).data]

    assert names(()) == ["way on foot", "peaks", "photos"]
    assert names(("with yak",)) == ["way on foot", "sight lines", "peaks", "photos"]


def test_a_sight_line_across_the_date_line_is_left_out() -> None:
    figure = draw_trek(trek((-16.8, -179.99), filters=("near",)), None, None)
    (lines,) = (trace for trace in figure.data if trace.name == "sight lines")
    assert not lines.x


def test_a_box_is_what_the_filter_takes() -> None:
    left, bottom = project(Point(27.5, 86.5))
    right, top = project(Point(28.0, 87.0))
    box = parse_box(write_box([right, left], [bottom, top]))
    assert (box.top, box.left, box.bottom, box.right) == pytest.approx((28, 86.5, 27.5, 87), abs=1e-4)
    across = parse_box(write_box([HALF - 1000, HALF + 1000], [bottom, top]))
    assert across.left > 179 and across.right < -179
    world = parse_box(write_box([-3 * HALF, 3 * HALF], [-9 * HALF, 9 * HALF]))
    assert (world.left, world.right) == (-180, 180)


def test_only_a_named_tile_server_is_asked() -> None:
    assert not draw_trek(trek((27.9, 86.8)), None, None).layout.images
    tiles = read_tile_server("https://tile.openstreetmap.org/{z}/{x}/{y}.png")
    images = draw_trek(trek((27.9, 86.8)), None, tiles).layout.images
    assert 4 <= len(images) <= 60
    assert all(image.source.startswith("https://tile.openstreetmap.org/1") for image in images)
