"""How often `peaks catalog check` finds a photo in the wrong folder by its vector, and how often it errs.

    python -m demo.render --output FOLDER --count 96 --seed 11
    python -m benchmarks.catalogue_check FOLDER --checkpoint demo/siglip2-trek-tiny --url URL

From photos whose peaks are known, libraries of references are drawn by chance, checked as they are (every
problem is wrong), and checked with one photo of another peak in the place of a right one (which ought to be
found). The checks are the command's own. Copies of the photos, saved again or made smaller, tell from which
cosine on two pictures are one; how photos' logits for two names differ tells how near names may be.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from PIL import Image

from demo.render import TRUTH_FILE
from loader.arrays import Vectors
from loader.elastic.connection import Connection
from loader.elastic.models import read_deployed_model
from loader.files.images import open_image
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import read_catalogue
from loader.peaks.checks.names import NameVectors, embed_all_names
from loader.peaks.checks.references import ReferencePhoto
from loader.peaks.checks.vectors import SAME_PICTURE, check_vectors
from loader.show.progress import Progress
from loader.vision.local_vision import LocalVision

SIZES = (2, 3, 4, 5)
COPIES = {"quality 85": (1, 85), "quality 50": (1, 50), "half the size": (2, 85), "a quarter": (4, 85)}


@dataclass(frozen=True)
class Pool:
    """Photos to draw from: the id of the peak that each one shows, and their vectors ``(n, dims)``."""

    peaks: Sequence[str]
    vectors: Vectors

    def rows_of(self, peak: str) -> list[int]:
        """Rows of a peak's photos."""
        return [row for row, shown in enumerate(self.peaks) if shown == peak]

    def check(self, library: Sequence[tuple[str, int]], names: NameVectors | None) -> list[tuple[int, str]]:
        """Check photos, given as folder and row; returns row and reason of what is found."""
        picture = Image.new("RGB", (1, 1))
        photos = [ReferencePhoto(folder, str(row), picture, {}) for folder, row in library]
        problems, _ = check_vectors(photos, self.vectors[[row for _, row in library]], names)
        return [(int(problem.subject), str(problem.evidence["reason"])) for problem in problems]


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--catalogue", default="demo/peaks.yaml", type=click.Path(path_type=Path), show_default=True,
              help="Of the peaks that the photos show.")
@click.option("--checkpoint", required=True, help="Folder or hub id of what embeds the photos.")
@click.option("--es-model-id", help="Its text model in the node [default: the folder's name].")
@click.option("--url", required=True, help="Node with that text model.")
@click.option("--trials", default=20, show_default=True, help="Libraries drawn for each size of the groups.")
@click.option("--seed", default=0, show_default=True, help="The same seed draws the same libraries.")
def main(
    folder: Path, catalogue: Path, checkpoint: str, es_model_id: str | None, url: str, trials: int, seed: int
) -> None:
    """Print how many misplaced photos are found and how many right ones, of a folder with its truth file."""
    vision = LocalVision(checkpoint)
    truth = json.loads((folder / TRUTH_FILE).read_text(encoding="utf-8"))
    pictures = [open_image(folder / entry["file"]) for entry in truth]
    pool = Pool([entry["peak"] for entry in truth], embed(vision, pictures))
    print_copies(vision, pictures, pool.vectors)
    names = read_names(catalogue, es_model_id or Path(checkpoint).name, url)
    print_names(pool, names)
    for title, known in (("photos and names", names), ("photos alone (--offline)", None)):
        click.echo(f"\n{title}\n{'group':>5}{'found':>8}{'wrongly':>9}  of these")
        for size in SIZES:
            print_row(pool, known, size, trials, np.random.default_rng([seed, size]))


def embed(vision: LocalVision, pictures: Sequence[Image.Image]) -> Vectors:
    """Embed pictures one at a time, float32 ``(n, dims)``."""
    return np.array([vision.embed([picture])[0] for picture in pictures], dtype=np.float32)


def read_names(catalogue: Path, model_id: str, url: str) -> NameVectors:
    """Have the cluster embed the names of all peaks."""
    client, peaks = Connection(url=url).client(), read_catalogue(catalogue, Peak)
    with Progress("names", len(peaks)) as progress:
        return embed_all_names(client, read_deployed_model(client, model_id), peaks, progress.advance)


def print_copies(vision: LocalVision, pictures: Sequence[Image.Image], vectors: Vectors) -> None:
    """Print the cosines of copies to their originals, and of different photos to one another."""
    click.echo(f"{'copies':<16}{'least cosine':>13}{'median':>9}")
    for name, (divisor, quality) in COPIES.items():
        copies = embed(vision, [save_again(picture, divisor, quality) for picture in pictures])
        cosines = (copies * vectors).sum(axis=1)
        click.echo(f"{name:<16}{cosines.min():>13.4f}{np.median(cosines):>9.4f}")
    pairs = (vectors @ vectors.T)[np.triu_indices(len(vectors), k=1)]
    above = f"{int((pairs >= SAME_PICTURE).sum())} from {SAME_PICTURE} on"
    click.echo(f"{len(pairs):,} pairs of different photos: greatest cosine {pairs.max():.4f}, {above}")


def print_names(pool: Pool, names: NameVectors, most: int = 6) -> None:
    """Print the nearest names and by how many logits a photo's fit to them differs (root mean square)."""
    vectors = {peak.id: vector for peak, vector in zip(names.peaks, names.vectors, strict=True)}
    pairs = {(one.id, other.id): cosine for (one, other), cosine in names.nearest_pairs().items()}
    click.echo(f"\n{'nearest names':<32}{'cosine':>7}{'logits':>8}")
    for (one, other), cosine in sorted(pairs.items(), key=lambda item: -item[1])[:most]:
        logits = (names.scale or 1.0) * (pool.vectors @ (vectors[one] - vectors[other]))
        click.echo(f"{f'{one} / {other}':<32}{cosine:>7.3f}{np.sqrt((logits**2).mean()):>8.2f}")


def save_again(picture: Image.Image, divisor: int, quality: int) -> Image.Image:
    """Return a picture made smaller and saved as JPEG."""
    stream = io.BytesIO()
    small = picture.resize((picture.width // divisor, picture.height // divisor), Image.Resampling.LANCZOS)
    small.save(stream, "JPEG", quality=quality)
    return Image.open(io.BytesIO(stream.getvalue())).convert("RGB")


def print_row(
    pool: Pool, names: NameVectors | None, size: int, trials: int, rng: np.random.Generator
) -> None:
    """Print the share of misplaced photos that are found, and of photos in their own folders that are."""
    checked: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for _ in range(trials):
        library = draw_library(pool, size, rng)
        reasons.update(reason for _, reason in pool.check(library, names))
        checked["own"] += len(library)
        for misplaced, changed in draw_misplaced(pool, library, rng):
            checked["moved"] += 1
            checked["found"] += any(row == misplaced for row, _ in pool.check(changed, names))
    wrongly = reasons.total() / checked["own"]
    parts = ", ".join(f"{reason} {count / checked['own']:.4f}" for reason, count in reasons.most_common())
    click.echo(f"{size:>5}{checked['found'] / checked['moved']:>8.3f}{wrongly:>9.4f}  {parts}")


def draw_library(pool: Pool, size: int, rng: np.random.Generator) -> list[tuple[str, int]]:
    """Draw so many photos of every peak, each as its folder and row."""
    return [
        (peak, int(row))
        for peak in sorted(set(pool.peaks))
        for row in rng.choice(pool.rows_of(peak), size, replace=False)
    ]


def draw_misplaced(
    pool: Pool, library: Sequence[tuple[str, int]], rng: np.random.Generator
) -> Iterator[tuple[int, list[tuple[str, int]]]]:
    """Yield for every peak a photo of another one, and the library with it in place of the peak's first."""
    taken = {row for _, row in library}
    for peak in sorted(set(pool.peaks)):
        others = [row for row, shown in enumerate(pool.peaks) if shown != peak and row not in taken]
        misplaced = int(rng.choice(others))
        first = next(place for place, (folder, _) in enumerate(library) if folder == peak)
        yield misplaced, [*library[:first], (peak, misplaced), *library[first + 1 :]]


if __name__ == "__main__":
    main()
