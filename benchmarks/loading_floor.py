"""The lower bound of a load's time: decoding alone plus embedding alone, each on all cores.

    python -m benchmarks.loading_floor FOLDER --checkpoint DIR --precision auto

The decoding is that of `peaks load-photos` by its own worker processes, the embedding its own as well, by
chunks of 8. Starting processes, loading the tower and trying 8 bits are not counted. Prints one JSON
document.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from PIL import Image

from eland_models.checkpoint import open_checkpoint
from loader.batches import batched
from loader.files.images import ModelInput
from loader.files.library import PhotoFile, list_files
from loader.files.photo import Photo
from loader.photos.decoding import DecodingPool, Task, usable_cores
from loader.vision.model_input import read_model_input

if TYPE_CHECKING:  # torch: the worker processes import this module
    from loader.vision.encoder import VisionEncoder

CHUNK, AHEAD = 8, 32
TRIED_PICTURES = 16  # after these the precision is known


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--checkpoint", required=True, help="Folder of the checkpoint.")
@click.option("--precision", type=click.Choice(["fp32", "int8", "auto"]), default="fp32",
              help="Of the vision tower.")
def main(folder: Path, checkpoint: str, precision: str) -> None:
    """Print the seconds of both."""
    from loader.vision.encoder import VisionEncoder  # torch: see above

    opened = open_checkpoint(checkpoint, tower="vision")
    decoding, pictures = time_decoding(list_files(folder).files, read_model_input(opened))
    embedding, cpu = time_embedding(VisionEncoder(opened, precision=precision), pictures)
    found = {"photos": len(pictures), "decoding": decoding, "embedding": embedding, "embedding_cpu": cpu}
    click.echo(json.dumps(found))


def time_decoding(files: list[PhotoFile], shape: ModelInput) -> tuple[float, list[Image.Image]]:
    """Seconds for all files after one that wakes the workers up, and the pictures."""
    workers, tasks = usable_cores(), [Task(file, shape) for file in files]
    with DecodingPool(workers) as pool:
        list(pool.decode(tasks[: 2 * workers], AHEAD))
        start = time.monotonic()
        outcomes = list(pool.decode(tasks, AHEAD))
        seconds = time.monotonic() - start
    return seconds, [outcome.picture for outcome in outcomes if isinstance(outcome, Photo)]


def time_embedding(encoder: VisionEncoder, pictures: list[Image.Image]) -> tuple[float, float]:
    """Seconds and processor seconds for all pictures, after the first that tell the precision."""
    encoder.encode(pictures[:TRIED_PICTURES])
    start, cpu = time.monotonic(), time.process_time()
    for chunk in batched(pictures, CHUNK):
        encoder.encode(chunk)
    return time.monotonic() - start, time.process_time() - cpu


if __name__ == "__main__":
    main()
