"""Reference photos as files: what is misplaced, unreadable, one file twice, a single view."""
from __future__ import annotations

from pathlib import Path

from loader.peaks.catalogue import Peak
from loader.peaks.checks.references import (
    UNEMBEDDED,
    find_misplaced,
    find_same_files,
    find_single_views,
    read_photos,
)
from loader.peaks.reference_images import find_references
from tests.files.picture_files import quadrants, write
from tests.peaks.checks.reference_folders import make_photo, write_photo

PEAKS = [Peak("ama-dablam", ("Ama Dablam", "Amai Dablang")), Peak("pumori", ("Pumori",))]
FILES = (
    *("ama_dablam/day 2/b.jpg", "Ama Dablam/a.jpg", "pumorri/1.jpg", "matterhorn/1.jpg", "loose.jpg"),
    "Amai Dablang/1.jpg",
)


def test_what_is_missing_or_misplaced_is_named(tmp_path: Path) -> None:
    for name in FILES:
        write(tmp_path / name, quadrants())
    damaged = write(tmp_path / "pumori" / "damaged.jpg", quadrants(400, 300))
    damaged.write_bytes(damaged.read_bytes()[:600])
    (tmp_path / "pumori" / "empty.jpg").touch()
    references = find_references(tmp_path, PEAKS)
    photos = read_photos(references, UNEMBEDDED, lambda count: None)
    assert [photo.name for photo in photos] == ["Ama Dablam/a.jpg", "ama_dablam/day 2/b.jpg"]
    sentences = {problem.subject: problem.sentence for problem in find_misplaced(references, PEAKS)}
    assert sentences["pumorri"] == (
        "The folder pumorri is named by no peak of the catalogue, so its photos are not used; did you mean "
        "pumori?"
    )
    assert sentences["Amai Dablang"].endswith("did you mean ama-dablam?")
    assert sentences["matterhorn"].endswith("are not used: name it by a peak's id, or remove it.")
    assert sentences["loose.jpg"].startswith("loose.jpg lies in no peak's folder")
    empty = "pumori/empty.jpg cannot be read (the file is empty): replace or remove it."
    assert sentences["pumori/empty.jpg"] == empty
    assert "damaged.jpg cannot be read (the JPEG file is damaged (" in sentences["pumori/damaged.jpg"]


def test_a_photo_has_the_fields_of_its_document(tmp_path: Path) -> None:
    write_photo(tmp_path / "pumori" / "1.jpg", 123.5)
    [photo] = read_photos(find_references(tmp_path, PEAKS), UNEMBEDDED, lambda count: None)
    assert (photo.peak, photo.name, photo.fields["bearing"]) == ("pumori", "pumori/1.jpg", 123.5)
    assert photo.picture.size == (UNEMBEDDED.width, UNEMBEDDED.height)


def test_one_view_alone_is_a_warning() -> None:
    photos = [make_photo("pumori"), make_photo("ama-dablam", "1.jpg"), make_photo("ama-dablam", "2.jpg")]
    [problem] = find_single_views(photos, PEAKS)
    assert problem.subject == "pumori" and "one reference photo (pumori/1.jpg)" in problem.sentence


def test_one_file_in_two_folders_is_an_error_and_in_one_folder_a_warning() -> None:
    files = {"a/1.jpg": "x", "b/2.jpg": "x", "b/3.jpg": "y", "b/4.jpg": "y", "b/5.jpg": "z"}
    photos = [make_photo(name[0], name[2:], {"content_hash": content}) for name, content in files.items()]
    across, within = find_same_files(photos)
    assert across.severity == "error"
    assert across.sentence == (
        "a/1.jpg and b/2.jpg are one file in the folders of 2 peaks, which makes their prototypes alike: "
        "leave it with the peak that it shows."
    )
    assert within.severity == "warning"
    assert within.sentence == "b/3.jpg and b/4.jpg are one file, which would count 2 times: keep one."
