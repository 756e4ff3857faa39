"""The documentation's pictures: of the demo's drawings, and of the product's pages in a browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from elasticsearch import Elasticsearch
from PIL import Image, ImageDraw, ImageFont

from demo.captions import Attributes, load_vocabulary
from demo.run import CHECKPOINT, LIBRARY, ROOT
from demo.scene import LANDSCAPE, PEAKS, Scene, draw_scene
from demo.screenshots import HASHES, Look, hash_inputs, look_at_page, serve_page, take_pictures
from loader.elastic.connection import Connection
from loader.elastic.error_sentences import explained_errors
from loader.elastic.indices import PHOTOS
from loader.errors import PeaksError

QUALITY = 80
GAP = 4
CELL_HEIGHT = 222

NAME = "IMG_1659.JPG"  # the photo whose peaks are marked: one of those that `make demo` draws

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
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), default="docs/images",
              show_default=True, help="Folder to write to.")
@click.option("--port", type=click.IntRange(1, 65535), default=9200, show_default=True,
              help="Port of the node that `make demo` has loaded.")
def main(output: Path, port: int) -> None:
    """Write the documentation's pictures anew, and the hashes of what they are made from."""
    output.mkdir(parents=True, exist_ok=True)
    draw_demo(output)
    connection = Connection(url=f"http://127.0.0.1:{port}")
    with explained_errors():
        photo = find_photo(connection.client())
    with serve_page(connection.address, CHECKPOINT) as site:
        trek = Look("map-page", (ROOT / "demo/output/map.html").as_uri(), ("canvas, svg",))
        for path in take_pictures([*look_at_page(site, photo), trek], output):
            say_size(path)
    (output / HASHES).write_text(hash_inputs(), encoding="utf-8")


def find_photo(client: Elasticsearch) -> str:
    """The id of the photo `NAME` in the demo's library.

    Raises:
        PeaksError: it is not in the index.
    """
    query = {"bool": {"filter": [{"term": {"path": NAME}}, {"term": {"library": LIBRARY}}]}}
    hits = client.search(index=PHOTOS, query=query, source=False)["hits"]["hits"]
    if not hits:
        raise PeaksError(f"There is no {NAME} of the library {LIBRARY}: run `make demo` first.")
    return str(hits[0]["_id"])


def draw_demo(output: Path) -> None:
    """Draw demo-scenes.webp and demo-peaks.webp."""
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
        say_size(path)


def say_size(path: Path) -> None:
    """Print how large a file has become."""
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
    grid = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for i, picture in enumerate(pictures):
        grid.paste(picture, ((i % columns) * (width + GAP), (i // columns) * (height + GAP)))
    return grid


if __name__ == "__main__":
    main()
