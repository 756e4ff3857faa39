"""Reference photos of peaks: one folder a peak, named by its id."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from loader.files.images import open_image
from loader.files.library import Skipped, UnreadableImage, walk_library
from loader.peaks.catalogue import Peak
from loader.vision.vectors import Vectors


@dataclass
class References:
    """What a folder of reference photos holds.

    Attributes:
        images: peak id to its files in the order of their names.
        strangers: folders that are named by no peak of the catalogue.
    """

    images: dict[str, list[Path]] = field(default_factory=dict)
    strangers: list[str] = field(default_factory=list)


def find_references(folder: Path, peaks: Iterable[Peak]) -> References:
    """Sort the sub-folders of a folder to the peaks that they are named by.

    ``ama-dablam``, ``ama_dablam`` and ``Ama Dablam`` all name the peak ``ama-dablam``. Folders without a
    picture give their peak no entry.
    """
    known = {peak.id for peak in peaks}
    references = References()
    for entry in sorted(folder.iterdir()):
        if not entry.is_dir() or entry.name.startswith("."):
            continue
        identifier = fold_id(entry.name)
        if identifier not in known:
            references.strangers.append(entry.name)
            continue
        files = [photo.path for photo in walk_library(entry).photos]
        if files:
            references.images.setdefault(identifier, []).extend(files)
    return references


def fold_id(name: str) -> str:
    """Return a folder's name as the id of a peak: lower case, hyphens for blanks and underscores."""
    return "-".join(name.casefold().replace("_", " ").replace("-", " ").split())


def embed_references(
    files: Sequence[Path], limit: int, encode: Callable[[Sequence[Image.Image]], Vectors]
) -> tuple[Vectors, list[Skipped]]:
    """Embed the first ``limit`` readable photos of one peak.

    Returns:
        float32 ``(n, dims)`` with 1 ≤ n ≤ limit, or ``(0, 0)`` when none can be read; the unreadable files.
    """
    pictures: list[Image.Image] = []
    skipped = []
    for path in files:
        if len(pictures) == limit:
            break
        try:
            pictures.append(open_image(path))
        except UnreadableImage as unreadable:
            skipped.append(Skipped(f"{path.parent.name}/{path.name}", unreadable.reason))
    vectors = encode(pictures) if pictures else np.zeros((0, 0), dtype=np.float32)
    return vectors, skipped
