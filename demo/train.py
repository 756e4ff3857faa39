"""Trains the demo's checkpoint from nothing on a CPU: `python -m demo.train`."""

from __future__ import annotations

import json
import os
import platform
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from transformers import AutoTokenizer

from demo.caption_sampler import CaptionSampler
from demo.captions import Attributes, Vocabulary, load_vocabulary
from demo.checkpoint import FOLDER, IMAGE_SIZE, VISION_SHAPE, build_model, save
from demo.embedding import Embedder, Vectors
from demo.evaluation import measure
from demo.pool import Pool, render_pool, start_patch_embedding
from demo.render import TRUTH_FILE, render
from demo.tokenizer import write_tokenizer
from demo.training import Anchors, Schedule, train
from eland_models.checkpoint import open_checkpoint
from loader.files.images import open_image
from loader.vision.encoder import VisionEncoder

REPORT_FILE = "training.json"
# Seeds of scenes: a photo's scene has the seed HELD_OUT_SEED · 1,000,003 + its number, far from these.
FIRST_TRAINING_SEED = 1_000_000_000_000
HELD_OUT_SEED = 424_242


@click.command()
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), default=FOLDER,
              show_default="the demo's", help="Folder of the checkpoint.")
@click.option("--scenes", type=click.IntRange(256), default=5000, show_default=True, help="Scenes to draw.")
@click.option("--steps", type=click.IntRange(1), default=1400, show_default=True, help="Training steps.")
@click.option("--held-out", type=click.IntRange(24), default=240, show_default=True,
              help="Photo files to measure on.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of weights, captions and order.")
@click.option("--threads", type=click.IntRange(1), help="Threads and processes; all cores without.")
def main(output: Path, scenes: int, steps: int, held_out: int, seed: int, threads: int | None) -> None:
    """Draw scenes, train both towers, write the checkpoint, and measure it on photo files it never saw."""
    workers = threads or os.cpu_count() or 1
    torch.set_num_threads(workers)
    vocabulary, started = load_vocabulary(), time.monotonic()
    output.mkdir(parents=True, exist_ok=True)
    write_tokenizer(output, vocabulary)
    click.echo(f"drawing {scenes} scenes", err=True)
    pool = render_pool(range(FIRST_TRAINING_SEED, FIRST_TRAINING_SEED + scenes), IMAGE_SIZE, workers)
    embedder = fit(output, vocabulary, pool, Schedule(steps=steps, seed=seed))
    figures = evaluate(embedder, output, vocabulary, held_out, workers)
    report = {
        "command": f"python -m demo.train --scenes {scenes} --steps {steps} --seed {seed}",
        "minutes": {"wall": minutes(time.monotonic() - started), "processor": minutes(processor_seconds())},
        "threads": workers,
        "parameters": sum(p.numel() for p in embedder.model.parameters()),
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "held_out": figures,
    }
    text = json.dumps(report, indent=1) + "\n"
    (output / REPORT_FILE).write_text(text, encoding="utf-8")
    click.echo(text, nl=False)


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


def evaluate(
    embedder: Embedder, checkpoint: Path, vocabulary: Vocabulary, count: int, processes: int
) -> dict[str, Any]:
    """Measure on `count` photo files of a seed that training never draws, embedded as the loader does it."""
    with tempfile.TemporaryDirectory() as folder:
        render(Path(folder), count, HELD_OUT_SEED, processes)
        pictures, shown = embed_photos(checkpoint, Path(folder))
    return measure(embedder, pictures, shown, vocabulary)


def embed_photos(checkpoint: Path, folder: Path) -> tuple[Vectors, list[Attributes]]:
    """Vectors of the drawn photos of a folder, float32 (n, dims), and what its truth file says they show."""
    truth = json.loads((folder / TRUTH_FILE).read_text(encoding="utf-8"))
    encoder = VisionEncoder(open_checkpoint(str(checkpoint), tower="vision"), "cpu")
    vectors = [encoder.encode([open_image(folder / entry["file"])]) for entry in truth]
    shown = [Attributes(entry["peak"], entry["sky"], frozenset(entry["things"])) for entry in truth]
    return np.concatenate(vectors), shown


def processor_seconds() -> float:
    """User time of this process and its ended children."""
    return sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def minutes(seconds: float) -> float:
    """Seconds as minutes with one decimal."""
    return round(seconds / 60, 1)


if __name__ == "__main__":
    main()
