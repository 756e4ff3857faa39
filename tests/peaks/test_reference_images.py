"""Reference photos: folders to peaks, the first readable files to vectors."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from loader.files.library import Skipped
from loader.peaks.catalogue import Peak
from loader.peaks.reference_images import embed_references, find_references
from loader.vision.vectors import Vectors
from tests.files.picture_files import quadrants, write

CATALOGUE = [Peak("ama-dablam", ("Ama Dablam",)), Peak("pumori", ("Pumori",))]


def mean_colours(images: Sequence[Image.Image]) -> Vectors:
    """A vector of each picture that a test can foresee: its width and height."""
    return np.array([image.size for image in images], dtype=np.float32)


def test_folders_are_matched_however_the_id_is_spelt(tmp_path: Path) -> None:
    for name in ("ama_dablam/2.jpg", "ama_dablam/1.heic", "Ama Dablam/3.jpg", "matterhorn/x.jpg"):
        write(tmp_path / name, quadrants())
    (tmp_path / "pumori").mkdir()
    (tmp_path / "pumori" / "notes.txt").write_text("words")
    (tmp_path / "empty").mkdir()
    (tmp_path / ".hidden").mkdir()
    references = find_references(tmp_path, CATALOGUE)
    assert [path.name for path in references.images["ama-dablam"]] == ["3.jpg", "1.heic", "2.jpg"]
    assert "pumori" not in references.images
    assert references.strangers == ["empty", "matterhorn"]


def test_the_first_readable_photos_are_embedded(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{width}.jpg", quadrants(width, 32)) for width in (10, 20, 30, 40)]
    files[1].write_bytes(b"\xff\xd8\xff")
    vectors, skipped = embed_references(files, 2, mean_colours)
    assert vectors.tolist() == [[10, 32], [30, 32]]
    reason = "the JPEG file is damaged (its header cannot be read)"
    assert skipped == [Skipped(f"{tmp_path.name}/20.jpg", reason)]


def test_unreadable_references_leave_no_vector(tmp_path: Path) -> None:
    vectors, skipped = embed_references([tmp_path / "gone.jpg"], 3, mean_colours)
    assert len(vectors) == 0 and len(skipped) == 1


def test_the_published_folders_belong_to_the_catalogue(shared: Path) -> None:
    peaks = [*CATALOGUE, Peak("mount-everest", ("Mount Everest",))]
    references = find_references(shared / "reference-peaks", peaks)
    assert {name: len(files) for name, files in references.images.items()} == {
        "ama-dablam": 4, "mount-everest": 1, "pumori": 3
    }
    assert references.strangers == []
