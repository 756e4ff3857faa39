"""What prompts, names, anti-concepts and reference photos are worth, on a library whose photos are labelled.

    python -m benchmarks.prototypes --labels FILE [--reference-images DIR --checkpoint DIR] [--url URL]

Every row makes the peaks' prototypes in another way and is compared with the shipped recipe over all names:
top-1 by the picture alone, top-1 with sight lines (each photo judged by weights that never saw it), and mAP
of searches by the prototype. A difference is given in points with the 95 % interval of a paired bootstrap,
over photos for top-1 and over peaks for mAP. What the cluster holds is left as it is.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np

from eland_models.recipes import MOST_NAMES, PLACE, Recipe, read_recipes
from evaluation.dataset import Catalogue, Dataset, read_dataset
from evaluation.fitting import PICTURE, SIGHTED, Clue
from evaluation.labels import Labels, read_labels
from evaluation.metrics import is_named_within
from evaluation.naming import predict_by_clues
from evaluation.retrieval import Encode, ask_by_prototype, open_encoder
from evaluation.samples import LabelledPhotos, Sample
from loader.arrays import Floats, Vectors
from loader.elastic.connection import Connection, connection_options
from loader.peaks.catalogue import Peak
from loader.peaks.prototypes import blend_prototype
from loader.peaks.reference_images import embed_references, find_references
from loader.show.tables import Column, format_table
from loader.vision.local_vision import LocalVision

ALPHAS = (0.0, 0.25, 0.55, 0.85)  # weight of the names; 0.55 is the default of `peaks load-peaks`
ANTI_WEIGHTS = (0.25, 0.5)
MOST_IMAGES = 3  # of `peaks load-peaks --max-images`
RESAMPLES = 2000
MEASURES = ("top-1, picture alone, %", "top-1, with sight lines, %", "mAP of searches, %")


@click.command()
@click.option("--labels", "source", required=True, metavar="folders|FILE", help="What photos show.")
@click.option("--reference-images", "folder", metavar="DIR", type=click.Path(exists=True, path_type=Path),
              help="Folder with one sub-folder of photos for each peak; needs --checkpoint.")
@click.option("--checkpoint", metavar="DIR_OR_HUB_ID", help="Embeds the reference photos.")
@connection_options
def main(connection: Connection, source: str, folder: Path | None, checkpoint: str | None) -> None:
    """Print the table."""
    client = connection.client(request_timeout=600)
    dataset = read_dataset(client)
    labels = read_labels(source, dataset)
    references: dict[str, Vectors] = {}
    if folder and checkpoint:
        labels = labels.without(dataset.photos.find_copies(folder))
        references = embed_folder(dataset, folder, checkpoint)
    encode = open_encoder(client, dataset.model.model_id)
    click.echo(table(dataset, labels, make_prototypes(dataset.peaks, encode, references)))


def embed_folder(dataset: Dataset, folder: Path, checkpoint: str) -> dict[str, Vectors]:
    """Return the reference photos' vectors by peak, float32 ``(k, dims)`` each."""
    from loader.vision.encoder import VisionEncoder  # brings torch

    encoder = VisionEncoder(LocalVision(checkpoint).checkpoint)
    images = find_references(folder, dataset.peaks.entries).images
    embedded = {
        peak: embed_references(files, MOST_IMAGES, encoder.input, encoder.encode)[0]
        for peak, files in images.items()
    }
    return {peak: vectors for peak, vectors in embedded.items() if len(vectors)}


def make_prototypes(
    peaks: Catalogue[Peak], encode: Encode, references: Mapping[str, Vectors]
) -> dict[str, Vectors]:
    """Return the peaks' prototypes, float32 ``(m, dims)``, by how they were made; the shipped way first."""
    recipe = next(recipe for recipe in read_recipes() if recipe.name == "peak")
    names = [peak.names[:MOST_NAMES] for peak in peaks.entries]
    whole = compose(encode, recipe, names)
    made = {
        "as shipped": whole,
        "first prompt": compose(encode, replace(recipe, prompts=recipe.prompts[:1]), names),
        "bare name": compose(encode, replace(recipe, prompts=(PLACE,)), names),
        "first name": compose(encode, recipe, [listed[:1] for listed in names]),
    }
    for weight in ANTI_WEIGHTS:
        made[f"anti-concept {weight}"] = compose(encode, replace(recipe, weight=weight), names)
    if references:
        nothing = np.zeros((0, whole.shape[1]), dtype=np.float32)
        for alpha in ALPHAS:
            blended = [
                blend_prototype(text, references.get(peak, nothing), alpha)
                for peak, text in zip(peaks.ids, whole, strict=True)
            ]
            made[f"reference photos, alpha {alpha}"] = np.stack(blended)
    return made


def compose(encode: Encode, recipe: Recipe, names: Sequence[Sequence[str]]) -> Vectors:
    """Return what a recipe makes of each peak's names, as the graph does (eland_models/recipes.py)."""
    texts = [prompt.replace(PLACE, name) for listed in names for name in listed for prompt in recipe.prompts]
    counts = [len(listed) * len(recipe.prompts) for listed in names]
    parts = np.split(encode(texts).astype(np.float64), np.cumsum(counts)[:-1])
    rows = np.stack([part.mean(axis=0) for part in parts])
    if recipe.weight:
        rows -= recipe.weight * encode([recipe.anti_concept])[0]
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def measure(dataset: Dataset, labels: Labels, prototypes: Vectors) -> list[Floats]:
    """Return for each of `MEASURES` one figure a photo (1 or 0) or a peak (mean precision), each ``(k,)``."""
    dataset = replace(dataset, peaks=replace(dataset.peaks, vectors=prototypes))
    photos = LabelledPhotos.gather(dataset, labels)
    sighted = photos.with_bearing()
    return [
        _is_right(photos.by_picture(), PICTURE),
        _is_right(sighted.as_identified(), SIGHTED),
        np.array([result.average_precision for result in ask_by_prototype(dataset, labels, dataset.peaks)]),
    ]


def _is_right(sample: Sample, clues: Sequence[Clue]) -> Floats:
    predictions = predict_by_clues(sample, clues, precision=0.9)
    right = is_named_within(predictions.probability, sample.shown, 1)[sample.shown.any(axis=1)]
    return right.astype(np.float64)


def bootstrap_difference(ours: Floats, theirs: Floats, seed: int = 0) -> tuple[float, float, float]:
    """Return the mean of ours − theirs over the same things, and the percentile bootstrap's 95 % interval."""
    difference, rng = ours - theirs, np.random.default_rng(seed)
    size = len(difference)
    means = [difference[rng.integers(size, size=size)].mean() for _ in range(RESAMPLES)]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(difference.mean()), float(low), float(high)


def table(dataset: Dataset, labels: Labels, made: Mapping[str, Vectors]) -> str:
    """Return every way's figures, and its differences to the first one."""
    figures = {way: measure(dataset, labels, prototypes) for way, prototypes in made.items()}
    shipped = next(iter(figures.values()))
    columns = [Column("prototypes", list(figures))]
    for place, measure_name in enumerate(MEASURES):
        cells = []
        for ways in figures.values():
            shift, low, high = (100 * part for part in bootstrap_difference(ways[place], shipped[place]))
            cells.append(f"{100 * ways[place].mean():.1f} ({shift:+.1f} [{low:+.1f}, {high:+.1f}])")
        columns.append(Column(measure_name, cells, "right"))
    return format_table(columns)


if __name__ == "__main__":
    main()
