"""The map as a PNG: drawn with matplotlib's objects, without pyplot and its global state.

The same trek gives the same bytes. The map itself is drawn in `picture_map`, what stands around it in
`picture_sides`.
"""
from __future__ import annotations

import io

from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from loader.files.place import Box
from loader.show.lettering import FONT
from loader.show.map import colours
from loader.show.map.backdrop import Backdrop, fetch_backdrop
from loader.show.map.panels import DPI, HEIGHT, WIDTH, Panel
from loader.show.map.picture_map import Sheet, draw_map
from loader.show.map.picture_sides import draw_heading, draw_profile, draw_rail, has_profile
from loader.show.map.tiles import TileServer
from loader.show.map.trek import Trek

# Pixels.
MARGIN, TOP, BOTTOM = 14, 62, 30
PROFILE, PROFILE_GAP, PROFILE_LABELS = 96, 16, 52
RAIL, RAIL_GAP = 250, 20
SWATCH = 120

_SETTINGS = {
    "font.family": "sans-serif",
    "font.sans-serif": [FONT],
    "font.size": 9,
    "text.color": colours.INK,
    "text.parse_math": False,
}


def render_picture(
    trek: Trek, title: str, box: Box | None = None, tiles: TileServer | None = None
) -> bytes:
    """Return the map as a PNG of 1200 x 800 pixels.

    Args:
        trek: what is drawn.
        title: above the map.
        box: degrees of the view; the trek itself without it.
        tiles: a background, fetched from a tile server.

    Raises:
        PeaksError: the tile server does not give a tile.
    """
    has_rail = any(trek.is_seen(peak_id) for peak_id in trek.peaks)
    bottom = BOTTOM + (PROFILE + PROFILE_GAP if has_profile(trek) else 0)
    width = WIDTH - 2 * MARGIN - (RAIL + RAIL_GAP if has_rail else 0)
    panel = Panel(MARGIN, bottom, width, HEIGHT - TOP - bottom)
    sheet = Sheet.lay_out(trek, box, panel)
    backdrop = None if tiles is None else fetch_backdrop(tiles, sheet.view, sheet.pixel)
    with style.context(["default", _SETTINGS]):
        return _draw(title, sheet, panel, backdrop, has_rail)


def _draw(title: str, sheet: Sheet, panel: Panel, backdrop: Backdrop | None, has_rail: bool) -> bytes:
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)  # measures texts
    draw_heading(figure, sheet.trek, title, MARGIN)
    draw_map(panel.axes(figure), sheet, backdrop)
    if has_rail:
        draw_rail(figure, Panel(WIDTH - MARGIN - RAIL, panel.bottom, RAIL, panel.height), sheet.trek)
    if has_profile(sheet.trek):
        left = MARGIN + PROFILE_LABELS
        draw_profile(Panel(left, BOTTOM, WIDTH - MARGIN - left, PROFILE).axes(figure), sheet.trek)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI)
    return _shrink(stream.getvalue())


def _shrink(png: bytes) -> bytes:
    """The picture with a palette of 256 colours, a third of its size.

    A palette is cut by how much of the picture a colour fills, and would make the small red triangles brown:
    so the map's own colours are given enough room beside the picture while it is cut.
    """
    image = Image.open(io.BytesIO(png)).convert("RGB")
    own = [value for name, value in vars(colours).items() if name.isupper() and isinstance(value, str)]
    own.append("white")
    wider = Image.new("RGB", (image.width + SWATCH, image.height))
    wider.paste(image)
    for row, colour in enumerate(own):
        top, bottom = (image.height * place // len(own) for place in (row, row + 1))
        wider.paste(colour, (image.width, top, wider.width, bottom))
    palette = wider.quantize(256, method=Image.Quantize.MEDIANCUT)
    stream = io.BytesIO()
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    return stream.getvalue()
