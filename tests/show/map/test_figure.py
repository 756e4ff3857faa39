"""The map's figure: its markers, lines and names, and what it asks of a tile server."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loader.peaks.catalogue import Peak
from loader.place import Box, Point
from loader.search.trek import Trek, TrekPhoto
from loader.show.map import colours
from loader.show.map.choices import add_choices, list_choices
from loader.show.map.figure import draw_map
from loader.show.map.labels import place_labels
from loader.show.map.markers import describe_marker, gather_markers
from loader.show.map.profile import draw_profile
from loader.show.map.tiles import TileServer, read_tile_server
from loader.show.map.view import View, start_view

from .treks import HOSTILE, lonely_trek, make_hostile_trek, make_trek

SUMMIT = Peak("ama-dablam", ("Ama Dablam",), position=Point(27.861, 86.861))
VIEW = View(0, 0, 8000, 6000)  # 10 metres a pixel of the width that labels are placed for


def trek(*places: tuple[float, float], filters: tuple[str, ...] = (), summit: Peak = SUMMIT) -> Trek:
    """Photos at some places, each with a summit in its frame."""
    photos = [TrekPhoto(str(number), f"{number}.jpg", Point(*place), in_frame=(summit.id,), bearing=90.0)
              for number, place in enumerate(places)]
    return Trek(tuple(photos), {summit.id: summit}, filters)


def draw(drawn: Trek, box: Box | None = None, tiles: TileServer | None = None) -> Any:
    view = start_view(drawn, box)
    return draw_map(drawn, view, gather_markers(drawn, view), tiles)


def layer(figure: Any, name: str) -> Any:
    (found,) = (trace for trace in figure.data if name in (trace.name, trace.uid))
    return found


def test_photos_of_one_place_are_one_marker() -> None:
    drawn = trek((27.9, 86.8), (27.9, 86.8), (27.7, 86.7))
    photos = layer(draw(drawn), "photos")
    assert photos.text == ("2", "")
    assert photos.marker.symbol == ("circle", "arrow") and photos.marker.angle == (0, 90)
    many = make_trek(1000)
    markers = gather_markers(many, start_view(many))
    assert sorted(photo.id for marker in markers for photo in marker.photos) == sorted(map(str, range(1000)))
    assert 10 < len(markers) < 200


def test_a_marker_tells_what_is_known() -> None:
    drawn = make_trek()
    view = start_view(drawn)
    (marker, *_) = gather_markers(Trek(drawn.photos[1:2], drawn.peaks), view)
    told = describe_marker(marker)
    assert "93 % (both)" in told and "<br>2023-10-26 13:12 +05:45<br>2,870 m<br>looks " in told
    (together,) = gather_markers(drawn, view, cells=1)[:1]
    assert describe_marker(together).startswith(f"{len(together.photos)} photos<br>26 October 2023")
    assert describe_marker(gather_markers(lonely_trek(), view)[0]) == "only.jpg"


def test_sight_lines_are_drawn_for_what_is_chosen() -> None:
    def names(filters: tuple[str, ...]) -> list[str]:
        return [trace.name for trace in draw(trek((27.9, 86.8), filters=filters)).data]

    assert names(()) == ["way on foot", "peaks", "photos"]
    assert names(("with yak",)) == ["way on foot", "sight lines", "peaks", "photos"]


def test_sight_lines_end_at_the_peaks_that_were_chosen() -> None:
    drawn = replace(make_trek(), filters=("showing Pumori",), chosen=frozenset({"pumori"}))
    lines = layer(draw(drawn), "sight lines")
    summit, _ = start_view(drawn).place(Point(28.01472, 86.82806))
    assert set(lines.x[1::3]) == {summit}


def test_the_layers_have_the_projects_colours() -> None:
    figure = draw(make_trek())
    assert layer(figure, "photos").marker.color == colours.PHOTO == "#209280"
    peaks = layer(figure, "peaks")
    colour = dict(zip(peaks.customdata, peaks.marker.color, strict=True))
    size = dict(zip(peaks.customdata, peaks.marker.size, strict=True))
    assert colour["mount-everest"] == colours.PEAK == "#BD271E"
    assert colour["kyajo-ri"] == colours.PALE_PEAK
    assert size["mount-everest"] > size["ama-dablam"] > size["nameless"]
    assert peaks.hovertext[peaks.customdata.index("mount-everest")].startswith(
        "Mount Everest, Sagarmatha, सगरमाथा<br>8,849 m<br>")


def test_nothing_is_torn_apart_at_the_date_line() -> None:
    hill = Peak("uluigalau", ("Uluigalau",), Point(-16.85, -179.97))
    drawn = trek((-16.8, 179.9), (-16.9, -179.9), (-16.95, 179.99), filters=("near",), summit=hill)
    for box in (None, Box(-16.5, 179.5, -17.2, -179.5)):
        figure = draw(drawn, box)
        left, right = figure.layout.xaxis.range
        assert right - left < 150_000
        for name in ("photos", "peaks", "sight lines"):
            xs = [x for x in layer(figure, name).x if x is not None]
            assert all(left < x < right for x in xs) and xs
        ticks = set(figure.layout.xaxis.ticktext)
        assert any(tick.endswith("W") for tick in ticks) and any(tick.endswith("E") for tick in ticks)


def test_names_cover_neither_one_another_nor_marks() -> None:
    alone = place_labels(["Lhotse"], [(4000, 3000)], [(4000, 3000)], VIEW)
    assert alone == ["top center"]
    under_a_mark = place_labels(["Lhotse"], [(4000, 3000)], [(4000, 3000), (4000, 3150)], VIEW)
    assert under_a_mark == ["middle right"]
    crowd = [(4000.0 + number, 3000.0) for number in range(9)]
    sides = place_labels(["Lhotse"] * 9, crowd, crowd, VIEW)
    assert sides[0] is not None and sides.count(None) >= 5
    assert len({side for side in sides if side}) == 9 - sides.count(None)


def test_a_choice_has_the_markers_and_sight_lines_of_its_photos() -> None:
    drawn = make_trek()
    view, choices = start_view(drawn), list_choices(drawn)
    markers, figure = gather_markers(drawn, view), draw(drawn)
    add_choices(figure, drawn, view, markers, [each for kinds in choices.values() for each in kinds])
    everest, = (each for each in choices["Peaks"] if each.name == "Mount Everest")
    shown = layer(figure, everest.key)
    counts = [int(text or 1) for text, size in zip(shown.text, shown.marker.size, strict=True) if size]
    assert sum(counts) == len(everest.photos)
    summit, _ = view.place(Point(27.98833, 86.92528))
    assert set(shown.x) == {summit, None, *(marker.x for marker in markers
                                            if {photo.id for photo in marker.photos} & everest.photos)}
    assert [each.name for each in choices["Days"]][:2] == ["26 October 2023", "27 October 2023"]
    assert sum(len(each.photos) for each in choices["Days"]) == 40


def test_a_photo_without_an_altitude_is_not_in_the_profile() -> None:
    known = make_trek(5)
    drawn = Trek((*known.photos, *lonely_trek().photos, *trek((27.9, 86.8)).photos), known.peaks)
    profile = draw_profile(drawn)
    assert profile is not None and profile.data[0].y == tuple(photo.altitude for photo in known.photos)
    assert draw_profile(lonely_trek()) is None


def test_hostile_texts_are_no_markup() -> None:
    drawn = make_hostile_trek()
    photos, peaks = (layer(draw(drawn), name) for name in ("photos", "peaks"))
    told = [*photos.hovertext, *peaks.hovertext, *peaks.text]
    assert not any("<" in text.replace("<br>", "") for text in told)
    assert any("&lt;script&gt;" in text for text in told) and HOSTILE[0] not in str(told)


@pytest.mark.parametrize("drawn", [lonely_trek(), Trek(lonely_trek().photos, make_trek().peaks)],
                         ids=["no peaks", "no sight lines"])
def test_little_is_enough(drawn: Trek) -> None:
    assert len(layer(draw(drawn), "photos").x) == 1


def test_only_a_named_tile_server_is_asked() -> None:
    assert not draw(trek((27.9, 86.8))).layout.images
    tiles = read_tile_server("https://tile.openstreetmap.org/{z}/{x}/{y}.png")
    images = draw(trek((27.9, 86.8)), tiles=tiles).layout.images
    assert 4 <= len(images) <= 60
    assert all(image.source.startswith("https://tile.openstreetmap.org/1") for image in images)
