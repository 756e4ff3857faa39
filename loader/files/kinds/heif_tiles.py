"""HEIC pictures decoded small, tile by tile, by FFmpeg's HEVC decoder (the package ``av``, extra ``fast``).

A phone's HEIC is a grid of some 48 HEVC pictures. Each is decoded, shrunk by 2 to 16 and dropped before the
next, so the full picture is never in memory, and FFmpeg needs about half of libheif's time (docs/loading.md).
Unusual files are left to libheif. It would paint over tiles that are damaged, so FFmpeg looks at these first.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from math import prod
from typing import Any, TypeVar

import numpy as np
from PIL import Image, ImageChops
from PIL.Image import Transpose

from loader.files.content import UnreadableImage
from loader.files.decoding_cost import DECODED_BYTES, large_decoding
from loader.files.kinds.heif_boxes import read_meta
from loader.files.kinds.heif_grid import HevcPicture, Size, read_hevc_picture, read_size
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
# Missing blocks keep what their memory held, zeros (`_frames`). No colour of RGB has both chroma samples so
# low: pure green has the lowest, 43 and 21.
NO_CHROMA = 4
DAMAGED = "the HEIF file is damaged (a part of its picture cannot be decoded)"
CODED_MARGIN = 64  # pixels by which a coded picture may be larger than the shown part: one coding tree block


Profile = Mapping[str, Any] | None  # pillow-heif's "nclx_profile" of the file's colours
Decoded = TypeVar("Decoded")


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
        decoder is not installed, the picture is too small to be shrunk, or not in the form that phones write.

    Raises:
        UnreadableImage: a tile is damaged.
    """
    is_plain = image.mode == "RGB" and image.info.get("bit_depth") == 8
    picture = read_hevc_picture(data) if is_plain and is_available() else None
    if picture is None or _shown_size(picture) != image.size:  # libheif decides which part is shown
        return None
    factor = next((factor for factor in FACTORS if _can_shrink(picture, side, factor)), None)
    if factor is None or bytes_needed(picture, factor) > DECODED_BYTES:
        return None
    with large_decoding(bytes_needed(picture, factor)):
        small = _attempt(lambda: _decode(picture, factor, image.info.get("nclx_profile")))
    if small is None:
        return None
    small = mark_extent(small, picture.size[0] / factor, picture.size[1] / factor)
    for how in picture.turns:
        small = turn(small, how)
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


def _decode(picture: HevcPicture, factor: int, profile: Profile) -> Image.Image:
    tile_width, tile_height = picture.tile_size
    planes = [Image.new("L", _small_size(picture, factor)) for _ in range(3)]
    for index, frame in enumerate(_frames(picture)):
        _check(frame, picture, profile)
        row, column = divmod(index, picture.columns)
        left, top = column * tile_width, row * tile_height
        width, height = min(tile_width, picture.size[0] - left), min(tile_height, picture.size[1] - top)
        for plane, target, step in zip(frame.planes, planes, (1, 2, 2), strict=True):
            small = _shrink(plane, -(-width // step), -(-height // step), factor // step)
            target.paste(small, (left // factor, top // factor))
    low: Any = ImageChops.lighter(planes[1], planes[2]).getextrema()[0]
    if low <= NO_CHROMA:
        raise UnreadableImage(DAMAGED)
    # Pillow's own conversion of YCbCr cuts fractions off, which costs half a level.
    return Image.merge("RGB", planes).convert("RGB", TO_RGB)


def _shrink(plane: Any, width: int, height: int, factor: int) -> Image.Image:
    """Average the shown samples of a plane over squares of ``factor``, reading the plane's own memory."""
    lines = Image.frombuffer("L", (plane.width, plane.height), plane, "raw", "L", plane.line_size, 1)
    return lines.reduce(factor, (0, 0, width, height))


def check_tiles(data: bytes) -> None:
    """Decode the HEVC pictures that a HEIF file's primary picture is made of, for their damage only.

    Raises:
        UnreadableImage: one is damaged. Without the decoder, and in unusual boxes, nothing is found.
    """
    meta = read_meta(data) if is_available() else None
    if meta is None or not meta.shares_nothing(used := meta.used_items()):
        return
    for item in used:
        config, size = meta.body(item, b"hvcC"), meta.body(item, b"ispe")
        if item not in meta.parts and config and size:
            decoder = _open_decoder(config, read_size(size))
            frame = _attempt(partial(_decode_one, decoder, meta.content(item)))
            if frame is not None and _lacks_blocks(frame):
                raise UnreadableImage(DAMAGED)


def _lacks_blocks(frame: Any) -> bool:
    """Tell whether chroma samples are as low as in a new decoder's memory."""
    if not frame.format.name.startswith("yuv") or len(frame.planes) != 3:
        return False
    bits = frame.format.components[0].bits
    sample = np.dtype("<u2" if bits > 8 else "u1")
    blue, red = (
        np.frombuffer(plane, sample).reshape(plane.height, -1)[:, : plane.width] for plane in frame.planes[1:]
    )
    return bool(np.maximum(blue, red).min() <= NO_CHROMA << (bits - 8))


def _attempt(decode: Callable[[], Decoded]) -> Decoded | None:
    """Decode with FFmpeg: what it calls damaged is refused, and None is what libheif must decode."""
    import av  # late, as `is_available` says

    try:
        return decode()
    except av.error.InvalidDataError as error:
        raise UnreadableImage(DAMAGED) from error
    except (av.FFmpegError, ValueError, MemoryError):
        return None


def _frames(picture: HevcPicture) -> Iterator[Any]:
    """Yield one frame a tile, in the tiles' order; what is missing in it has chroma samples of zero."""
    decoder = _open_decoder(picture.config, picture.tile_size)
    for tile in picture.tiles:
        frame = _decode_one(decoder, tile)
        yield frame
        for plane in frame.planes[1:]:  # the next frame may get its memory
            plane.update(bytes(plane.buffer_size))
        decoder.flush_buffers()


def _open_decoder(config: bytes, size: Size) -> Any:
    import av  # late, as `is_available` says

    decoder = av.CodecContext.create("hevc", "r")
    decoder.extradata = config
    decoder.thread_count = 1  # the loader's worker processes use the other cores
    pixels = prod(length + CODED_MARGIN for length in size)
    decoder.options = {"err_detect": "explode", "max_pixels": str(pixels)}
    return decoder


def _decode_one(decoder: Any, coded: bytes) -> Any:
    """Decode one picture.

    Raises:
        UnreadableImage, av.FFmpegError: it gives no picture, or a damaged one.
        ValueError: it gives several.
    """
    import av  # late, as `is_available` says

    frames = [frame for packet in (av.Packet(coded), None) for frame in decoder.decode(packet)]
    if not frames or any(frame.is_corrupt for frame in frames):
        raise UnreadableImage(DAMAGED)
    if len(frames) > 1:
        raise ValueError("several pictures in a tile")
    return frames[0]


def _check(frame: Any, picture: HevcPicture, profile: Profile) -> None:
    """Refuse a frame of another size, or of other colours than Pillow's YCbCr has."""
    matrix = profile["matrix_coefficients"] if profile else int(frame.colorspace)
    is_full = profile["full_range_flag"] if profile else int(frame.color_range) == FULL_RANGE
    has_size = (frame.width, frame.height) == picture.tile_size
    if not (frame.format.name in FORMATS_420 and has_size and is_full and matrix in BT601):
        raise ValueError("a frame that does not agree with the boxes")
