"""Reference photos: folders to peaks, the first readable files to vectors."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from loader.files.images import ModelInput
from loader.files.library import Skipped
from loader.peaks.catalogue import Peak
from loader.peaks.reference_images import embed_references, find_references
from tests.files.picture_files import quadrants, write

SHAPE = ModelInput(32, 32)
CATALOGUE = [Peak("ama-dablam", ("Ama Dablam",)), Peak("pumori", ("Pumori",))]


def reds(images: Sequence[Image.Image]) -> list[list[int]]:
    """Stands in for an encoder."""
    assert all(image.size == (SHAPE.width, SHAPE.height) for image in images)
    return [[int(np.asarray(image)[0, 0, 0])] for image in images]


def test_folders_are_matched_however_the_id_is_spelt(tmp_path: Path) -> None:
    three = ("ama_dablam/2.jpg", "ama_dablam/1.heic", "Ama Dablam/3.jpg")
    for name in (*three, "matterhorn/1.jpg", "loose.jpg"):
        write(tmp_path / name, quadrants())
    (tmp_path / "pumori").mkdir()
    (tmp_path / "pumori" / "notes.txt").write_text("words")
    (tmp_path / "pumori" / "broken.jpg").write_text("words")
    references = find_references(tmp_path, CATALOGUE)
    found = {peak: [photo.name for photo in photos] for peak, photos in references.images.items()}
    assert found == {"ama-dablam": ["Ama Dablam/3.jpg", "ama_dablam/1.heic", "ama_dablam/2.jpg"]}
    assert (references.unknown, references.loose) == (["matterhorn"], ["loose.jpg"])
    assert [skip.name for skip in references.skipped] == ["pumori/broken.jpg"]


def test_the_first_readable_photos_are_embedded(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "pumori" / f"{red}.png", Image.new("RGB", (40, 30), (red, 0, 0)), "PNG")
        for red in (10, 20, 30, 40)
    ]
    files[1].write_bytes(b"\xff\xd8\xff")
    photos = find_references(tmp_path, CATALOGUE).images["pumori"]
    vectors, skipped = embed_references(photos, 2, SHAPE, reds)
    assert vectors.tolist() == [[10], [30]]
    assert skipped == [Skipped("pumori/20.png", "the JPEG file is damaged (its header cannot be read)")]
    files[0].unlink()
    vectors, skipped = embed_references(photos[:1], 3, SHAPE, reds)
    assert len(vectors) == 0 and len(skipped) == 1


def test_a_photo_that_a_load_takes_is_taken(tmp_path: Path) -> None:
    """A progressive JPEG of 58 megapixels, of which every coefficient is kept until the last scan."""
    path = tmp_path / "pumori" / "large.jpg"
    path.parent.mkdir()
    Image.new("RGB", (7800, 7400), (200, 0, 0)).save(path, progressive=True)
    photos = find_references(tmp_path, CATALOGUE).images["pumori"]
    vectors, skipped = embed_references(photos, 1, SHAPE, reds)
    assert not skipped and abs(float(vectors[0, 0]) - 200) < 5


def test_the_published_folders_belong_to_the_catalogue(shared: Path) -> None:
    peaks = [*CATALOGUE, Peak("mount-everest", ("Mount Everest",))]
    references = find_references(shared / "reference-peaks", peaks)
    assert {name: len(files) for name, files in references.images.items()} == {
        "ama-dablam": 4, "mount-everest": 1, "pumori": 3
    }
    assert references.unknown == []
