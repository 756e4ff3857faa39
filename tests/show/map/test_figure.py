"""The map's figure: its markers, lines and names, and what it asks of a tile server."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loader.peaks.catalogue import Peak
from loader.place import Box, Point
from loader.search.trek import Trek, TrekPhoto
from loader.show import colours
from loader.show.map.choices import add_choices, list_choices
from loader.show.map.figure import add_links, draw_map
from loader.show.map.labels import place_labels
from loader.show.map.markers import describe_marker, gather_markers
from loader.show.map.outlines import bound, outline_box
from loader.show.map.profile import draw_profile
from loader.show.map.tiles import TileServer, read_tile_server
from loader.show.map.view import NARROW, SCREENS, WIDE, PlanePoint, View, project, start_view

from .treks import HOSTILE, lonely_trek, make_hostile_trek, make_trek

SUMMIT = Peak("ama-dablam", ("Ama Dablam",), position=Point(27.861, 86.861))
VIEW = View(0, 0, 8000, 6000)


def trek(*places: tuple[float, float], filters: tuple[str, ...] = (), summit: Peak = SUMMIT) -> Trek:
    """Photos at some places, each with a summit in its frame."""
    photos = [TrekPhoto(str(number), f"{number}.jpg", Point(*place), in_frame=(summit.id,), bearing=90.0)
              for number, place in enumerate(places)]
    return Trek(tuple(photos), {summit.id: summit}, filters)


def draw(drawn: Trek, box: Box | None = None, tiles: TileServer | None = None) -> Any:
    view = start_view(drawn, box)
    return draw_map(drawn, view, gather_markers(drawn, view, WIDE.cells), WIDE, tiles)


def layer(figure: Any, name: str) -> Any:
    (found,) = (trace for trace in figure.data if name in (trace.name, trace.uid))
    return found


def test_photos_of_one_place_are_one_marker() -> None:
    drawn = trek((27.9, 86.8), (27.9, 86.8), (27.7, 86.7))
    photos = layer(draw(drawn), "photos")
    assert photos.text == ("2", "")
    assert photos.marker.symbol == ("circle", "arrow") and photos.marker.angle == (0, 90)
    many = make_trek(1000)
    markers = gather_markers(many, start_view(many), WIDE.cells)
    assert sorted(photo.id for marker in markers for photo in marker.photos) == sorted(map(str, range(1000)))
    assert 10 < len(markers) < 200


def test_a_marker_tells_what_is_known() -> None:
    drawn = make_trek()
    view = start_view(drawn)
    (marker, *_) = gather_markers(Trek(drawn.photos[1:2], drawn.peaks), view, WIDE.cells)
    told = describe_marker(marker)
    assert "93 % (both)" in told and "<br>2023-10-26 13:12 +05:45<br>2,870 m<br>looks " in told
    (together,) = gather_markers(drawn, view, cells=1)[:1]
    assert describe_marker(together).startswith(f"{len(together.photos)} photos<br>26 October 2023")
    assert describe_marker(gather_markers(lonely_trek(), view, WIDE.cells)[0]) == "only.jpg"


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
    def place(names: list[str], places: list[PlanePoint], *others: tuple[float, float, float],
              view: View = VIEW) -> list[str | None]:
        return place_labels(names, places, [*((x, y, 12) for x, y in places), *others], view, 800)

    assert place(["Lhotse"], [(4000, 3000)]) == ["top center"]
    assert place(["Lhotse"], [(4000, 3000)], (4000, 3150, 12)) == ["middle right"]
    assert place(["Lhotse"], [(4000, 3000)], (4000, 3400, 12)) == ["top center"]
    assert place(["Lhotse"], [(4000, 3000)], (4000, 3400, 80)) == ["bottom center"]
    around = [(4000.0 + right, 3000.0 + up, 20.0) for right, up in ((0, 150), (300, 0), (-300, 0), (0, -150))]
    assert place(["Lhotse"], [(4000, 3000)], *around) == [None]
    assert place(["Lhotse", "Nuptse"], [(4000, 3000), (4000, 3160)]) == ["middle right", "top center"]
    assert place(["Lhotse"], [(7990, 3000)]) == ["middle left"], "cut off at the right edge"
    assert place(["Lhotse"], [(10, 9000)]) == ["middle right"], "cut off at the left edge"
    crowd = [(4000.0 + number, 3000.0) for number in range(9)]
    sides = place(["Lhotse"] * 9, crowd)
    assert sides[0] is not None and sides.count(None) >= 5
    assert len({side for side in sides if side}) == 9 - sides.count(None)


def test_a_narrow_map_has_fewer_names_and_markers() -> None:
    drawn = make_trek(200)
    view = start_view(drawn)
    crowd = {str(each): Peak(str(each), ("A long name",), Point(27.65 + each % 6 / 15, 86.65 + each / 120))
             for each in range(36)}
    named, marked = [], []
    for screen in SCREENS:
        markers = gather_markers(drawn, view, screen.cells)
        figure = draw_map(Trek(drawn.photos, {**drawn.peaks, **crowd}), view, markers, screen)
        named.append(sum(map(bool, layer(figure, "peaks").text)))
        marked.append(len(markers))
    assert SCREENS == (WIDE, NARROW)
    assert named[0] > named[1] > 0 and marked[0] > marked[1]


def test_what_filters_is_drawn_across_the_date_line() -> None:
    drawn = trek((-16.8, 179.9), (-16.9, -179.9))
    outline = outline_box(Box(-16.5, 179.5, -17.2, -179.5))
    view = start_view(drawn, bound(outline))
    figure = draw_map(drawn, view, gather_markers(drawn, view, WIDE.cells), WIDE, outline=outline)
    drawn_box = layer(figure, "filter")
    assert drawn_box.x[0] == drawn_box.x[-2] and len(drawn_box.x) == 6, "closed"
    left, right = figure.layout.xaxis.range
    assert all(left < x < right for x in drawn_box.x[:-1])
    assert max(drawn_box.x[:-1]) - min(drawn_box.x[:-1]) == pytest.approx(project(Point(0, 1))[0])
    assert all(min(drawn_box.x[:-1]) < x < max(drawn_box.x[:-1]) for x in layer(figure, "photos").x)
    assert "filter" not in [trace.name for trace in draw(drawn).data]


def test_a_link_lies_over_each_mark() -> None:
    figure = draw(trek((27.9, 86.8), (27.7, 86.7)))
    marks = {layer(figure, name).x: layer(figure, name).customdata for name in ("peaks", "photos")}
    add_links(figure, lambda picked: f"?q=snow%2C+ice&picked={picked}")
    for links in figure.data[-2:]:
        assert links.text == tuple(f'<a href="?q=snow,+ice&amp;picked={picked}" target="_self">⬤</a>'
                                   for picked in marks[links.x])
    add_links(figure, lambda picked: f"?q=snow+%26+ice&picked={picked}")
    assert not any(figure.data[-1].text), "Plotly would change it"


def test_a_choice_has_the_markers_and_sight_lines_of_its_photos() -> None:
    drawn = make_trek()
    view, choices = start_view(drawn), list_choices(drawn)
    markers, figure = gather_markers(drawn, view, WIDE.cells), draw(drawn)
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
