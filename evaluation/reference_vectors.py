"""Reference photos of peaks, embedded here: what `peaks load-peaks --reference-images` would blend in."""
from __future__ import annotations

from pathlib import Path

from elasticsearch import Elasticsearch

from evaluation.dataset import Dataset
from loader.elastic.indices import PEAKS
from loader.elastic.models import check_checkpoint, read_index_model
from loader.files.library import hash_file
from loader.peaks.reference_images import References, embed_references, find_references
from loader.vision.image_vectors import LocalVision
from loader.vision.vectors import Vectors

MOST_IMAGES = 3  # of `peaks load-peaks --max-images`


def open_references(dataset: Dataset, folder: Path) -> References:
    """Find the reference photos of the catalogue's peaks (`loader.peaks.reference_images`)."""
    return find_references(folder, dataset.summits.peaks)


def embed_all(client: Elasticsearch, references: References, checkpoint: str | None) -> dict[str, Vectors]:
    """Return the reference photos' vectors by peak, float32 ``(k, dims)`` each.

    Raises:
        PeaksError: no checkpoint is named, or another one than the catalogue's.
    """
    from loader.vision.encoder import VisionEncoder  # torch takes seconds to import

    vision = LocalVision(checkpoint)
    check_checkpoint(read_index_model(client, PEAKS), PEAKS, vision.checkpoint)
    encoder = VisionEncoder(vision.checkpoint)
    embedded = {
        peak: embed_references(files, MOST_IMAGES, encoder.encode)[0]
        for peak, files in references.images.items()
    }
    return {peak: vectors for peak, vectors in embedded.items() if len(vectors)}


def find_copies(dataset: Dataset, references: References) -> frozenset[str]:
    """Return the paths of photos that are reference photos themselves: they would be judged by themselves."""
    hashes = {hash_file(file) for files in references.images.values() for file in files}
    pairs = zip(dataset.photos.paths, dataset.photos.hashes, strict=True)
    return frozenset(path for path, digest in pairs if digest and digest in hashes)
