"""The drawing: its bytes, its names, its places."""
from __future__ import annotations

import io
import math
import re
from itertools import combinations, groupby
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from loader.peaks.catalogue import Peak
from loader.peaks.sight.geometry import Sight, Summits
from loader.peaks.sight.photo import SightedPhoto, sight_photo
from loader.place import Point
from loader.show.sight.diagram import NAME_GAP, SLANT, draw_dial, picture_places, render_diagram
from loader.show.sight.layout import MOST_PEAKS, choose_peaks
from loader.show.sight.lettering import drawable_name, drawable_text, is_drawable
from loader.show.sight.words import NO_ALTITUDE, NO_BEARING
from tests.files.picture_files import quadrants
from tests.peaks.sight.views import VALLEY, at, photo_of, summits_of, valley_fields, valley_summits

SVG = "{http://www.w3.org/2000/svg}"


def sighted(mountains: Summits | None = None, **changes: Any) -> SightedPhoto:
    return sight_photo(photo_of(valley_fields(**changes)), mountains or valley_summits())


def render(
    kind: Any, seen: SightedPhoto, size: tuple[int, int] = (96, 64)
) -> bytes:
    return render_diagram(kind, seen, quadrants(*size))


def words_of(svg: bytes) -> list[str]:
    """Every text of an SVG."""
    return ["".join(node.itertext()).strip() for node in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def sight_of(identifier: str, bearing: float, *, shown: bool = False, distance: float = 9000.0) -> Sight:
    return Sight(Peak(identifier, (identifier,)), distance, bearing, 0.0, 5.0, shown, 0.5, 0.5)


def test_an_svg_holds_the_names_as_text() -> None:
    words = words_of(render("svg", sighted()))
    for name in ("Near Tooth", "Left Horn", "South Wall", "North Cone", "Great Dome (hidden)"):
        assert name in words
    assert words.count("Near Tooth") == 2, "on the compass and above the photo"
    assert "IMG_1.jpg: 3 peaks in the frame" in words
    assert "3,400 m · 4.0 km" in words
    assert "2024-08-01 12:00 +02:00" in words
    assert {"N", "E", "S", "W", "20 km", "10 km", "5 km"} <= set(words)
    assert "±5°: a phone's compass may be so far off" in words


def test_the_same_sight_gives_the_same_bytes_whatever_a_persons_settings() -> None:
    import matplotlib
    import matplotlib.pyplot

    plain = {kind: render(kind, sighted()) for kind in ("svg", "png")}
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "svg.hashsalt": "mine"}):
        assert {kind: render(kind, sighted()) for kind in ("svg", "png")} == plain
    assert matplotlib.pyplot.get_fignums() == [], "nothing is left open in pyplot"


@pytest.mark.parametrize("size", [(96, 64), (64, 96), (500, 100)])
def test_the_photo_takes_most_of_the_width_and_no_strip_is_empty(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, "#0000ff")
    with Image.open(io.BytesIO(render_diagram("png", sighted(), picture))) as image:
        assert image.format == "PNG"
        pixels = np.asarray(image.convert("RGB"))
    blue = np.all(pixels == (0, 0, 255), axis=2)
    assert np.any(blue, axis=0).mean() > 0.5
    for axis in (0, 1):
        cut = list(np.any(pixels < 250, axis=(axis, 2)))
        assert max(len(list(run)) for is_inked, run in groupby(cut) if not is_inked) < 0.1 * len(cut)


def test_the_photo_stands_in_the_svg_as_one_image_or_not_at_all() -> None:
    assert re.findall(rb"data:image/(\w+);base64,", render("svg", sighted())) == [b"png"]
    svg = render_diagram("svg", sighted(), None)
    assert b"data:image" not in svg and "Near Tooth" in words_of(svg)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"altitude": None}, NO_ALTITUDE), ({"bearing": None}, NO_BEARING.format(order=""))],
)
def test_what_is_missing_is_written(changes: dict[str, Any], sentence: str) -> None:
    seen = sighted(**changes)
    assert sentence in " ".join(words_of(render("svg", seen)))
    assert render("png", seen)


def test_above_a_photo_the_most_conspicuous_peaks_are_named() -> None:
    seen = sighted(summits_of({f"P{row}": (62.0 + 2 * row, 9.0, 4000 + 100 * row) for row in range(27)}))
    words = words_of(render("svg", seen, size=(40, 200)))
    named = [row for row in range(27) if f"{4000 + 100 * row:,} m · 9.0 km" in words]
    assert f"IMG_1.jpg: {len(seen.shown)} peaks in the frame" in words
    assert 0 < len(named) < len(seen.shown) and named == list(range(27 - len(named), 27))


def test_a_few_names_stand_level_and_many_are_slanted() -> None:
    few = render("svg", sighted(), size=(960, 640)).decode()
    assert "rotate(-50" not in few
    wide = sighted(summits_of({f"P{row}": (62.0 + 2 * row, 9.0, 4000) for row in range(27)}))
    near = sighted(summits_of({f"P{row}": (88.0 + row, 9.0, 4000) for row in range(5)}))
    for crowd in (wide, near):
        assert render("svg", crowd, size=(960, 640)).decode().count("rotate(-50") > 4


def test_names_above_the_photo_stand_a_third_of_a_line_apart() -> None:
    figure = Figure(figsize=(1, 1), dpi=100)
    FigureCanvasAgg(figure)
    name = figure.text(0, 0, "Changtse\n7,543 m · 9.0 km", size=9, linespacing=1.1)
    lines = name.get_window_extent().height / 100
    assert NAME_GAP * math.sin(math.radians(SLANT)) > lines + lines / 2 / 3


def test_below_a_panorama_lines_are_as_long_as_it() -> None:
    words = words_of(render("svg", sighted(), size=(500, 100)))
    assert "From 46.0000, 7.6000, 2,000 m, looking 90° (E) from true north, 60° wide" in words


# Names


@pytest.mark.parametrize(
    ("names", "drawn"),
    [
        (["सगरमाथा", "Sagarmatha"], "Sagarmatha"),
        (["珠穆朗玛峰"], "Mount Everest"),
        (["قلة", "Qulla"], "Qulla"),
        (["Пик Победы"], "Пик Победы"),
        (["Weißmies"], "Weißmies"),
        (["$x^2$"], "$x^2$"),
        ([], "Mount Everest"),
        (["A" * 40], "A" * 25 + "…"),
    ],
)
def test_drawable_names(names: list[str], drawn: str) -> None:
    assert drawable_name(names, "mount-everest") == drawn


def test_a_name_that_the_font_lacks_gives_way_everywhere() -> None:
    mountains = Summits.gather([Peak("sagarmatha", ("सगरमाथा", "Sagarmatha"), Point(*at(90.0, 9.0)), 8849)])
    words = words_of(render("svg", sighted(mountains)))
    assert words.count("Sagarmatha") == 2


def test_what_the_font_lacks_is_a_question_mark() -> None:
    assert drawable_text("IMG याक 1\n.jpg") == "IMG ??? 1?.jpg"
    assert is_drawable("Khumbu Yül-Lha") and not is_drawable("昆布")


def test_hostile_names_are_text_and_no_markup() -> None:
    mountains = summits_of({"$\\frac{1}{0}$ <b>&amp;": (90.0, 5.0, 4000)})
    seen = sight_photo(photo_of(valley_fields(), 'x<script>"&\x00\udcff.jpg'), mountains)
    words = words_of(render("svg", seen))
    assert "$\\frac{1}{0}$ <b>&amp;" in words
    assert any("x<script>" in word for word in words)


# Places


def test_shown_peaks_stand_in_the_picture_where_they_were_seen() -> None:
    places = {sight.peak.name: place for sight, place in picture_places(sighted())}
    assert list(places) == ["Left Horn", "Near Tooth", "Right Edge"]
    half = math.tan(math.radians(30.0))
    for name, offset in (("Left Horn", -22.0), ("Near Tooth", 2.0), ("Right Edge", 28.0)):
        expected = 0.5 + math.tan(math.radians(offset)) / (2 * half)
        assert places[name] == pytest.approx(expected, abs=0.003)


@pytest.mark.parametrize("changes", [{"field_of_view": None}, {"bearing": None}, {"gps": None}])
def test_without_a_frame_no_peak_has_a_place_in_the_picture(changes: dict[str, Any]) -> None:
    assert picture_places(sighted(**changes)) == []


def test_triangles_stand_in_their_direction() -> None:
    """The tip of the triangle of a peak in the east stands right of the camera and level with it."""
    mountains = summits_of({"East": (90.0, 10.0, 4000), "South": (180.0, 10.0, 4000)})
    svg = render_diagram("svg", sighted(mountains), None)
    marks = re.findall(rb'<use xlink:href="#[^"]+" x="([\d.]+)" y="([\d.]+)"', svg)
    places = [(float(x), float(y)) for x, y in marks]
    south, east, camera = places[-3:]
    assert east[0] - camera[0] == pytest.approx(south[1] - camera[1], rel=0.02) and east[0] > camera[0]
    assert east[1] == pytest.approx(camera[1], abs=2) and south[0] == pytest.approx(camera[0], abs=2)


def test_at_most_forty_peaks_are_drawn_and_those_in_the_frame_first() -> None:
    crowd = summits_of({f"P{row}": (row * 3.0, 5.0 + row % 30, 3500) for row in range(120)})
    seen = sighted(crowd)
    drawn = choose_peaks(seen.sights)
    assert len(drawn) == MOST_PEAKS
    assert {sight.peak for sight in seen.shown} <= {sight.peak for sight in drawn}


@settings(max_examples=25)
@given(st.lists(st.tuples(st.floats(0, 359), st.floats(500, 40_000), st.booleans()), max_size=40))
def test_every_peak_of_the_compass_is_written_or_reported_and_no_name_covers_another(
    peaks: list[tuple[float, float, bool]],
) -> None:
    crowd = [sight_of(f"p{row:02}", bearing, shown=shown, distance=distance)
             for row, (bearing, distance, shown) in enumerate(peaks)]
    figure = Figure(figsize=(4, 4), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    unnamed = draw_dial(axes, crowd, VALLEY)
    written = [text.get_text() for text in axes.texts if re.fullmatch(r"p\d\d", text.get_text())]
    assert sorted([*written, *unnamed]) == [sight.peak.name for sight in crowd]
    extents = [text.get_window_extent() for text in axes.texts if text.get_text() in written]
    assert not any(one.overlaps(other) for one, other in combinations(extents, 2))
    assert all(extent.x0 >= 0 and extent.x1 <= 440 for extent in extents)


def test_names_that_do_not_fit_the_compass_stand_below_it() -> None:
    names = [f"Horn {number}" for number in range(1, 7)]
    crowd = summits_of({name: (210.0, 9 + row / 100, 3500) for row, name in enumerate(names)})
    words = words_of(render("svg", sighted(crowd)))
    written = [name for name in names if name in words]
    below = " ".join(words).partition("No room on the compass for the names of ")[2]
    assert written
    assert [name for name in names if name in below] == [name for name in names if name not in written]


def test_names_beyond_a_few_are_counted() -> None:
    crowd = summits_of({f"Horn {row:02}": (210.0, 9 + row / 100, 3500) for row in range(30)})
    words = words_of(render("svg", sighted(crowd)))
    written = sum(bool(re.fullmatch(r"Horn \d\d", word)) for word in words)
    assert f" and {30 - written - 7} more." in " ".join(words)


@settings(max_examples=5)
@given(st.integers(0, 25), st.floats(0, 360, exclude_max=True), st.none() | st.floats(2, 360))
def test_every_view_can_be_drawn(count: int, bearing: float, width: float | None) -> None:
    around = {f"Peak {row}": (row * 47.0 % 360, 1 + row * 3.0, 3000 + 50 * row) for row in range(count)}
    crowd = summits_of(around)
    seen = sighted(crowd, bearing=bearing, field_of_view=width)
    ElementTree.fromstring(render("svg", seen))
