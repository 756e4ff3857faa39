"""What decoding a photo at a fraction of its size costs in accuracy, and what it saves.

    python -m benchmarks.decode_shortcuts FOLDER --checkpoint DIR [--checkpoint DIR]

Every photo of the folder is decoded in full and by each shortcut, brought to the tower's size and embedded.
The baseline is the full decoding in the same run. For the shortcut of JPEG every photo is taken as one: the
others are encoded with quality 92 first. The last row is a shortcut that was refused, and why: the thumbnail
that phones put into a HEIC is quick to decode, and too coarse.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import click
import numpy as np
from PIL import Image
from pillow_heif import open_heif, options

from eland_models.checkpoint import open_checkpoint
from loader.files.content import UnreadableImage, read_bytes
from loader.files.images import JPEG_FORMATS, open_encoded, render_at_least, render_upright
from loader.files.kinds import heif_tiles
from loader.vision.encoder import VisionEncoder

QUALITY = 92
Decode = Callable[[bytes, int], "Image.Image | None"]


@dataclass(frozen=True)
class Shortcut:
    """A way to decode that is not the plain one.

    Attributes:
        name: as the table shows it.
        takes_heic: HEIC files; else every photo as a JPEG.
        decode: a file's bytes, and the pixels that the shorter side must keep, to upright RGB;
            None: it cannot.
    """

    name: str
    takes_heic: bool
    decode: Decode


@dataclass
class Comparison:
    """A shortcut with one checkpoint, photo by photo."""

    cosines: list[float] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)
    full_seconds: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def by_reader(data: bytes, side: int) -> Image.Image:
    """As the loader does it."""
    return render_at_least(open_encoded(data), side)[0]


def by_libheif(data: bytes, side: int) -> Image.Image:
    """As the loader does it without the package av."""
    with patch.object(heif_tiles, "is_available", return_value=False):
        return render_at_least(open_encoded(data), side)[0]


def own_thumbnail(data: bytes, side: int) -> Image.Image | None:
    """The first thumbnail in a HEIC file, whatever its size; None: it has none."""
    options.THUMBNAILS = True  # the loader turns them off
    try:
        heif = open_heif(io.BytesIO(data))
    finally:
        options.THUMBNAILS = False
    picture = heif[heif.primary_index]
    if not picture.info["thumbnails"]:
        return None
    thumbnail: Image.Image = picture.get_thumbnail(0).to_pillow()
    return thumbnail.convert("RGB")


SHORTCUTS = (
    Shortcut("JPEG, scaled by its DCT", False, by_reader),
    Shortcut("HEIC by libheif, averaged", True, by_libheif),
    *([Shortcut("HEIC by av, tile by tile", True, by_reader)] if heif_tiles.is_available() else []),
    Shortcut("HEIC's thumbnail: not used", True, own_thumbnail),
)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--checkpoint", "checkpoints", multiple=True, required=True, help="Checkpoints to embed with.")
def main(folder: Path, checkpoints: tuple[str, ...]) -> None:
    """Print one line a checkpoint and shortcut."""
    photos = list(read_photos(sorted(folder.iterdir())))
    heics = [data for data in photos if open_encoded(data).format == "HEIF"]
    jpegs = [as_jpeg(data) for data in photos]
    click.echo(f"{len(jpegs)} photos as JPEG, {len(heics)} HEIC; CPU milliseconds to the tower's size")
    header = f"{'photos':>7}{'least cosine':>13}{'mean':>9}{'levels':>8}{'ms full':>9}{'ms':>7}{'of full':>9}"
    click.echo(f"{'checkpoint':<19}{'shortcut':<27}{header}")
    for name in checkpoints:
        encoder = VisionEncoder(open_checkpoint(name, tower="vision"))
        for shortcut in SHORTCUTS:
            compared = compare(encoder, shortcut.decode, heics if shortcut.takes_heic else jpegs)
            print_row(Path(name).name, shortcut.name, compared)


def read_photos(paths: Iterable[Path]) -> Iterable[bytes]:
    """Yield the bytes of each file that is a picture."""
    for path in paths:
        try:
            data = read_bytes(path)
            open_encoded(data)
        except UnreadableImage:
            continue
        yield data


def as_jpeg(data: bytes) -> bytes:
    """Return a photo as the bytes of a JPEG."""
    opened = open_encoded(data)
    if opened.format in JPEG_FORMATS:
        return data
    encoded = io.BytesIO()
    render_upright(opened).save(encoded, "JPEG", quality=QUALITY)
    return encoded.getvalue()


def compare(encoder: VisionEncoder, decode: Decode, photos: list[bytes]) -> Comparison:
    """Decode and embed every photo both ways."""
    result, shape = Comparison(), encoder.input
    for data in photos:
        begin = time.process_time()
        decoded = decode(data, shape.decoded_side)
        if decoded is None:
            continue
        short = shape.fit(decoded)
        middle = time.process_time()
        full = shape.fit(render_upright(open_encoded(data)))
        result.full_seconds.append(time.process_time() - middle)
        result.seconds.append(middle - begin)
        first, second = encoder.encode([full, short])
        result.cosines.append(float(first @ second))
        result.levels.append(level_difference(full, short))
    return result


def level_difference(one: Image.Image, other: Image.Image) -> float:
    """Root mean square difference of two pictures, grey levels of 255."""
    difference = np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    return float(np.sqrt((difference**2).mean()))


def print_row(checkpoint: str, shortcut: str, result: Comparison) -> None:
    """One line of the table."""
    if not result.cosines:
        return
    full, short = 1e3 * np.mean(result.full_seconds), 1e3 * np.mean(result.seconds)
    click.echo(
        f"{checkpoint:<19}{shortcut:<27}{len(result.cosines):>7}{min(result.cosines):>13.5f}"
        f"{np.mean(result.cosines):>9.5f}{np.mean(result.levels):>8.2f}{full:>9.0f}{short:>7.0f}"
        f"{short / full:>9.2f}"
    )


if __name__ == "__main__":
    main()
