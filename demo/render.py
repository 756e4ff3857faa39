"""Draws trek photos as files and a truth file beside them: `python -m demo.render --output DIR --count N`."""

from __future__ import annotations

import json
import multiprocessing
import os
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import click
import numpy as np

from demo.captions import load_vocabulary
from demo.photo_file import write_photo
from demo.scene import PEAKS, SKIES, SKY_SHARES, Scene, choose_scene, draw_scene, view_of
from demo.trail import Shot, choose_shot

TRUTH_FILE = "attributes.json"
LONG_SIDE = 800  # pixels
HEIC_SHARE = 0.4
DESCRIBED_SHARE = 0.2
FIRST_NUMBER = 1512


@dataclass(frozen=True)
class Photo:
    """A photo to write: the scene, where it was taken and how the file looks."""

    scene: Scene
    shot: Shot
    name: str
    content: str
    orientation: int
    description: str | None


@click.command()
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), required=True,
              help="Folder to write to.")
@click.option("--count", type=click.IntRange(min=1), default=60, show_default=True, help="How many photos.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed draws the same photos.")
@click.option("--processes", type=click.IntRange(min=1), help="Processes; all cores without it.")
def main(output: Path, count: int, seed: int, processes: int | None) -> None:
    """Draw trek photos (JPEG and HEIC with EXIF) and attributes.json, which says what each one shows."""
    photos = render(output, count, seed, processes)
    click.echo(f"{len(photos)} photos and {TRUTH_FILE} written to {output}")


def render(
    output: Path, count: int, seed: int, processes: int | None = None, long_side: int = LONG_SIDE
) -> list[Photo]:
    """Draw and write `count` photos of a seed and the truth file; returns what was written.

    Args:
        output: folder for all files.
        count: how many photos.
        seed: the same seed plans the same photos.
        processes: that draw; all cores without it.
        long_side: of each picture, pixels.
    """
    output.mkdir(parents=True, exist_ok=True)
    remove_earlier(output)
    photos = plan_photos(count, seed)
    workers = min(processes or os.cpu_count() or 1, count)
    tasks = [(output, photo, long_side) for photo in photos]
    if workers == 1:
        for task in tasks:
            write_task(task)
    else:
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            pool.map(write_task, tasks, chunksize=4)
    write_truth(output / TRUTH_FILE, photos)
    return photos


def remove_earlier(output: Path) -> None:
    """Remove the photos of an earlier run, as its truth file names them, and nothing else."""
    truth = output / TRUTH_FILE
    if truth.is_file():
        for entry in json.loads(truth.read_text(encoding="utf-8")):
            (output / Path(entry["file"]).name).unlink(missing_ok=True)
        truth.unlink()


def plan_photos(count: int, seed: int) -> list[Photo]:
    """Decide what every photo shows and how its file looks: peaks evenly, skies by their shares."""
    rng = np.random.default_rng([seed, 0])
    peaks = [PEAKS[i % len(PEAKS)] for i in range(count)]
    rng.shuffle(peaks)
    photos = [plan_photo(i, peak, seed, rng) for i, peak in enumerate(peaks)]
    # A phone's exporter that renames without converting: a file whose ending lies.
    liar = int(rng.integers(count))
    renamed = Path(photos[liar].name).with_suffix(".HEIC").name
    photos[liar] = Photo(photos[liar].scene, photos[liar].shot, renamed, "jpeg", 1, photos[liar].description)
    return photos


def plan_photo(index: int, peak: str, seed: int, rng: np.random.Generator) -> Photo:
    """One photo: scene, shot, name and format; orientations take turns so that all eight occur."""
    sky = str(rng.choice(SKIES, p=SKY_SHARES))
    scene = choose_scene(seed * 1_000_003 + index, peak=peak, sky=sky)
    offset = view_of(scene).centre / scene.aspect - 0.5
    shot = choose_shot(peak, sky, offset, scene.aspect < 1, rng)
    content = "heic" if rng.random() < HEIC_SHARE else "jpeg"
    name = file_name(index, content, shot, rng)
    orientation = index % 8 + 1
    return Photo(scene, shot, name, content, orientation, describe(scene, seed + index, rng))


def file_name(index: int, content: str, shot: Shot, rng: np.random.Generator) -> str:
    """A name as phones and people give it, some with blanks."""
    number, ending = FIRST_NUMBER + 3 * index, "HEIC" if content == "heic" else "JPG"
    style = rng.random()
    if style < 0.12:
        return f"IMG_{number} Copy.{ending}"
    if style < 0.30:
        return f"Day {shot.place.day} {shot.place.name} {number}.{ending}"
    return f"IMG_{number}.{ending}"


def describe(scene: Scene, seed: int, rng: np.random.Generator) -> str | None:
    """A description for some photos, as people write it into the file."""
    if rng.random() >= DESCRIBED_SHARE:
        return None
    vocabulary, choice = load_vocabulary(), Random(seed)
    shown = scene.attributes
    things = [vocabulary.phrase("things", thing, "en") for thing in sorted(shown.things)]
    name = choice.choice(vocabulary.peak_names(shown.peak, "en"))
    return vocabulary.combine("en", name, vocabulary.phrase("skies", shown.sky, "en"), things)


def write_task(task: tuple[Path, Photo, int]) -> None:
    """Draw one photo in a long side of so many pixels and write its file."""
    folder, photo, long_side = task
    height = long_side if photo.scene.aspect < 1 else round(long_side / photo.scene.aspect)
    picture = draw_scene(photo.scene, height)
    write_photo(
        folder / photo.name,
        picture,
        photo.shot,
        orientation=photo.orientation,
        content=photo.content,
        description=photo.description,
    )


def write_truth(path: Path, photos: list[Photo]) -> None:
    """attributes.json: one entry a photo, sorted by name."""
    entries = sorted((truth_of(photo) for photo in photos), key=lambda entry: str(entry["file"]))
    text = json.dumps(entries, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def truth_of(photo: Photo) -> dict[str, Any]:
    """What is true of a photo: what it shows, where and when it was taken, how it is stored."""
    shown, shot = photo.scene.attributes, photo.shot
    return {
        "file": photo.name,
        "peak": shown.peak,
        "sky": shown.sky,
        "things": sorted(shown.things),
        "place": shot.place.name,
        "lat": round(shot.place.lat, 6),
        "lon": round(shot.place.lon, 6),
        "altitude": round(shot.place.altitude, 1),
        "bearing": round(shot.bearing, 2),
        "focal_length_35mm": shot.focal_length_35mm,
        "taken": shot.taken.isoformat(),
        "offset": shot.offset,
        "content": photo.content,
        "orientation": photo.orientation,
        "description": photo.description,
    }


if __name__ == "__main__":
    main()
