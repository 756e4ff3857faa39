"""Write photo files that are made to hurt a loader into a folder, and say of each what is wrong with it.

Run with `python scripts/make_hostile_photos.py FOLDER`. What must become of each file stands beside its maker
in `scripts/hostile_photos/`; tests/files/test_hostile_photos.py holds the loader to it.
"""
from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import click

if __name__ == "__main__":  # a script finds only what lies beside it
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.hostile_photos.case import Case
from scripts.hostile_photos.exif_cases import exif_cases
from scripts.hostile_photos.exif_structure_cases import exif_structure_cases
from scripts.hostile_photos.file_cases import file_cases
from scripts.hostile_photos.folder_cases import folder_cases
from scripts.hostile_photos.heif_cases import heif_cases, webp_cases
from scripts.hostile_photos.jpeg_cases import jpeg_cases
from scripts.hostile_photos.png_cases import png_cases
from scripts.hostile_photos.tiff_cases import tiff_cases


def all_cases() -> Iterator[Case]:
    """Yield every hostile file, in the order in which they can be made."""
    return chain(
        *(file_cases(), jpeg_cases(), png_cases(), webp_cases(), heif_cases(), tiff_cases()),
        *(exif_cases(), exif_structure_cases(), folder_cases()),
    )


def make_hostile_photos(folder: Path) -> list[Case]:
    """Write every hostile file into a folder, which must be empty or not be there.

    Returns:
        The cases, in the order in which they were made.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise click.ClickException(f"{folder} is not empty: name a new folder.")
    cases = list(all_cases())
    for case in cases:
        path = case.path(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        case.make(path)
    return cases


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Write hostile photo files into FOLDER and say what each is."""
    cases = make_hostile_photos(folder)
    for case in cases:
        click.echo(f"{ascii(case.printable)[1:-1]:<60} {case.about}")
    click.echo(f"{len(cases)} hostile files in {folder}")


if __name__ == "__main__":
    main()
