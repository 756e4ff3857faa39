"""Where the HEVC tiles of a HEIC's primary picture lie, and how the picture is turned.

Only the forms that phones write are read; libheif decodes every other file. PyAV finds the tiles too, but
does not give their places in the grid (docs/decisions.md).
"""
from __future__ import annotations

import struct
from dataclasses import dataclass

from PIL.Image import Transpose

from loader.files.kinds.heif_boxes import Meta, Properties

TURNS = (None, Transpose.ROTATE_90, Transpose.ROTATE_180, Transpose.ROTATE_270)  # anticlockwise, as irot says
MIRRORS = (Transpose.FLIP_TOP_BOTTOM, Transpose.FLIP_LEFT_RIGHT)  # imir's axis, as libheif reads it
# Properties that are handled here or change no sample; others may be ignored unless they are essential.
HARMLESS = frozenset(
    (b"ispe", b"hvcC", b"irot", b"imir", b"colr", b"pixi", b"pasp", b"clli", b"mdcv", b"cclv", b"amve")
)

Size = tuple[int, int]  # width and height, pixels


@dataclass(frozen=True)
class HevcPicture:
    """A picture of HEVC tiles, before it is turned.

    Attributes:
        size: of the stored picture; the last tiles of a row or column may reach beyond it.
        tile_size: of each tile.
        columns: tiles in a row.
        config: the body of the ``hvcC`` box that all tiles share.
        tiles: the encoded tiles, row by row.
        turns: the turns that make the stored picture upright, in this order.
    """

    size: Size
    tile_size: Size
    columns: int
    config: bytes
    tiles: tuple[bytes, ...]
    turns: tuple[Transpose, ...]


def read_hevc_picture(data: bytes) -> HevcPicture | None:
    """Find the primary picture of a HEIC file; None when it is not a single HEVC picture or a plain grid.

    Args:
        data: the whole file.
    """
    try:
        return _picture(Meta(data))
    except (struct.error, LookupError, ValueError):
        return None


def _picture(meta: Meta) -> HevcPicture:
    parts = meta.parts.get(meta.primary, [meta.primary])  # of a grid, row by row
    shown, tile = meta.properties[meta.primary], meta.properties[parts[0]]
    # a profile of colours may be their own
    coding = {tuple(each for each in meta.properties[part] if each[0] != b"colr") for part in parts}
    if len(coding) > 1:
        raise ValueError("tiles that are not alike")
    size, tile_size, turns = _size(shown), _size(tile), _turns(shown)
    columns, rows = (-(-whole // part) for whole, part in zip(size, tile_size, strict=True))
    if len(parts) != columns * rows or (tile is not shown and _turns(tile)):
        raise ValueError("a grid that the tiles do not fill")
    if not meta.shares_nothing(parts):
        raise ValueError("tiles that share bytes")
    tiles = tuple(meta.content(part) for part in parts)
    return HevcPicture(size, tile_size, columns, meta.body(parts[0], b"hvcC"), tiles, turns)


def _size(properties: Properties) -> Size:
    """Return a picture's width and height, if no other property changes the shown part."""
    if any(name == b"clap" or (essential and name not in HARMLESS) for name, _, essential in properties):
        raise ValueError("a property that is not understood")
    return read_size({name: body for name, body, _ in properties}[b"ispe"])


def read_size(ispe: bytes) -> Size:
    """Return width and height that the body of a box ``ispe`` tells.

    Raises:
        ValueError, struct.error: it has another length, or the size is 0.
    """
    _, width, height = struct.unpack(">LLL", ispe)
    if not (width and height):
        raise ValueError("no size")
    return width, height


def _turns(properties: Properties) -> tuple[Transpose, ...]:
    choices = {b"irot": TURNS, b"imir": MIRRORS}
    turns = (choices[name][body[0] % len(choices[name])] for name, body, _ in properties if name in choices)
    return tuple(how for how in turns if how is not None)
