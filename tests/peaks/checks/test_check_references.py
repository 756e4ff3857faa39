"""The folder of reference photos: whose each picture is, and what is missing."""
from __future__ import annotations

from pathlib import Path

from loader.files.place import Point
from loader.peaks.catalogue import Peak
from loader.peaks.checks.gaps import find_misplaced, find_single_views, find_unknown_heights
from loader.peaks.checks.references import UNEMBEDDED, find_files, group_by_peak, read_photos
from tests.files.picture_files import quadrants, write
from tests.peaks.checks.reference_folders import make_photo, write_photo

PEAKS = [
    Peak("ama-dablam", ("Ama Dablam", "Amai Dablang"), Point(27.8, 86.8), 6812),
    Peak("pumori", ("Pumori",), Point(28.0, 86.8)),
]
FILES = ("ama_dablam/day 2/b.jpg", "Ama Dablam/a.jpg", "pumorri/1.jpg", "matterhorn/1.jpg", "loose.jpg")


def fill(folder: Path) -> Path:
    for name in FILES:
        write(folder / name, quadrants())
    damaged = write(folder / "pumori" / "damaged.jpg", quadrants(400, 300))
    damaged.write_bytes(damaged.read_bytes()[:600])
    (folder / "pumori" / "empty.jpg").touch()
    (folder / "pumori" / "notes.txt").write_text("words")
    (folder / ".hidden").mkdir()
    return folder


def test_pictures_are_sorted_by_the_folder_they_lie_in(tmp_path: Path) -> None:
    files = find_files(fill(tmp_path), PEAKS)
    assert [(peak, file.name) for peak, file in files.of_peaks] == [
        ("ama-dablam", "Ama Dablam/a.jpg"),
        ("ama-dablam", "ama_dablam/day 2/b.jpg"),
        ("pumori", "pumori/damaged.jpg"),
    ]
    assert (sorted(files.strangers), files.loose) == (["matterhorn", "pumorri"], ["loose.jpg"])


def test_what_is_missing_or_misplaced_is_named(tmp_path: Path) -> None:
    files = find_files(fill(tmp_path), PEAKS)
    photos = read_photos(files, UNEMBEDDED, lambda count: None)
    assert [photo.name for photo in photos] == ["Ama Dablam/a.jpg", "ama_dablam/day 2/b.jpg"]
    sentences = {finding.subject: finding.sentence for finding in find_misplaced(files, PEAKS)}
    assert sentences["pumorri"] == (
        "The folder pumorri is named by no peak of the catalogue, so its photos are not used; did you mean "
        "pumori?"
    )
    assert sentences["matterhorn"].endswith("are not used: name it by a peak's id, or remove it.")
    assert sentences["loose.jpg"].startswith("loose.jpg lies beside the peaks' folders")
    empty = "pumori/empty.jpg cannot be read (the file is empty): replace or remove it."
    assert sentences["pumori/empty.jpg"] == empty
    assert "damaged.jpg cannot be read (the JPEG file is damaged (" in sentences["pumori/damaged.jpg"]


def test_a_photo_has_the_fields_of_its_document(tmp_path: Path) -> None:
    write_photo(tmp_path / "pumori" / "1.jpg", 123.5)
    files = find_files(tmp_path, PEAKS)
    [photo] = read_photos(files, UNEMBEDDED, lambda count: None)
    assert (photo.peak, photo.name, photo.fields["bearing"]) == ("pumori", "pumori/1.jpg", 123.5)
    assert photo.picture.size == (UNEMBEDDED.width, UNEMBEDDED.height)


def test_one_view_alone_and_a_summit_without_a_height() -> None:
    photos = [make_photo("pumori"), make_photo("ama-dablam", "1.jpg"), make_photo("ama-dablam", "2.jpg")]
    assert group_by_peak(photos) == {"pumori": [0], "ama-dablam": [1, 2]}
    [finding] = find_single_views(photos, PEAKS)
    assert finding.subject == "pumori" and "one reference photo (pumori/1.jpg)" in finding.sentence
    [finding] = find_unknown_heights(PEAKS)
    assert finding.subject == "pumori" and "Pumori has no elev_m" in finding.sentence


def test_a_folder_named_by_another_name_of_a_peak_is_a_stranger_with_a_hint(tmp_path: Path) -> None:
    write(tmp_path / "Amai Dablang" / "1.jpg", quadrants())
    [finding] = find_misplaced(find_files(tmp_path, PEAKS), PEAKS)
    assert finding.sentence.endswith("did you mean ama-dablam?")
