"""`peaks sight` as a person calls it."""
from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Literal

import pytest
from click.testing import Result
from PIL import Image

from loader.show.sight.words import NO_POSITION
from tests.conftest import NOWHERE, Node, call_peaks, invoke
from tests.peaks.sight.views import GPS_TAGS, valley_summits, write_catalogue, write_photo_file

WITHOUT_MATPLOTLIB = """
import sys
sys.modules["matplotlib"] = None
from loader.cli import main
main(["sight", "--help"])
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    return write_catalogue(tmp_path / "peaks.yaml", valley_summits().peaks)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return write_photo_file(tmp_path / "IMG_1.jpg")


def run(*arguments: str | Path) -> Result:
    return invoke("sight", *arguments)


def test_a_catalogue_file_needs_no_cluster(photo: Path, catalogue: Path) -> None:
    result = run(photo, "--peaks", catalogue, "--url", NOWHERE)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"{photo}: Left Horn, Near Tooth, Right Edge"
    assert lines[1] == (
        "  from 46.0000, 7.6000, 2,000 m, looking 90° (E) from true north, 65° wide; 2024-08-01 12:00 +02:00"
    )
    assert lines[2].split() == ["peak", "distance", "bearing", "offset", "above", "level", "frame"]
    assert " ".join(lines[5].split()) == "Great Dome 15.0 km 93° (E) 3.0° right 7.9° behind Near Tooth"
    without = run(photo, "--url", NOWHERE)
    assert without.exit_code == 1 and without.output.startswith("Error: Elasticsearch does not answer")


def test_several_images_one_block_each_and_the_unreadable_named(
    photo: Path, catalogue: Path, tmp_path: Path
) -> None:
    bare = write_photo_file(tmp_path / "bare.jpg", gps={}, exif={})
    text = tmp_path / "notes.jpg"
    text.write_text("no picture")
    result = run(photo, text, bare, "missing.jpg", "--peaks", catalogue)
    assert result.exit_code == 0
    blocks = result.stdout.split("\n\n")
    assert len(blocks) == 2 and blocks[1] == f"{bare}: no position\n"
    assert result.stderr.splitlines() == [
        f"Skipped: {text} cannot be read as an image: the content is not an image "
        "(JPEG, PNG, WebP, HEIF and TIFF are read).",
        "Skipped: There is no image file missing.jpg: check the path.",
        "2 photos: 1 with a peak in the frame, 1 no position, 2 skipped",
    ]
    result = run("missing.jpg", "--peaks", catalogue)
    assert result.exit_code == 2 and result.stdout == ""


@pytest.mark.parametrize(("stored", "asked"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_an_image_is_found_in_both_unicode_forms(
    catalogue: Path, tmp_path: Path, stored: Literal["NFC", "NFD"], asked: Literal["NFC", "NFD"]
) -> None:
    photo = write_photo_file(tmp_path / unicodedata.normalize(stored, "Vallée/Prière.jpg"))
    typed = unicodedata.normalize(asked, str(photo))
    for image in (typed, str(Path(typed).parent)):
        result = run(image, "--peaks", catalogue)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.startswith(f"{photo}: Left Horn")


def test_a_folder_is_gone_through(catalogue: Path, tmp_path: Path) -> None:
    trek = tmp_path / "trek"
    one, other = write_photo_file(trek / "day 2" / "b.jpg"), write_photo_file(trek / "day 1" / "a.JPG")
    (trek / "day 1" / "broken.jpg").write_bytes(b"")
    (trek / "notes.txt").write_text("no picture")
    (trek / "no image.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "empty").mkdir()
    result = run(trek, tmp_path / "empty", "--peaks", catalogue, "--output", tmp_path / "drawings")
    assert result.exit_code == 0, result.output
    named = [block.partition(":")[0] for block in result.stdout.split("\n\n")]
    assert named == [str(other), str(one)]
    assert [line for line in result.stderr.splitlines() if line.startswith("Skipped")] == [
        f"Skipped: {trek}/day 1/broken.jpg cannot be read: the file is empty.",
        f"Skipped: {trek}/no image.jpg cannot be read: a link to nothing.",
        f"Skipped: The folder {tmp_path}/empty holds no photo that can be read.",
    ]
    assert result.stderr.splitlines()[-1] == "2 photos: 2 with a peak in the frame, 3 skipped"
    assert {path.name for path in (tmp_path / "drawings").iterdir()} == {"a.sight.png", "b.sight.png"}
    document = json.loads(run(trek, "--peaks", catalogue, "--json").stdout)
    assert [entry["path"] for entry in document["photos"]] == named
    assert [entry["path"] for entry in document["skipped"]] == [
        str(trek / "day 1" / "broken.jpg"), str(trek / "no image.jpg")
    ]
    assert run(tmp_path / "empty", "--peaks", catalogue).exit_code == 2


def test_json(photo: Path, catalogue: Path) -> None:
    document = json.loads(run(photo, "missing.jpg", "--peaks", catalogue, "--json").stdout)
    assert [len(entry["peaks"]) for entry in document["photos"]] == [7]
    assert document["skipped"] == [
        {"path": "missing.jpg", "reason": "There is no image file missing.jpg: check the path."}
    ]


def test_all_lists_what_is_around(catalogue: Path, tmp_path: Path) -> None:
    around = write_photo_file(tmp_path / "around.jpg", gps=GPS_TAGS)
    few, everything = (run(around, "--peaks", catalogue, *more).stdout for more in ((), ("--all",)))
    assert few.endswith("\n2 more around; --all shows them.\n")
    assert len(everything.splitlines()) == len(few.splitlines()) + 1


def test_a_zone_is_the_clock_of_photos_that_do_not_tell(catalogue: Path, tmp_path: Path) -> None:
    from PIL.ExifTags import Base

    silent = write_photo_file(tmp_path / "silent.jpg", exif={Base.DateTimeOriginal: "2024:08:01 12:00:00"})
    assert "2024-08-01 12:00 +05:45" in run(silent, "--peaks", catalogue, "--timezone", "+05:45").stdout
    assert run(silent, "--peaks", catalogue, "--timezone", "Nowhere").exit_code == 1


@pytest.mark.parametrize("name", ["sight.png", "sight.svg"])
def test_a_drawing_of_one_image(name: str, photo: Path, catalogue: Path, tmp_path: Path) -> None:
    file = tmp_path / name
    result = run(photo, "--peaks", catalogue, "--output", file)
    assert result.exit_code == 0 and result.stderr == f"Drawing: {file}\n"
    if name.endswith("png"):
        Image.open(file).load()
    else:
        assert "Near Tooth" in file.read_text(encoding="utf-8")


def test_a_folder_gets_a_drawing_for_each_image(photo: Path, catalogue: Path, tmp_path: Path) -> None:
    twin = write_photo_file(tmp_path / "other" / "IMG_1.jpg")
    bare = write_photo_file(tmp_path / "bare.jpg", gps={}, exif={})
    folder = tmp_path / "drawings"
    result = run(photo, twin, bare, photo, "--peaks", catalogue, "--output", folder)
    assert result.exit_code == 0
    assert {path.name for path in folder.iterdir()} == {"IMG_1.sight.png", "IMG_1-2.sight.png"}
    assert f"Not drawn: {bare}. {NO_POSITION}" in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("all.png", "holds one drawing and there are 2 images: give --output a folder."),
        ("all.gif", "is neither .png nor .svg: give --output one of these, or a folder."),
    ],
)
def test_an_output_that_cannot_hold_the_answer(
    output: str, sentence: str, photo: Path, catalogue: Path, tmp_path: Path
) -> None:
    other = write_photo_file(tmp_path / "IMG_2.jpg")
    result = run(photo, other, "--peaks", catalogue, "--output", tmp_path / output)
    assert result.exit_code == 1 and result.stderr == f"Error: {tmp_path / output} {sentence}\n"


def test_a_drawing_never_overwrites_the_photo(catalogue: Path, tmp_path: Path) -> None:
    photo = write_photo_file(tmp_path / "IMG_1.png")
    before = photo.read_bytes()
    result = run(photo, "--peaks", catalogue, "--output", photo)
    assert result.exit_code == 1 and "would overwrite the image" in result.stderr
    assert photo.read_bytes() == before
    result = run(photo, "--peaks", catalogue, "--output", photo / "sight.png")
    assert result.exit_code == 1 and "name a file in a folder that you can write to." in result.stderr


def test_damaged_pixels_cost_the_picture_only(photo: Path, catalogue: Path, tmp_path: Path) -> None:
    photo.write_bytes(photo.read_bytes()[:-60])
    result = run(photo, "--peaks", catalogue, "--output", tmp_path / "sight.svg")
    assert result.exit_code == 0 and "Drawn without the photo" in result.stderr
    assert "Near Tooth" in (tmp_path / "sight.svg").read_text(encoding="utf-8")


def test_a_bad_catalogue_is_one_sentence_with_its_line(photo: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("- id: a\n  names: [A]\n")
    result = run(photo, "--peaks", bad)
    assert result.exit_code == 1 and f"{bad}, line 1" in result.stderr


def test_the_help_needs_no_drawing_library() -> None:
    result = subprocess.run([sys.executable, "-c", WITHOUT_MATPLOTLIB], capture_output=True, text=True)
    assert result.returncode == 0 and "or a folder for one PNG each" in " ".join(result.stdout.split())


@pytest.mark.cluster
def test_the_index_is_the_catalogue(node: Node, fresh_indices: str, photo: Path, catalogue: Path) -> None:
    empty = run(photo, "--url", node.url)
    assert empty.exit_code == 1 and "The catalogue peaks_catalog is empty" in empty.stderr
    call_peaks("load-peaks", catalogue, "--url", node.url)
    from_index, from_file = run(photo, "--url", node.url), run(photo, "--peaks", catalogue)
    assert from_index.exit_code == 0 and from_index.stdout == from_file.stdout
