"""Photos into the cluster one after the other, as a script does it: the baseline of `benchmarks.load_photos`.

    python -m benchmarks.one_at_a_time FOLDER --checkpoint DIR --url URL --vectors FILE [--last N]

Pillow and pillow-heif decode each photo in full, transformers' slow processor and float32 vision tower embed
it alone, one kNN query asks for its peaks, one request indexes it. The documents are deleted again. Prints
one JSON document; the vectors go into FILE (.npz), by the photos' names.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from elasticsearch import Elasticsearch
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener
from transformers import SiglipImageProcessor, SiglipVisionModel

from loader.elastic.bulk import delete_documents
from loader.elastic.connection import Connection
from loader.elastic.indices import PHOTOS
from loader.files.library import PhotoFile, list_files, path_words
from loader.files.photo import metadata_fields, read_metadata

PEAKS = "peaks_catalog"
TOP_PEAKS = 3
THUMBNAIL_SIDE = 256  # pixels


class Script:
    """What a script does with each photo, with a stopwatch for each step.

    Attributes:
        cpu: processor seconds by step.
        wall: seconds by step.
        vectors: by the photos' names, float32 ``(dims,)`` of length 1.
    """

    def __init__(self, checkpoint: str, url: str) -> None:
        self.cpu: dict[str, float] = defaultdict(float)
        self.wall: dict[str, float] = defaultdict(float)
        self.vectors: dict[str, Any] = {}
        register_heif_opener()
        self._client: Elasticsearch = Connection(url=url).client()
        self._processor = SiglipImageProcessor.from_pretrained(checkpoint)
        self._model = SiglipVisionModel.from_pretrained(checkpoint).eval()

    def load(self, file: PhotoFile) -> None:
        """Bring one photo into the index."""
        with self._step("read and hash"):
            data = file.path.read_bytes()
            content_hash = hashlib.sha256(data).hexdigest()
        with self._step("decode"):
            opened = Image.open(io.BytesIO(data))
            metadata = read_metadata(opened)
            upright = ImageOps.exif_transpose(opened).convert("RGB")
        with self._step("thumbnail"):
            thumbnail = draw_thumbnail(upright)
        with self._step("resize"):
            pixels = self._processor(images=upright, return_tensors="pt")
        with self._step("embed"), torch.inference_mode():
            pooled = self._model(**pixels).pooler_output
            vector = torch.nn.functional.normalize(pooled, dim=-1)[0].numpy()
        with self._step("search"):
            peaks = self._search(vector)
        with self._step("index"):
            fields = metadata_fields(metadata, *upright.size, None)
            fields |= {"path": file.name, "path_words": path_words(file.name), "content_hash": content_hash}
            fields |= {"thumbnail": thumbnail, "clip_image": vector.tolist(), "predicted_peaks": peaks}
            self._client.index(index=PHOTOS, id=file.id, document=fields)
        self.vectors[file.name] = vector

    def remove(self, files: list[PhotoFile]) -> None:
        """Leave the index as it was."""
        delete_documents(self._client, PHOTOS, [file.id for file in files])
        self._client.indices.refresh(index=PHOTOS)

    def _search(self, vector: Any) -> list[str]:
        knn = {"field": "text_embed", "query_vector": vector.tolist(), "k": TOP_PEAKS, "num_candidates": 50}
        fields = [{"field": "id"}]
        answer = self._client.search(index=PEAKS, knn=knn, source=False, fields=fields, size=TOP_PEAKS)
        return [hit["fields"]["id"][0] for hit in answer["hits"]["hits"]]

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        cpu, wall = time.process_time(), time.monotonic()
        yield
        self.cpu[name] += time.process_time() - cpu
        self.wall[name] += time.monotonic() - wall


def draw_thumbnail(upright: Image.Image) -> str:
    """A small JPEG in base64, by Pillow's own means."""
    small, stream = upright.copy(), io.BytesIO()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    small.save(stream, "JPEG")
    return base64.b64encode(stream.getvalue()).decode("ascii")


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--checkpoint", required=True, help="Folder of the checkpoint.")
@click.option("--url", required=True, help="Node with the indices of that checkpoint.")
@click.option("--vectors", required=True, type=click.Path(path_type=Path), help="File for the vectors.")
@click.option("--last", type=click.IntRange(1), help="Load only so many of the photos, the last by name.")
def main(folder: Path, checkpoint: str, url: str, vectors: Path, last: int | None) -> None:
    """Print seconds, photos and the seconds of each step."""
    files = list_files(folder).files[-last if last else 0 :]
    script = Script(checkpoint, url)
    start = time.monotonic()
    try:
        for file in files:
            script.load(file)
        seconds = time.monotonic() - start
    finally:
        script.remove(files)
    np.savez(vectors, names=np.array(list(script.vectors)), vectors=np.array(list(script.vectors.values())))
    steps = {"cpu": script.cpu, "wall": script.wall}
    click.echo(json.dumps({"photos": len(files), "seconds": seconds, **steps}))


if __name__ == "__main__":
    main()
