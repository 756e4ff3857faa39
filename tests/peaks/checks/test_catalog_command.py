"""`peaks catalog check` without a cluster, as a person types it."""
from __future__ import annotations

import json
import shutil
from pathlib import Path

from click.testing import Result

from tests.conftest import DEMO_CHECKPOINT, NOWHERE, invoke, repaired_catalogue
from tests.peaks.checks.reference_folders import NORTH, place_peak, write_photo

EAST = place_peak("east-peak", 90, 5000)


def check(*arguments: str | Path) -> Result:
    return invoke("catalog", "check", *arguments, env={"PEAKS_CHECKPOINT": None, "ES_URL": None})


def write_catalogue(folder: Path) -> Path:
    path = folder / "peaks.yaml"
    path.write_text(
        "".join(
            f"- id: {peak.id}\n  names: [{peak.name}]\n"
            f"  latlon: {json.dumps(peak.document()['latlon'])}\n  elev_m: {peak.elev_m}\n"
            for peak in (NORTH, EAST)
        )
    )
    return path


def write_references(folder: Path) -> Path:
    """Two good photos of each peak; a photo of the east peak among those of the north."""
    for peak, bearing, colours in ((NORTH, 0, ("navy", "teal", "gray")), (EAST, 90, ("red", "tan", "gold"))):
        for place, colour in enumerate(colours):
            write_photo(folder / peak.id / f"{place}.jpg", bearing, colour)
    write_photo(folder / NORTH.id / "wrong.jpg", 91, "pink")
    write_photo(folder / EAST.id / "scan.jpg", None, "white")
    return folder


def test_a_good_catalogue_is_exit_code_0(tmp_path: Path) -> None:
    result = check(write_catalogue(tmp_path), "--offline")
    assert (result.exit_code, result.output) == (
        0,
        "Not checked: reference photos, no --reference-images.\n"
        "Not checked: the peaks' names against one another, --offline.\n"
        "\n"
        "2 peaks, 0 reference photos: nothing is wrong\n",
    )


def test_a_photo_in_the_wrong_folder_is_exit_code_1(tmp_path: Path) -> None:
    folder = write_references(tmp_path / "references")
    result = check(write_catalogue(tmp_path), "--reference-images", folder, "--offline")
    assert (result.exit_code, result.output) == (
        1,
        "Reference photos by where the camera looked\n"
        "  error  north-peak/wrong.jpg looks 91° (E), 40° wide, but North Peak lies at 0° (N), 91° to the "
        "left; in the frame is East Peak (5.0 km away): move it to the folder east-peak, or remove it.\n"
        "\n"
        "Not checked: sight lines of 1 of 8 reference photos, no GPS position (east-peak/scan.jpg).\n"
        "Not checked: vectors of the reference photos, no --checkpoint.\n"
        "Not checked: the peaks' names against one another, --offline.\n"
        "\n"
        "2 peaks, 8 reference photos: 1 error, 0 warnings\n",
    )


def test_warnings_alone_are_exit_code_0(tmp_path: Path) -> None:
    folder = tmp_path / "references"
    write_photo(folder / "north_peak" / "1.jpg", 0)
    shutil.copy(folder / "north_peak" / "1.jpg", folder / "north_peak" / "2.jpg")
    result = check(write_catalogue(tmp_path), "--reference-images", folder, "--offline", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (document["errors"], document["warnings"]) == (0, 1)
    assert document["problems"][0]["evidence"]["reason"] == "same file"


def test_pictures_are_compared_with_one_another_without_a_cluster(tmp_path: Path) -> None:
    folder = write_references(tmp_path / "references")
    (folder / EAST.id / "scan.jpg").unlink()
    write_photo(folder / EAST.id / "again.png", None, "gold")
    result = check(write_catalogue(tmp_path), "--reference-images", folder, "--offline",
                   "--checkpoint", DEMO_CHECKPOINT, "--json")
    document = json.loads(result.stdout)
    near = [one for one in document["problems"] if one["evidence"]["reason"] == "near picture"]
    assert [one["evidence"]["photos"] for one in near] == [["east-peak/2.jpg", "east-peak/again.png"]]
    left_out = {"what": "reference photos against the peaks' names", "why": "--offline"}
    assert left_out in document["not_checked"]


def test_all_mistakes_of_a_file_are_told_in_one_run(tmp_path: Path) -> None:
    path = write_catalogue(tmp_path)
    text = path.read_text()
    path.write_text(text + text + "- id: X\n  names: [X]\n  latlon: {lat: 1, lon: 2}\n")
    result = check(path, "--offline", "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["errors"], document["peaks"]) == (1, 3, 2)


def test_a_catalogue_of_which_nothing_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "peaks.yaml"
    path.write_text("words\n")
    result = check(path, "--offline")
    assert result.exit_code == 1
    assert result.output.endswith(
        f"Not checked: everything else, no peak of {path} can be read.\n\n"
        "0 peaks, 0 reference photos: 1 error, 0 warnings\n"
    )


def test_without_a_file_or_a_cluster_one_sentence_says_so(tmp_path: Path) -> None:
    result = check("--offline")
    assert result.exit_code == 2
    assert "--offline reaches no index: give the catalogue's FILE." in result.output
    result = check(write_catalogue(tmp_path), "--url", NOWHERE)
    assert result.exit_code == 1
    assert result.output.count("\n") == 1 and "does not answer" in result.output


def test_the_mislabelled_photo_of_the_published_references_is_found(shared: Path, tmp_path: Path) -> None:
    """And nothing else there is an error."""
    repaired = tmp_path / "repaired.yaml"
    repaired.write_text(repaired_catalogue(shared), encoding="utf-8")
    result = check(repaired, "--reference-images", shared / "reference-peaks", "--offline", "--json")
    document = json.loads(result.stdout)
    errors = [problem for problem in document["problems"] if problem["severity"] == "error"]
    assert [problem["sentence"] for problem in errors] == [
        "ama_dablam/IMG_2498.HEIC looks 269° (W), 12° wide, but Ama Dablam lies at 142° (SE), 127° to the "
        "left; in the frame is Taboche (5.0 km away): move it to the folder taboche, or remove it."
    ]
    assert result.exit_code == 1
    assert (document["peaks"], document["photos"]) == (25, 8)
    warnings = [problem["subject"] for problem in document["problems"] if problem["severity"] == "warning"]
    assert warnings == ["mount-everest"]
    assert document["not_checked"][0]["why"] == "no GPS position (mount-everest/2.jpg)"


def test_the_published_catalogue_as_it_stands(shared: Path) -> None:
    result = check(shared / "peaks.yaml", "--offline")
    assert result.exit_code == 1
    assert "the id 'ama-dablam' stands on line 4 and again on line 59, 51 m apart under" in result.output
    assert result.output.endswith("25 peaks, 0 reference photos: 1 error, 0 warnings\n")
