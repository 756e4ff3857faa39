"""What a map opens with: the trek, not the photo at home."""
from __future__ import annotations

from dataclasses import replace

import pytest

from loader.files.place import Box, Point
from loader.peaks.peak_names import Peak
from loader.show.map.mercator import to_point, to_spot
from loader.show.map.notes import describe_rest
from loader.show.map.start import LEAST_VIEW, main_trek, start_view
from loader.show.map.trek import Trek, TrekPhoto

from .treks import AMA_DABLAM, EVEREST, lonely_trek, make_trek

HOME = TrekPhoto("home", "home.jpg", Point(48.1, 11.6))


def with_photos(trek: Trek, *more: TrekPhoto) -> Trek:
    return replace(trek, photos=(*trek.photos, *more))


def test_the_view_holds_the_trek_and_its_mountains() -> None:
    trek = make_trek()
    view = start_view(trek, 1.5)
    assert all(view.holds(to_spot(photo.gps)) for photo in trek.photos)
    for peak in (EVEREST, AMA_DABLAM):
        assert peak.position is not None
        assert view.holds(to_spot(peak.position))
    assert view.width < 80_000


def test_a_photo_at_home_does_not_shrink_the_trek() -> None:
    trek = make_trek()
    assert main_trek(with_photos(trek, HOME).photos) == list(trek.photos)
    assert start_view(with_photos(trek, HOME), 1.5) == start_view(trek, 1.5)


@pytest.mark.parametrize(("more", "is_page", "words"), [
    ((HOME,), True, "1 photo was taken far away from the others: outside the view that the page opens with."),
    ((HOME, HOME), False, "2 photos were taken far away from the others: outside the picture, unless --box"),
])
def test_what_lies_outside_is_said(more: tuple[TrekPhoto, ...], is_page: bool, words: str) -> None:
    sentence, = describe_rest(with_photos(make_trek(), *more), is_page=is_page)
    assert sentence.startswith(words)


def test_what_was_left_out_is_said() -> None:
    trek = replace(make_trek(), left_out=1200, without_thumbnail=30)
    later, thumbnails = describe_rest(trek, is_page=True)
    assert later.startswith("1,200 later photos are left out")
    assert thumbnails.startswith("10 of 40 photos have their thumbnail")
    assert describe_rest(make_trek(), is_page=True) == []


def test_a_far_mountain_does_not_widen_the_view() -> None:
    trek = make_trek()
    kanchenjunga = Peak("kanchenjunga", ("Kanchenjunga",), Point(27.7025, 88.1475), 8586)
    seeing = replace(trek.photos[0], in_frame=("kanchenjunga",))
    far = Trek((seeing, *trek.photos[1:]), {**trek.peaks, "kanchenjunga": kanchenjunga})
    assert start_view(far, 1.5).width < 1.3 * start_view(trek, 1.5).width


def test_a_box_is_the_view() -> None:
    view = start_view(make_trek(), 1.0, Box(28.0, 86.7, 27.9, 86.9))
    low, high = to_point(view.left, view.bottom), to_point(view.right, view.top)
    assert (low.lon, high.lon) == pytest.approx((86.7, 86.9))
    assert low.lat < 27.9 < 28.0 < high.lat


def test_one_photo_has_a_view() -> None:
    view = start_view(lonely_trek(), 1.5)
    assert view.height >= LEAST_VIEW
    assert view.holds(to_spot(Point(27.9, 86.8)))
