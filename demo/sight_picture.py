"""Draws the picture of docs/sight.md: `python -m demo.sight_picture --output docs/images`."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
from PIL import Image

from demo.render import LONG_SIDE, plan_photos, write_task
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import read_catalogue
from loader.peaks.sight.geometry import Summits
from loader.peaks.sight.photo import read_photo_camera, read_picture
from loader.show.sight_diagram import render_diagram
from loader.show.sight_table import sight_photo

PEAKS = Path(__file__).parent / "peaks.yaml"
# One of the photos that `python -m demo.render` draws when it is told nothing else.
COUNT, SEED, NAME = 60, 7, "IMG_1659.JPG"
WIDTH = 1400
COLOURS = 256


@click.command()
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to."
)
def main(output: Path) -> None:
    """Draw sight.png, what `peaks sight` draws of a demo photo, with 256 colours."""
    output.mkdir(parents=True, exist_ok=True)
    path = output / "sight.png"
    reduce_colours(draw_example()).save(path, optimize=True)
    click.echo(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def draw_example() -> Image.Image:
    """The drawing of `NAME` with the demo's peaks."""
    photo = next(photo for photo in plan_photos(COUNT, SEED) if photo.name == NAME)
    with TemporaryDirectory() as folder:
        write_task((Path(folder), photo, LONG_SIDE))
        path = str(Path(folder) / NAME)
        summits = Summits.gather(read_catalogue(PEAKS, Peak))
        sighted = sight_photo(read_photo_camera(path), summits)
        drawn = render_diagram("png", sighted, read_picture(path))
    return Image.open(io.BytesIO(drawn)).convert("RGB")


def reduce_colours(drawing: Image.Image) -> Image.Image:
    """The drawing `WIDTH` pixels wide with a palette of `COLOURS`."""
    height = round(WIDTH * drawing.height / drawing.width)
    small = drawing.resize((WIDTH, height), Image.Resampling.LANCZOS)
    chosen = small.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=2)
    reduced = small.quantize(palette=chosen, dither=Image.Dither.FLOYDSTEINBERG)
    colours = np.array(reduced.getpalette()).reshape(-1, 3)
    colours[np.asarray(reduced)[0, 0]] = 255  # the paper, which a mean of near-whites would tint
    reduced.putpalette(colours.ravel().tolist())
    return reduced


if __name__ == "__main__":
    main()
