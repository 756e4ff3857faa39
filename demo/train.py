"""Trains the demo's checkpoint from nothing on a CPU: `python -m demo.train`."""

from __future__ import annotations

import json
import os
import platform
import resource
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from transformers import AutoTokenizer

from demo.anchors import Anchors
from demo.caption_sampler import CaptionSampler
from demo.captions import Attributes, Vocabulary, load_vocabulary
from demo.checkpoint import FOLDER, IMAGE_SIZE, VISION_SHAPE, build_image_processor, build_model, save
from demo.embedding import Embedder, Vectors, normalise
from demo.evaluation import measure
from demo.patches import start_patch_embedding
from demo.pool import Pool, render_pool
from demo.render import TRUTH_FILE, render
from demo.tokenizer import write_tokenizer
from demo.training import Schedule, train

REPORT_FILE = "training.json"
# Seeds of scenes: a photo's scene has the seed HELD_OUT_SEED · 1,000,003 + its number, far from these.
FIRST_TRAINING_SEED = 1_000_000_000_000
HELD_OUT_SEED = 424_242


@click.command()
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=FOLDER,
    show_default="the demo's",
    help="Folder of the checkpoint.",
)
@click.option(
    "--scenes", type=click.IntRange(min=256), default=5000, show_default=True, help="Scenes to draw."
)
@click.option("--steps", type=click.IntRange(min=1), default=1400, show_default=True, help="Training steps.")
@click.option("--held-out", type=click.IntRange(min=24), default=240, show_default=True,
              help="Photo files to measure on.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of weights, captions and order.")
@click.option(
    "--threads", type=click.IntRange(min=1), default=None, help="Threads and processes; all cores without."
)
def main(output: Path, scenes: int, steps: int, held_out: int, seed: int, threads: int | None) -> None:
    """Draw scenes, train both towers, write the checkpoint, and measure it on photo files it never saw."""
    workers = threads or os.cpu_count() or 1
    torch.set_num_threads(workers)
    vocabulary = load_vocabulary()
    output.mkdir(parents=True, exist_ok=True)
    write_tokenizer(output, vocabulary)
    click.echo(f"drawing {scenes} scenes", err=True)
    marks = [time.monotonic()]
    pool = render_pool(range(FIRST_TRAINING_SEED, FIRST_TRAINING_SEED + scenes), IMAGE_SIZE, workers)
    marks.append(time.monotonic())
    embedder = fit(output, vocabulary, pool, Schedule(steps=steps, seed=seed))
    marks.append(time.monotonic())
    figures = evaluate(embedder, vocabulary, held_out, workers)
    marks.append(time.monotonic())
    command = f"python -m demo.train --scenes {scenes} --steps {steps} --seed {seed}"
    report = {"command": command, **circumstances(embedder, marks, workers), "held_out": figures}
    (output / REPORT_FILE).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print_report(report)


def circumstances(embedder: Embedder, marks: Sequence[float], workers: int) -> dict[str, Any]:
    """What the run took, from the marks between its phases (seconds), and on what it ran."""
    phases = ("drawing", "training", "measuring")
    wall = {phase: minutes(end - start) for phase, (start, end) in zip(phases, pairwise(marks), strict=True)}
    return {
        "minutes": {**wall, "processor_time": minutes(processor_seconds())},
        "threads": workers,
        "parameters": sum(p.numel() for p in embedder.model.parameters()),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
    }


def fit(output: Path, vocabulary: Vocabulary, pool: Pool, schedule: Schedule) -> Embedder:
    """Train a fresh model on the pool and write it beside its tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(output)
    model = build_model(len(tokenizer), schedule.seed)
    start_patch_embedding(model, pool, schedule.seed)
    embedder = Embedder(model, tokenizer)
    anchors = Anchors(vocabulary, VISION_SHAPE["hidden_size"], schedule.seed)
    train(embedder, anchors, pool, CaptionSampler(vocabulary, schedule.seed), schedule)
    save(model, output)
    return embedder


def evaluate(embedder: Embedder, vocabulary: Vocabulary, count: int, processes: int) -> dict[str, Any]:
    """Measure on `count` photo files of a seed that training never draws, read as any photo is read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        render(folder, count, HELD_OUT_SEED, processes)
        truth = json.loads((folder / TRUTH_FILE).read_text(encoding="utf-8"))
        pictures = embed_files(embedder, [folder / entry["file"] for entry in truth])
    return measure(embedder, pictures, [attributes_of(entry) for entry in truth], vocabulary)


def attributes_of(entry: dict[str, Any]) -> Attributes:
    """An entry of the truth file as the attributes of its scene."""
    return Attributes(entry["peak"], entry["sky"], frozenset(entry["things"]))


def embed_files(embedder: Embedder, files: Sequence[Path]) -> Vectors:
    """Vectors of photo files through the checkpoint's image processor: float32 (n, dims), normalised."""
    processor = build_image_processor()
    rows: list[NDArray[np.float32]] = []
    for file in files:
        with Image.open(file) as stored:
            picture = ImageOps.exif_transpose(stored).convert("RGB")
        pixels = processor(images=picture, return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            rows.append(embedder.model.get_image_features(pixel_values=pixels).numpy())
    return normalise(np.concatenate(rows))


def processor_seconds() -> float:
    """User time of this process and its ended children."""
    return sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def minutes(seconds: float) -> float:
    """Seconds as minutes with one decimal."""
    return round(seconds / 60, 1)


def print_report(report: dict[str, Any]) -> None:
    """The figures as a table: the recipes first, then every language's own words."""
    figures = report["held_out"]
    click.echo(
        f"{report['parameters']:,} parameters, minutes {report['minutes']}, {figures['scenes']} unseen photos"
    )
    click.echo(f"{'query':<10}{'concept P@5':>12}{'peak top-1':>12}{'sky':>8}")
    for name, row in {"recipes": figures, **figures["by_language"]}.items():
        cells = row["concept_precision_at_5"], row["peak_top1"], row["sky_accuracy"]
        click.echo(f"{name:<10}{cells[0]:>12.3f}{cells[1]:>12.3f}{cells[2]:>8.3f}")


if __name__ == "__main__":
    main()
