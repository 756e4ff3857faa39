"""What decoding a JPEG at a fraction of its size costs in accuracy, and what it saves.

    python -m benchmarks.decode_shortcuts FOLDER --checkpoint DIR [--checkpoint DIR]

Every photo of the folder is taken as a JPEG (others are encoded as one, quality 92), decoded in full and
by the shortcut, and embedded both ways. The baseline is the full decoding in the same run.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
from PIL import Image

from eland_models.checkpoint import open_checkpoint
from loader.images import (
    JPEG_FORMATS,
    UnreadableImage,
    open_encoded,
    read_bytes,
    render_at_least,
    render_upright,
)
from loader.vision import VisionEncoder

QUALITY = 92


@dataclass
class Comparison:
    """The shortcut with one checkpoint, photo by photo."""

    cosines: list[float] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)
    full_seconds: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--checkpoint", "checkpoints", multiple=True, required=True, help="Checkpoints to embed with.")
def main(folder: Path, checkpoints: tuple[str, ...]) -> None:
    """Print one line a checkpoint."""
    photos = [jpeg for path in sorted(folder.iterdir()) if (jpeg := as_jpeg(path)) is not None]
    click.echo(f"{len(photos)} photos; CPU milliseconds a photo")
    header = f"{'least cosine':>13}{'mean':>9}{'levels':>8}{'ms full':>9}{'ms':>7}{'of full':>9}"
    click.echo(f"{'checkpoint':<22}{header}")
    for name in checkpoints:
        print_row(Path(name).name, compare(VisionEncoder(open_checkpoint(name, tower="vision")), photos))


def as_jpeg(path: Path) -> bytes | None:
    """A photo as the bytes of a JPEG; None for what is no picture."""
    try:
        data = read_bytes(path)
        opened = open_encoded(data)
        if opened.format in JPEG_FORMATS:
            return data
        encoded = io.BytesIO()
        render_upright(opened).save(encoded, "JPEG", quality=QUALITY)
        return encoded.getvalue()
    except UnreadableImage:
        return None


def compare(encoder: VisionEncoder, photos: list[bytes]) -> Comparison:
    """Decode and embed every photo both ways."""
    result = Comparison()
    for data in photos:
        begin = time.process_time()
        full = render_upright(open_encoded(data))
        middle = time.process_time()
        short, _ = render_at_least(open_encoded(data), encoder.input.decoded_side)
        result.full_seconds.append(middle - begin)
        result.seconds.append(time.process_time() - middle)
        fitted = [encoder.input.fit(full), encoder.input.fit(short)]
        first, second = encoder.encode(fitted)
        result.cosines.append(float(first @ second))
        result.levels.append(level_difference(*fitted))
    return result


def level_difference(one: Image.Image, other: Image.Image) -> float:
    """Root mean square difference of two pictures, grey levels of 255."""
    difference = np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    return float(np.sqrt((difference**2).mean()))


def print_row(name: str, result: Comparison) -> None:
    """One line of the table."""
    full, short = 1e3 * np.mean(result.full_seconds), 1e3 * np.mean(result.seconds)
    click.echo(
        f"{name:<22}{min(result.cosines):>13.5f}{np.mean(result.cosines):>9.5f}"
        f"{np.mean(result.levels):>8.2f}{full:>9.0f}{short:>7.0f}{short / full:>9.2f}"
    )


if __name__ == "__main__":
    main()
