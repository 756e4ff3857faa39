"""What is unusual is read, or called not supported; damage is refused, or told if pixels are whole."""
from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from loader.files.content import UnreadableImage, notes
from loader.files.images import ModelInput, open_encoded, render_at_least, render_upright
from loader.files.kinds import jpeg
from loader.files.library import PhotoFile
from loader.files.photo import Photo, decode_photo
from scripts.hostile_photos.exif_blocks import shorts
from scripts.hostile_photos.png_cases import png_chunk, png_of, png_with
from scripts.hostile_photos.tiff_cases import tiff_of
from tests.files.picture_files import encode, quadrants
from tests.files.test_heif_tiles import soft

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of damage

WIDTH, HEIGHT = 256, 16
RAMP = np.tile(np.arange(WIDTH, dtype=np.uint16), (HEIGHT, 1))
LONG = bytes(range(65, 91)) * 60_000  # 1.5 MB
LOG = {"COMPRESSION": shorts(34_676), "BITS": shorts(16, 16, 16)}
NOT_SUPPORTED = "this form of {} is not supported ({}); save it as a baseline JPEG"
BIG: dict[str, Any] = {"compression": "tiff_deflate", "big_tiff": True}


def outcome(data: bytes, side: int | None = None) -> str:
    """Why a file is refused; "" when it is read."""
    try:
        render_at_least(open_encoded(data), side)
    except UnreadableImage as refused:
        return refused.reason
    return ""


def deep_png(samples: np.ndarray, kind: int, *chunks: bytes) -> bytes:
    """A PNG of 16 bits a sample."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    return png_of(WIDTH, HEIGHT, zlib.compress(rows), *chunks, bits=16, kind=kind)


@pytest.mark.parametrize("side", [None, 8])
def test_deep_grey_with_transparency_is_a_ramp(side: int | None) -> None:
    opaque = np.dstack([RAMP * 257, np.full_like(RAMP, 65_535)])
    for data in (deep_png(RAMP * 257, 0, png_chunk(b"tRNS", b"\x12\x34")), deep_png(opaque, 4)):
        shown = np.asarray(render_at_least(open_encoded(data), side)[0]).astype(int)
        assert np.abs(shown[0, :, 0] - np.linspace(0, 255, shown.shape[1])).max() <= 2


def test_a_transparent_level_of_16_bits_is_white() -> None:
    data = deep_png(RAMP * 257, 0, png_chunk(b"tRNS", bytes((100, 100))))
    levels = np.asarray(render_upright(open_encoded(data)))[0, :, 0].tolist()
    assert levels == [255 if level == 100 else level for level in range(WIDTH)]


@pytest.mark.parametrize("is_behind", [False, True])
@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"tEXt", b"Comment\0" + LONG),
        png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(LONG)),
        png_chunk(b"iTXt", b"Comment\0\0\0en\0\0" + LONG),
        png_chunk(b"iTXt", b"Comment\0\1\0en\0\0" + zlib.compress(LONG)),
        png_chunk(b"iCCP", b"Scanner\0\0" + zlib.compress(LONG)),
        png_chunk(b"tEXt", b"Comment\0" + bytes(100 << 20)),
    ],
)
def test_a_png_with_a_long_text_is_read(chunk: bytes, is_behind: bool) -> None:
    opened = open_encoded(png_with(chunk, behind=is_behind))
    assert notes(opened) == ()
    assert render_upright(opened).tobytes() == quadrants().tobytes()


def test_a_long_xmp_is_told() -> None:
    text = png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(LONG))
    assert notes(open_encoded(png_with(text))) == ("its XMP is longer than 1 MiB and was not read",)


@pytest.mark.parametrize("is_behind", [False, True])
@pytest.mark.parametrize(
    ("name", "what"),
    [(b"eXIf", "EXIF"), (b"tEXt", "chunk tEXt"), (b"gAMA", "chunk gAMA"), (b"iCCP", "chunk iCCP")],
)
def test_a_png_with_a_wrong_checksum_beside_its_pixels_says_so(
    name: bytes, what: str, is_behind: bool, tmp_path: Path
) -> None:
    chunk = bytearray(png_chunk(name, b"MM\0*\0\0\0\x08\0\0\0\0\0\0"))
    chunk[-1] ^= 1
    path = tmp_path / "a.png"
    path.write_bytes(png_with(bytes(chunk), behind=is_behind))
    photo = decode_photo(PhotoFile(path, "a.png", ""), ModelInput(32, 32))
    assert isinstance(photo, Photo) and photo.notes == (f"its {what} is damaged and was not read",)
    assert render_upright(open_encoded(path.read_bytes())).tobytes() == quadrants().tobytes()


def test_flipped_pixels_of_a_png_are_refused() -> None:
    data = bytearray(encode(soft(256, 192), "PNG"))
    for place in range(data.find(b"IDAT") + 40, len(data) - 40, 997):
        data[place] ^= 16
        assert outcome(bytes(data)).startswith("the PNG file is damaged (")
        data[place] ^= 16
    assert outcome(bytes(data)) == ""


@pytest.mark.parametrize("colour", ["black", "white", "green"])
@pytest.mark.parametrize("options", [{"quality": 1}, {"quality": 80}, {"lossless": True}])
def test_a_webp_of_one_colour_is_whole(colour: str, options: dict[str, Any]) -> None:
    """Its pixels end with hundreds of zeros, as those of a file that was broken off."""
    flat = Image.new("RGB", (4000, 3000), colour)
    assert outcome(encode(flat, "WEBP", **options), 100) == ""


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 3}])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_without_its_end_marker_is_read_if_all_pixels_are_there(
    mode: str, options: dict[str, Any]
) -> None:
    picture = soft(160, 120).convert(mode)
    data = encode(picture, "JPEG", quality=95, **options)
    whole = render_upright(open_encoded(data)).tobytes()
    for end in (data[:-1], data[:-2], data[:-2] + bytes(700)):
        assert render_upright(open_encoded(end)).tobytes() == whole


@pytest.mark.parametrize("side", [None, 48])
@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_jpeg_without_all_pixels_is_refused(options: dict[str, Any], zeros: bool, side: int | None) -> None:
    data = encode(soft(320, 240), "JPEG", quality=95, **options)
    start = data.rfind(b"\xff\xda") + 20 if not options else data.find(b"\xff\xda") + 20
    for length in [*range(start, len(data) - 40, len(data) // 20), len(data) - 30]:
        cut = data[:length] + bytes(len(data) - length if zeros else 0)
        assert outcome(cut, side).startswith("the JPEG file is damaged (")


@pytest.mark.parametrize("side", [None, 48])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_that_was_cut_and_closed_is_refused(mode: str, side: int | None) -> None:
    """A decoder fills what is missing with mid-grey."""
    data = encode(soft(320, 240).convert(mode), "JPEG", quality=95)
    start = data.find(b"\xff\xda") + 20
    for length in range(start, len(data) - 40, len(data) // 20):
        expected = "the JPEG file is damaged (it is cut off)"
        assert outcome(data[:length] + b"\xff\xd9", side) == expected, length


@pytest.mark.parametrize("options", [{}, {"restart_marker_blocks": 3}])
def test_a_jpeg_with_a_hole_of_zeros_is_refused(options: dict[str, Any]) -> None:
    data = encode(soft(640, 480), "JPEG", quality=95, **options)
    for place in range(data.find(b"\xff\xda") + 20, len(data) - 600, len(data) // 20):
        holed = data[:place] + bytes(512) + data[place + 512 :]
        assert outcome(holed, 48) == "the JPEG file is damaged (it has a hole)"


@pytest.mark.parametrize("side", [None, 48])
@pytest.mark.parametrize("options", [{}, {"optimize": True}, {"progressive": True}])
@pytest.mark.parametrize("colour", ["black", "white", "green", "#808080"])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_of_one_colour_is_whole(
    mode: str, colour: str, options: dict[str, Any], side: int | None
) -> None:
    """Its pixels may be zeros, and mid-grey."""
    flat = Image.new("RGB", (1600, 1200), colour)
    half = flat.copy()
    half.paste(soft(1600, 600))
    for picture in (flat, half):
        assert outcome(encode(picture.convert(mode), "JPEG", **options), side) == ""


def test_a_jpeg_that_ends_with_erased_memory_is_refused_at_once() -> None:
    """Erased flash memory reads as 255; each such byte is looked at once."""
    data = encode(soft(320, 240), "JPEG", quality=95)
    for cut in (data[:200], data[: len(data) // 2]):
        assert outcome(cut + b"\xff" * 1_000_000).startswith("the JPEG file is damaged (")


def test_a_jpeg_whose_height_stands_behind_its_pixels_is_not_supported() -> None:
    data = encode(soft(320, 240), "JPEG")
    height = data.find(b"\xff\xc0") + 5
    data = data[:height] + bytes(2) + data[height + 2 : -2] + b"\xff\xdc\0\4\0\xf0\xff\xd9"
    assert outcome(data) == NOT_SUPPORTED.format("JPEG", "its height stands behind its pixels")


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("options", [{"quality": 80}, {"lossless": True}])
def test_a_webp_that_ends_with_zeros_is_refused(options: dict[str, Any], mode: str) -> None:
    picture = soft(640, 480)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    data = encode(picture, "WEBP", **options)
    for length in range(len(data) // 2, len(data) - 100, len(data) // 20):
        broken = data[:length] + bytes(len(data) - length)
        assert outcome(broken, 100).startswith("the WEBP file is damaged (")
    assert outcome(data, 100) == ""


def test_a_progressive_jpeg_that_lacks_scans_is_not_given_an_end() -> None:
    data = encode(soft(320, 240), "JPEG", progressive=True)
    scans = [place for place in range(len(data)) if data.startswith(b"\xff\xda", place)]
    assert len(scans) > 3
    assert jpeg.add_end(data) is None and jpeg.add_end(data[:-2]) == data
    assert all(jpeg.add_end(data[:scan]) is None for scan in scans[1:])


@pytest.mark.parametrize(("mode", "levels"), [("I;16", RAMP * 257), ("L", RAMP.astype(np.uint8))])
def test_a_bigtiff_is_read(mode: str, levels: np.ndarray) -> None:
    data = encode(Image.fromarray(levels), "TIFF", **BIG)
    assert Image.open(io.BytesIO(data)).mode == mode
    assert np.asarray(render_upright(open_encoded(data)))[0, :, 0].tolist() == list(range(WIDTH))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"PHOTOMETRIC": shorts(8), "BITS": shorts(16, 16, 16)},
            "photometric interpretation 8, 3 samples of 16 bits",
        ),
        ({**LOG, "PHOTOMETRIC": shorts(32_845)}, "compression 34676, LogLuv, 3 samples of 16 bits"),
        (
            {**LOG, "PHOTOMETRIC": shorts(32_844)},
            "compression 34676, photometric interpretation 32844, 3 samples of 16 bits",
        ),
        ({"COMPRESSION": shorts(50_001)}, "compression 50001, 3 samples of 8 bits"),
        ({"COMPRESSION": shorts(50_002)}, "compression 50002, 3 samples of 8 bits"),
        ({"COMPRESSION": shorts(34_712)}, "compression 34712, 3 samples of 8 bits"),
        ({"COMPRESSION": shorts(34_887)}, "compression 34887, 3 samples of 8 bits"),
    ],
)
def test_forms_of_tiff_are_not_supported_rather_than_damaged(changes: dict[str, Any], words: str) -> None:
    data = tiff_of(quadrants().tobytes(), **changes)
    assert outcome(data) == NOT_SUPPORTED.format("TIFF", words)


def test_signed_levels_are_called_so() -> None:
    grey = {"PHOTOMETRIC": shorts(1), "BITS": shorts(16), "SAMPLES": shorts(1)}
    data = tiff_of(bytes(96 * 64 * 2), 0, {339: shorts(2)}, **grey)
    assert outcome(data) == "signed pixels have no defined brightness; save it with 8 or 16 bits"


def test_the_other_order_of_bigtiff_is_not_supported() -> None:
    data = b"MM\0+\0\x08\0\0\0\0\0\0\0\0\0\x10" + bytes(200)
    assert outcome(data) == NOT_SUPPORTED.format("TIFF", "big-endian BigTIFF")


def test_an_apple_png_is_not_supported() -> None:
    packer = zlib.compressobj(wbits=-15)
    pixels = packer.compress((b"\0" + bytes(4 * 96)) * 64) + packer.flush()
    data = png_of(96, 64, pixels, kind=6)
    data = data[:8] + png_chunk(b"CgBI", bytes(4)) + data[8:]
    assert outcome(data) == NOT_SUPPORTED.format("PNG", "Apple's CgBI")


@pytest.mark.parametrize(
    "name", ["png_text_1200kB.png", "jpeg_without_end_marker.jpg", "heic_grey_10_bit.heic"]
)
def test_files_that_were_refused(name: str, shared: Path) -> None:
    path = shared / "failing" / name
    if not path.is_file():
        pytest.skip(f"no {name} there")
    assert isinstance(decode_photo(PhotoFile(path, name, ""), ModelInput(32, 32)), Photo)
