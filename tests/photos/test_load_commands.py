"""The loading commands where no cluster is needed: refusals of one sentence."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import NOWHERE, invoke


def test_a_bad_catalogue_is_refused_before_the_cluster_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "peaks.yaml"
    path.write_text("- id: a\n  names: [A]\n  latlon: {lat: 1, lon: 2}\n- id: a\n  names: [B]\n"
                    "  latlon: {lat: 1, lon: 2}\n")
    result = invoke("load-peaks", path, "--url", NOWHERE)
    assert result.exit_code == 1
    assert result.output == (
        f"Error: {path}: the id 'a' stands on line 1 and again on line 4; an id names one peak, so remove or "
        "rename one of them.\n"
    )


def test_the_catalogue_in_the_wild_is_refused(shared: Path) -> None:
    result = invoke("load-peaks", shared / "peaks.yaml", "--url", NOWHERE)
    assert result.exit_code == 1 and "line 4 and again on line 59" in result.output


@pytest.mark.parametrize("command", ["load-peaks", "load-concepts", "load-photos"])
def test_a_cluster_that_is_down_is_one_sentence(command: str, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.yaml"
    latlon = "  latlon: {lat: 1, lon: 2}\n" if command == "load-peaks" else ""
    path.write_text(f"- id: a\n  names: [A]\n{latlon}")
    result = invoke(command, tmp_path if command == "load-photos" else path, "--url", NOWHERE)
    assert result.exit_code == 1
    assert result.output.startswith("Error: Elasticsearch does not answer") and result.output.count("\n") == 1


def test_a_single_photo_is_refused_with_what_can_be_done(tmp_path: Path) -> None:
    path = tmp_path / "one.HEIC"
    path.write_bytes(b"photo")
    result = invoke("load-photos", path, "--url", NOWHERE)
    assert result.exit_code == 2 and (
        f"{path} is a file, and whole folders are loaded: give {tmp_path} (`peaks identify` and "
        "`peaks sight` take one file)."
    ) in result.output


def test_a_zone_nobody_knows_is_refused(tmp_path: Path) -> None:
    result = invoke("load-photos", tmp_path, "--timezone", "Nowhere", "--url", NOWHERE)
    assert result.exit_code == 1 and "There is no time zone 'Nowhere'" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("load-peaks", "absent.yaml"),
        ("load-concepts", "absent.yaml"),
        ("load-photos", "absent"),
        ("load-photos", ".", "--top-peaks", "0"),
        ("load-peaks", __file__, "--alpha-text", "1.5"),
        ("load-peaks", __file__, "--max-images", "0"),
    ],
)
def test_impossible_options_are_usage_errors(arguments: tuple[str, ...]) -> None:
    assert invoke(*arguments).exit_code == 2
