"""Draws the pictures of docs/demo.md: `python -m demo.pictures --output docs/images`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from PIL import Image, ImageDraw, ImageFont

from demo.captions import Attributes, load_vocabulary
from demo.scene import LANDSCAPE, PEAKS, Scene, draw_scene

QUALITY = 80
GAP = 4
CELL_HEIGHT = 222

# Nine scenes that show every sky and everything that can stand beside the trail.
SCENES = (
    (23, "ama-dablam", "sunset", ("prayer-flags",)),
    (4, "mount-everest", "clear", ("stupa", "trekkers")),
    (9, "thamserku", "night", ("tent",)),
    (5, "pumori", "clear", ("yak", "fresh-snow")),
    (12, "lhotse", "storm", ("suspension-bridge",)),
    (3, "kangtega", "sunset", ("stupa", "tent")),
    (8, "island-peak", "clear", ("trekkers", "prayer-flags")),
    (2, "makalu", "sunset", ("yak",)),
    (16, "cholatse", "night", ("stupa", "prayer-flags", "fresh-snow")),
)


@click.command()
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write to."
)
def main(output: Path) -> None:
    """Draw demo-scenes.webp and demo-peaks.webp."""
    output.mkdir(parents=True, exist_ok=True)
    scenes = [
        draw_scene(Scene(seed, Attributes(peak, sky, frozenset(things)), LANDSCAPE), CELL_HEIGHT)
        for seed, peak, sky, things in SCENES
    ]
    peaks = [
        label(
            draw_scene(Scene(100 + i, Attributes(peak, "clear", frozenset()), LANDSCAPE), CELL_HEIGHT), peak
        )
        for i, peak in enumerate(PEAKS)
    ]
    for name, pictures, columns in (("demo-scenes", scenes, 3), ("demo-peaks", peaks, 4)):
        path = output / f"{name}.webp"
        arrange(pictures, columns).save(path, quality=QUALITY, method=6)
        click.echo(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def label(picture: Image.Image, peak: str) -> Image.Image:
    """The picture with the peak's first name in its upper left corner."""
    name = load_vocabulary().peaks[peak][0]
    font = ImageFont.load_default(16)
    ImageDraw.Draw(picture).text(
        (8, 6), name, fill=(255, 255, 255), font=font, stroke_width=1, stroke_fill=(30, 50, 80)
    )
    return picture


def arrange(pictures: Sequence[Image.Image], columns: int) -> Image.Image:
    """Pictures of one size side by side on white."""
    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for i, picture in enumerate(pictures):
        sheet.paste(picture, ((i % columns) * (width + GAP), (i // columns) * (height + GAP)))
    return sheet


if __name__ == "__main__":
    main()
