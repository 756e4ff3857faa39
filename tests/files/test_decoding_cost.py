"""What decoding costs is estimated before: too much is refused, and the estimate of memory holds."""
from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pillow_heif import HeifFile

from loader.files import images
from loader.files.content import UnreadableImage
from loader.files.decoding_cost import (
    BAND_BYTES,
    DECODED_BYTES,
    START_OF_SCAN,
    bytes_needed,
    find_excess,
    segments,
)
from loader.files.images import open_encoded, render_at_least
from loader.files.kinds import heif_tiles
from loader.files.kinds.heif_grid import read_hevc_picture
from scripts.hostile_photos.pictures import encode, noise, quadrants

SIZE = (3000, 2000)
PIXELS = SIZE[0] * SIZE[1]

QUICK = {"quality": 10, "enc_params": {"preset": "ultrafast"}}
# How a file is made, and the bytes a pixel that its decoding takes, small picture and file aside.
FILES: dict[str, tuple[str, dict[str, Any], float]] = {
    "a PNG": ("PNG", {"compress_level": 1}, 4),
    "a progressive JPEG": ("JPEG", {"progressive": True}, 3 + 4 / 16),
    "a progressive JPEG without subsampling": ("JPEG", {"progressive": True, "subsampling": 0}, 6 + 4 / 16),
    "a baseline JPEG": ("JPEG", {}, 4 / 16),
    "a WebP": ("WEBP", {"method": 0}, 16),
    "a TIFF": ("TIFF", {}, 4),
    "a HEIC": ("HEIF", QUICK, 4.5),
    "a HEIC of 4:2:2": ("HEIF", {**QUICK, "chroma": 422}, 8),
    "a HEIC of 4:2:2 and 10 bits": ("HEIF", {**QUICK, "chroma": 422, "save_as_bit_depth": 10}, 13),
}

PEAK = """
import resource, sys
from pathlib import Path
from PIL import Image
from loader.files.kinds import heif_tiles
from loader.files.images import open_encoded, render_at_least
from loader.files.content import read_bytes
heif_tiles.is_available = lambda: False
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
Image.new("RGB", (64, 64)).reduce(2)
before = peak()
render_at_least(open_encoded(read_bytes(Path(sys.argv[1]))), 500)
print(peak() - before)
"""


def ramp() -> Image.Image:
    """A picture that is quick to encode."""
    levels = np.broadcast_to(np.arange(SIZE[0], dtype=np.uint16) % 251, SIZE[::-1])
    return Image.fromarray(levels.astype(np.uint8))


@cache
def make(name: str) -> bytes:
    kind, options, _ = FILES[name]
    if "save_as_bit_depth" in options:
        deep, stream = HeifFile(), io.BytesIO()
        levels = np.asarray(ramp().convert("RGB")).astype(np.uint16) * 257
        deep.add_frombytes("RGB;16", SIZE, levels.tobytes())
        deep.save(stream, **options)
        return stream.getvalue()
    return encode(ramp().convert("RGB"), kind, **options)


def estimate(data: bytes) -> int:
    opened = open_encoded(data)
    if opened.format == "JPEG":
        opened.draft("RGB", (SIZE[0] // 4, SIZE[1] // 4))
    return bytes_needed(opened, SIZE, 4)


@pytest.mark.parametrize("name", FILES)
def test_the_estimate_is_what_the_decoder_is_known_to_take(name: str) -> None:
    data, per_pixel = make(name), FILES[name][2]
    rest = estimate(data) - len(data) - BAND_BYTES - per_pixel * PIXELS
    assert 0 <= rest < 0.6 * PIXELS  # twice the small picture


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ru_maxrss is in kilobytes on Linux")
@pytest.mark.parametrize("name", FILES)
def test_a_process_does_not_take_more_than_estimated(name: str, tmp_path: Path) -> None:
    data = make(name)
    (tmp_path / "photo").write_bytes(data)
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, str(tmp_path / "photo")],
        capture_output=True, text=True, timeout=120, check=True, env={**os.environ, "MALLOC_ARENA_MAX": "2"},
    )
    assert int(ran.stdout) <= estimate(data) + 5_000_000


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("a PNG", "save it with fewer pixels"),
        ("a progressive JPEG", "save it as a baseline JPEG (not progressive)"),
        ("a HEIC", "install the package av (the extra fast), which decodes it in parts"),
    ],
)
def test_what_takes_too_much_is_refused(name: str, fix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "DECODED_BYTES", 10_000_000)
    monkeypatch.setattr(heif_tiles, "is_available", lambda: False)
    opened = open_encoded(make(name))
    with pytest.raises(UnreadableImage) as refused:
        render_at_least(opened, 500)
    assert refused.value.reason.startswith("3000 × 2000 pixels of ")
    assert refused.value.reason.endswith(f"of memory to decode, more than the 0.0 GB that are allowed; {fix}")


@pytest.mark.skipif(not heif_tiles.is_available(), reason="the package av (extra fast) is not installed")
def test_a_heic_in_tiles_needs_a_fraction() -> None:
    options: dict[str, Any] = {"quality": 10, "tile_size": 512, "enc_params": {"preset": "ultrafast"}}
    data = encode(ramp().convert("RGB"), "HEIF", **options)
    picture = read_hevc_picture(data)
    assert picture is not None
    assert heif_tiles.bytes_needed(picture, 4) < estimate(data) / 4


def test_decodings_pass_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    @contextmanager
    def gate(needed: int) -> Iterator[None]:
        asked.append(needed)
        yield

    monkeypatch.setattr(images, "large_decoding", gate)
    data = make("a PNG")
    render_at_least(open_encoded(data), 500)
    assert asked == [estimate(data)]
    assert asked[0] < DECODED_BYTES


# --- segments of a JPEG -------------------------------------------------------------------------------------

def scans(data: bytes) -> int:
    return sum(marker == START_OF_SCAN for marker, _, _ in segments(data))


@pytest.mark.parametrize(("progressive", "count"), [(False, 1), (True, 10)])
def test_scans_are_counted(progressive: bool, count: int) -> None:
    data = encode(noise(), progressive=progressive)
    assert scans(data) == count
    assert scans(data + data) == count  # what follows the first picture is another one's
    assert find_excess(data) is None


def test_restart_markers_are_no_segments() -> None:
    data = encode(noise(), restart_marker_blocks=1)
    assert data.count(b"\xff\xd0") > 1 and scans(data) == 1


def test_what_lies_in_segments_and_behind_the_end_is_no_scan() -> None:
    data = encode(quadrants(), comment=b"\xff\xda" * 1000)
    assert find_excess(data + b"\xff\xda" * 1000) is None


@given(st.binary(max_size=400))
def test_any_bytes_have_an_end(data: bytes) -> None:
    for start in (b"", b"\xff\xd8", b"\xff\xd8\xff\xda\0\0"):
        found = list(segments(start + data))
        assert all(2 < place <= len(start + data) for _, place, _ in found)
        assert [place for _, place, _ in found] == sorted({place for _, place, _ in found})
