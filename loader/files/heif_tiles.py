"""HEIC pictures decoded small, tile by tile, by FFmpeg's HEVC decoder (the package ``av``, extra ``fast``).

A phone's HEIC is a grid of some 48 HEVC pictures. Each is decoded, shrunk by 2 to 16 and dropped before the
next, so the full picture is never in memory, and FFmpeg needs about half of libheif's time (docs/loading.md).
Unusual and damaged files are left to libheif.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import prod
from typing import Any

from PIL import Image
from PIL.Image import Transpose

from loader.files.decoding_cost import DECODED_BYTES, large_decoding
from loader.files.heif_grid import HevcPicture, read_hevc_picture
from loader.files.shrinking import mark_extent, turn

FACTORS = (16, 8, 4, 2)  # they leave whole samples of both luma and chroma of 4:2:0

# ISO/IEC 23091-2: BT.470 BG and SMPTE 170M have the coefficients of BT.601, which are JPEG's as well.
BT601 = (5, 6)
FULL_RANGE = 2  # AVCOL_RANGE_JPEG
TO_RGB = (
    *(1.0, 0.0, 1.402, -1.402 * 128),
    *(1.0, -0.344136, -0.714136, (0.344136 + 0.714136) * 128),
    *(1.0, 1.772, 0.0, -1.772 * 128),
)  # of Y, Cb, Cr and 1 (JFIF 1.02, page 3)
FORMATS_420 = ("yuv420p", "yuvj420p")
TILE_BYTES = 4  # for a pixel of a tile: FFmpeg keeps two frames of 1.5 bytes, and facts of each block
SMALL_BYTES = 15  # for a pixel of the small picture: three planes, and RGB before and after it is turned
CODED_MARGIN = 64  # pixels by which a coded picture may be larger than the shown part: one coding tree block


# The matrix (ISO/IEC 23091-2), and whether the range is full, as the file says; else as the tiles say.
Colours = tuple[int, bool]


class _Unusable(Exception):
    """The tiles do not agree with the boxes; libheif must decode the file."""


@cache
def is_available() -> bool:
    """Tell whether the decoder is installed.

    It is imported only in a process that decodes a HEIC, because it takes 0.1 s and 20 MB.
    """
    try:
        import av as av
    except ImportError:  # the extra is optional
        return False
    return True


def decode_tiles(image: Image.Image, data: bytes, side: int) -> Image.Image | None:
    """Decode a HEIC's primary picture small.

    Args:
        image: as pillow-heif opened it.
        data: the whole file.
        side: pixels that the shorter side must keep.

    Returns:
        RGB as libheif shows it (see `loader.files.shrinking.extent`). None when libheif has to do it: the
        decoder is not installed, the picture is too small to be shrunk, or the file is damaged or not in the
        form that phones write.
    """
    is_plain = image.mode == "RGB" and image.info.get("bit_depth") == 8
    picture = read_hevc_picture(data) if is_plain and is_available() else None
    if picture is None or _shown_size(picture) != image.size:  # libheif decides which part is shown
        return None
    factor = next((factor for factor in FACTORS if _can_shrink(picture, side, factor)), None)
    if factor is None or bytes_needed(picture, factor) > DECODED_BYTES:
        return None
    import av  # late, as `is_available` says

    try:
        with large_decoding(bytes_needed(picture, factor)):
            small = _decode(picture, factor, _colours(image))
    except (_Unusable, av.FFmpegError, ValueError, MemoryError):
        return None
    small = mark_extent(small, picture.size[0] / factor, picture.size[1] / factor)
    for how in picture.turns:
        small = turn(small, how) if how is not None else small
    return small


def bytes_needed(picture: HevcPicture, factor: int) -> int:
    """Return the memory at the peak: the encoded tiles, those being decoded, and the small picture."""
    encoded = sum(map(len, picture.tiles))
    return encoded + TILE_BYTES * prod(picture.tile_size) + SMALL_BYTES * prod(_small_size(picture, factor))


def _small_size(picture: HevcPicture, factor: int) -> tuple[int, int]:
    return -(-picture.size[0] // factor), -(-picture.size[1] // factor)


def _shown_size(picture: HevcPicture) -> tuple[int, int]:
    swaps = sum(how in (Transpose.ROTATE_90, Transpose.ROTATE_270) for how in picture.turns)
    return picture.size[::-1] if swaps % 2 else picture.size


def _can_shrink(picture: HevcPicture, side: int, factor: int) -> bool:
    is_seamless = len(picture.tiles) == 1 or all(length % factor == 0 for length in picture.tile_size)
    return is_seamless and min(picture.size) >= side * factor


def _colours(image: Image.Image) -> Colours | None:
    profile = image.info.get("nclx_profile")
    return profile and (profile["matrix_coefficients"], bool(profile["full_range_flag"]))


def _decode(picture: HevcPicture, factor: int, colours: Colours | None) -> Image.Image:
    tile_width, tile_height = picture.tile_size
    planes = [Image.new("L", _small_size(picture, factor)) for _ in range(3)]
    for index, frame in enumerate(_frames(picture)):
        _check(frame, picture, colours)
        row, column = divmod(index, picture.columns)
        left, top = column * tile_width, row * tile_height
        width, height = min(tile_width, picture.size[0] - left), min(tile_height, picture.size[1] - top)
        for plane, target, step in zip(frame.planes, planes, (1, 2, 2), strict=True):
            small = _shrink(plane, -(-width // step), -(-height // step), factor // step)
            target.paste(small, (left // factor, top // factor))
    # Pillow's own conversion of YCbCr cuts fractions off, which costs half a level.
    return Image.merge("RGB", planes).convert("RGB", TO_RGB)


def _shrink(plane: Any, width: int, height: int, factor: int) -> Image.Image:
    """Average the shown samples of a plane over squares of ``factor``, reading the plane's own memory."""
    lines = Image.frombuffer("L", (plane.width, plane.height), plane, "raw", "L", plane.line_size, 1)
    return lines.reduce(factor, (0, 0, width, height))


def _frames(picture: HevcPicture) -> Iterator[Any]:
    """Yield one frame a tile, in the tiles' order.

    Raises:
        _Unusable: more or fewer frames than tiles, or in another order.
    """
    import av  # late, as `is_available` says

    decoder = av.CodecContext.create("hevc", "r")
    decoder.extradata = picture.config
    decoder.thread_count = 1  # the loader's worker processes use the other cores
    pixels = prod(length + CODED_MARGIN for length in picture.tile_size)
    decoder.options = {"err_detect": "explode", "max_pixels": str(pixels)}
    count = 0
    for number, tile in enumerate([*picture.tiles, None]):
        packet = None if tile is None else av.Packet(tile)
        if packet is not None:
            packet.pts = packet.dts = number
        for frame in decoder.decode(packet):
            if frame.pts != count or count == len(picture.tiles):
                raise _Unusable
            yield frame
            count += 1
    if count != len(picture.tiles):
        raise _Unusable


def _check(frame: Any, picture: HevcPicture, colours: Colours | None) -> None:
    """Refuse a frame that is damaged, of another size, or of other colours than Pillow's YCbCr has."""
    matrix, is_full = colours or (int(frame.colorspace), int(frame.color_range) == FULL_RANGE)
    is_whole = not frame.is_corrupt and frame.format.name in FORMATS_420
    has_size = (frame.width, frame.height) == picture.tile_size
    if not (is_whole and has_size and is_full and matrix in BT601):
        raise _Unusable
