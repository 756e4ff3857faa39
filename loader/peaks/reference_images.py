"""Reference photos of peaks: one folder a peak, named by its id."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from loader.arrays import Vectors
from loader.files.images import ModelInput
from loader.files.library import PhotoFile, Skipped, walk_library
from loader.files.photo import Photo, decode_photo
from loader.peaks.catalogue import Peak

# RGB pictures of the vision tower's size to vectors, ``(n, dims)``.
Encode = Callable[[Sequence[Image.Image]], npt.ArrayLike]


@dataclass
class References:
    """What a folder of reference photos holds.

    Attributes:
        images: peak id to its pictures in the order of their names.
        skipped: pictures in the peaks' folders that cannot be read.
        unknown: folders with pictures that are named by no peak of the catalogue.
        loose: pictures that lie beside the folders.
    """

    images: dict[str, list[PhotoFile]] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)


def find_references(folder: Path, peaks: Iterable[Peak]) -> References:
    """Sort the pictures under a folder to the peaks that its sub-folders are named by.

    ``ama-dablam``, ``ama_dablam`` and ``Ama Dablam`` all name the peak ``ama-dablam``.
    """
    known = {peak.id for peak in peaks}
    library = walk_library(folder)
    references = References()
    for photo in library.files:
        top, slash, _ = photo.name.partition("/")
        if not slash:
            references.loose.append(photo.name)
        elif fold_id(top) in known:
            references.images.setdefault(fold_id(top), []).append(photo)
        elif top not in references.unknown:
            references.unknown.append(top)
    references.skipped = [skip for skip in library.skipped if fold_id(skip.name.partition("/")[0]) in known]
    return references


def fold_id(name: str) -> str:
    """Return a folder's name as the id of a peak: lower case, hyphens for blanks and underscores."""
    return "-".join(name.casefold().replace("_", " ").replace("-", " ").split())


def embed_references(
    files: Sequence[PhotoFile], limit: int, shape: ModelInput, encode: Encode
) -> tuple[Vectors, list[Skipped]]:
    """Embed the first ``limit`` readable photos of one peak, decoded as a load decodes them.

    Args:
        files: of the peak.
        limit: photos.
        shape: the picture that the vision tower takes.
        encode: the vision tower.

    Returns:
        float32 ``(n, dims)`` with 1 ≤ n ≤ limit, or ``(0, 0)`` when none can be read; the unreadable files.
    """
    pictures: list[Image.Image] = []
    skipped = []
    for file in files:
        if len(pictures) == limit:
            break
        decoded = decode_photo(file, shape)
        if isinstance(decoded, Photo):
            pictures.append(decoded.picture)
        else:
            skipped.append(decoded)
    vectors = np.asarray(encode(pictures), np.float32) if pictures else np.zeros((0, 0), np.float32)
    return vectors, skipped
