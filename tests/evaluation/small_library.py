"""A library of 48 photos made by hand: four peaks, two concepts, cameras that look where they say."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evaluation.dataset import Catalogue, Dataset, Photos
from evaluation.labels import Labels
from evaluation.samples import LabelledPhotos
from loader.arrays import Bools, Vectors
from loader.elastic.models import DeployedModel
from loader.peaks.catalogue import Concept, EntryT, Peak
from loader.peaks.sight.geometry import Camera, Summits
from loader.peaks.siglip import SiglipSigmoid
from loader.place import Point
from tests.vectors import unit

PEAKS = ("north", "east", "south", "west")
CONCEPTS = ("yak", "tent")
DIMS = 16
PHOTOS = 48
SIGLIP = SiglipSigmoid(logit_scale=3.0, logit_bias=-8.0)
# The camera stands in the middle; each summit stands 10 km away in its direction, 2 km above it.
HERE = (27.9, 86.8)
_AWAY = 0.09
SUMMITS = Summits.gather(
    [
        Peak("north", ("North",), Point(HERE[0] + _AWAY, HERE[1]), 6000),
        Peak("east", ("East",), Point(HERE[0], HERE[1] + _AWAY / np.cos(np.radians(HERE[0]))), 6000),
        Peak("south", ("South",), Point(HERE[0] - _AWAY, HERE[1]), 6000),
        Peak("west", ("West",), Point(HERE[0], HERE[1] - _AWAY / np.cos(np.radians(HERE[0]))), 6000),
    ]
)


def wobble(count: int, dims: int) -> Vectors:
    """Numbers that look random and are the same everywhere: sines of growing angles."""
    angles = np.arange(1, count * dims + 1, dtype=np.float64).reshape(count, dims)
    return np.sin(angles * angles * 0.7).astype(np.float32)


def prototypes(count: int, first: int) -> Vectors:
    """Vectors along axes of their own."""
    return np.eye(DIMS, dtype=np.float32)[first : first + count]


def shown_peaks() -> Bools:
    """Photo i shows peak i mod 4 and no other, ``(48, 4)``."""
    return np.equal.outer(np.arange(PHOTOS) % 4, np.arange(4))


def shown_concepts() -> Bools:
    """Every third photo shows a yak, every second a tent, ``(48, 2)``."""
    rows = np.arange(PHOTOS)
    return np.stack([rows % 3 == 0, rows % 2 == 0], axis=1)


def photo_vectors(noise: float = 0.18) -> Vectors:
    """Each photo leans to what it shows, and a little to everything."""
    leaning = shown_peaks().astype(np.float32) @ prototypes(4, 0)
    leaning = leaning + 0.8 * shown_concepts().astype(np.float32) @ prototypes(2, 4)
    return unit(leaning + noise * 2 * wobble(PHOTOS, DIMS))


def cameras(*, with_position: bool = True) -> tuple[Camera | None, ...]:
    """Photo i looks at its peak, up to 10° aside, 60° wide; photos from the 41st on have no position."""
    bearings = (np.arange(PHOTOS) % 4) * 90.0 + 10 * np.sin(np.arange(PHOTOS))
    return tuple(
        Camera(*HERE, altitude=4000.0, bearing=float(bearing) % 360, field_of_view=60.0)
        if with_position and row < 40
        else None
        for row, bearing in enumerate(bearings)
    )


def catalogue(entries: Sequence[EntryT], first: int) -> Catalogue[EntryT]:
    """Entries with two names each, one in English and one in German."""
    named = tuple(
        replace(
            entry,
            names=(entry.id.title(), f"{entry.id.title()}berg"),
            names_by_language={"en": (entry.id.title(),), "de": (f"{entry.id.title()}berg",)},
        )
        for entry in entries
    )
    return Catalogue(type(entries[0]), named, prototypes(len(named), first))


def make_dataset(*, folder: str = "day 1", with_position: bool = True) -> Dataset:
    """The whole library; photos are called ``day 1/IMG_00.JPG`` and so on."""
    return Dataset(
        photos=Photos(
            paths=tuple(f"{folder}/IMG_{row:02}.JPG" for row in range(PHOTOS)),
            hashes=tuple(f"{row:064x}" for row in range(PHOTOS)),
            vectors=photo_vectors(),
            cameras=cameras(with_position=with_position),
        ),
        peaks=catalogue(SUMMITS.peaks, 0),
        concepts=catalogue([Concept(slug, ()) for slug in CONCEPTS], 4),
        model=DeployedModel("small", "f" * 16, "c" * 16, DIMS, SIGLIP.logit_scale, SIGLIP.logit_bias),
        siglip=SIGLIP,
    )


def make_labels(*, concepts: bool = True) -> Labels:
    """What the photos show, as a truth file would say."""
    paths = make_dataset().photos.paths
    peaks = {path: frozenset([PEAKS[row % 4]]) for row, path in enumerate(paths)}
    things = {
        path: frozenset(name for name, is_there in zip(CONCEPTS, row, strict=True) if is_there)
        for path, row in zip(paths, shown_concepts(), strict=True)
    }
    return Labels("truth.json", peaks, things if concepts else {})


def sighted_photos() -> LabelledPhotos:
    """The forty photos with a position and a direction."""
    return LabelledPhotos.gather(make_dataset(), make_labels()).with_bearing()
