"""Labels of photos: from a truth file, from persons' words in the index, from folders, or from sight lines.

A truth file is JSON: a list with one object a photo,

    {"file": "day 3/IMG_2195.JPG", "peaks": ["ama-dablam"], "concepts": ["yak", "sunset"]}

``file`` is the photo's path, or the end of it (from a ``/`` on) that no other photo but its copies has.
``peaks`` and ``concepts`` are lists of ids; an empty list says that the photo shows none, a missing key that
it is not labelled. The demo's
``attributes.json`` says the same with ``peak`` (one id) in place of ``peaks``, and with ``things`` (a list)
and ``sky`` (one id) in place of ``concepts``; other keys are ignored.

Labels are taken as complete: a labelled photo shows nothing that it does not list.
"""
from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evaluation.dataset import Catalogue, Dataset, Photos
from loader.arrays import Bools
from loader.errors import PeaksError
from loader.peaks.catalogue import Peak
from loader.peaks.confirmed import NO_PEAK
from loader.peaks.reference_images import fold_id
from loader.text import list_words

WORDS, SIGHT, FOLDERS = "confirmed", "sight", "folders"
_PEAK_KEYS = ("peaks", "peak")

Shown = Mapping[str, frozenset[str]]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Labels:
    """What photos show, by path; a photo that is not here is not labelled.

    Attributes:
        source: "confirmed", "sight", "folders" or the truth file's name.
        peaks: path to the ids of the peaks that the photo shows.
        concepts: path to the ids of the concepts.
        unknown: ids in the labels that neither index holds; they are ignored.
    """

    source: str
    peaks: Shown
    concepts: Shown = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def are_weak(self) -> bool:
        """Whether the labels are sight lines, which say what a photo may show, not what it does show."""
        return self.source == SIGHT

    def without(self, paths: Collection[str]) -> Labels:
        """Return the labels of the other photos."""
        peaks, concepts = (
            {path: ids for path, ids in shown.items() if path not in paths}
            for shown in (self.peaks, self.concepts)
        )
        return replace(self, peaks=peaks, concepts=concepts)

    def table(self, paths: Sequence[str], catalogue: Catalogue[Any]) -> tuple[Rows, Bools]:
        """Return the rows of the photos that are labelled, ``(n,)``, and what these show, ``(n, m)``."""
        shown = self.peaks if catalogue.kind is Peak else self.concepts
        rows = [row for row, path in enumerate(paths) if path in shown]
        table = [[identifier in shown[paths[row]] for identifier in catalogue.ids] for row in rows]
        shape = len(rows), len(catalogue)
        return np.array(rows, dtype=np.int64), np.array(table, dtype=np.bool_).reshape(shape)


def read_labels(source: str, dataset: Dataset) -> Labels:
    """Read the labels that ``--labels`` names: "confirmed", "sight", "folders", or a truth file's path.

    Raises:
        PeaksError: no photo is labelled, or no label is known.
    """
    if source == WORDS:
        return from_words(dataset)
    if source == SIGHT:
        return from_sight(dataset)
    if source == FOLDERS:
        return from_folders(dataset)
    return from_file(Path(source), dataset)


def from_words(dataset: Dataset) -> Labels:
    """Label the photos of which a person said what they show.

    Raises:
        PeaksError: there is no such photo.
    """
    pairs = zip(dataset.photos.paths, dataset.photos.words, strict=False)  # no words: no pairs
    peaks = {path: frozenset(word) - {NO_PEAK} for path, word in pairs if word}
    if not peaks:
        raise PeaksError(
            "Nobody has said of a photo what it shows: do so in `peaks browse` or with `peaks confirm`, or "
            "give a truth file or folders to --labels."
        )
    return Labels(WORDS, peaks, {}, tuple(sorted(_all_ids(peaks) - set(dataset.peaks.ids))))


def from_sight(dataset: Dataset) -> Labels:
    """Label photos with the peaks that are in the frame and not hidden: weak labels.

    Only photos whose bearing and field of view are known are labelled.

    Raises:
        PeaksError: there is no such photo.
    """
    peaks = {
        path: frozenset(sight.peak.id for sight in view.sights if sight.is_shown)
        for path, view in zip(dataset.photos.paths, dataset.views, strict=True)
        if view.has_frame
    }
    if not peaks:
        raise PeaksError(
            "No photo has a position, a bearing and a focal length, so sight lines label none: give a truth "
            "file or folders to --labels."
        )
    return Labels(SIGHT, peaks)


def from_folders(dataset: Dataset) -> Labels:
    """Label photos by the first folder of their path, which names a peak or a concept by its id.

    Raises:
        PeaksError: no folder does.
    """
    pairs = zip(dataset.photos.paths, dataset.photos.names, strict=True)
    folders = {path: name.partition("/")[0] for path, name in pairs if "/" in name}
    peaks, concepts = (
        {path: frozenset([fold_id(name)]) for path, name in folders.items() if fold_id(name) in ids}
        for ids in (dataset.peaks.ids, dataset.concepts.ids)
    )
    unknown = {name for path, name in folders.items() if path not in peaks and path not in concepts}
    if not peaks and not concepts:
        raise PeaksError(
            f"No photo's first folder ({list_words(sorted(unknown)) or 'there is none'}) is a peak's or "
            "concept's id: name folders as in ama-dablam/IMG_1.JPG, or give a truth file to --labels."
        )
    return Labels(FOLDERS, peaks, concepts, tuple(sorted(unknown)))


def from_file(path: Path, dataset: Dataset) -> Labels:
    """Read a truth file (see the module).

    Raises:
        PeaksError: it cannot be read, names no photo of the index, or no peak or concept of it.
    """
    entries = list(_number_entries(path))
    peaks: dict[str, frozenset[str]] = {}
    concepts: dict[str, frozenset[str]] = {}
    photos = dataset.photos
    places, hashes = _places(photos), dict(zip(photos.paths, photos.hashes, strict=True))
    for where, entry in entries:
        found = places.get(entry["file"], [])
        if len({hashes[path] or path for path in found}) > 1:
            raise PeaksError(f"{where} may mean {list_words(found)}: give more of its path.")
        for labels, keys in ((peaks, _PEAK_KEYS), (concepts, ("concepts", "things", "sky"))):
            shown = _read_ids(entry, keys, where)
            if shown is not None:
                labels.update(dict.fromkeys(found, shown))
    if not peaks and not concepts:
        raise PeaksError(
            f"{path} labels no photo of the index: its {len(entries)} files, such as "
            f"{entries[0][1]['file']!r}, must be paths such as {dataset.photos.paths[0]!r}."
        )
    unknown = _unknown_peaks(path, dataset.peaks, peaks)
    if not dataset.concepts.ids:
        return Labels(path.name, peaks, {}, tuple(unknown))
    unknown += sorted(_all_ids(concepts) - set(dataset.concepts.ids))
    return Labels(path.name, peaks, concepts, tuple(unknown))


def read_peaks_of_files(path: Path) -> dict[str, frozenset[str]]:
    """Return the peaks of each ``file`` of a truth file, as it is written there, that has a list of peaks.

    Raises:
        PeaksError: the file cannot be read.
    """
    shown = {}
    for where, entry in _number_entries(path):
        peaks = _read_ids(entry, _PEAK_KEYS, where)
        if peaks is not None:
            shown[entry["file"]] = peaks
    return shown


def _number_entries(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the entries of a truth file, and how a sentence names each."""
    for number, entry in enumerate(_read_entries(path), 1):
        where = f"Entry {number} of {path}"
        if not entry.get("file") or not isinstance(entry["file"], str):
            raise PeaksError(f'{where} has no "file": give the photo\'s path in the index.')
        yield where, entry


def _read_entries(path: Path) -> list[dict[str, Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PeaksError(
            f"There are no labels in {path} ({error.strerror}): give `confirmed`, `sight`, `folders` or a "
            "JSON file."
        ) from error
    except ValueError as error:
        raise PeaksError(f"{path} is not JSON ({error}).") from error
    if not isinstance(content, list) or not content or not all(isinstance(entry, dict) for entry in content):
        raise PeaksError(f'{path} must be a list of {{"file": …, "peaks": […]}} objects, one a photo.')
    return content


def _read_ids(entry: Mapping[str, Any], keys: Sequence[str], where: str) -> frozenset[str] | None:
    """Return the ids under all of the keys; None when none of them is there."""
    found: set[str] | None = None
    for key in keys:
        if entry.get(key) is None:
            continue
        values = [entry[key]] if isinstance(entry[key], str) else entry[key]
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise PeaksError(f'{where}: "{key}" must be an id or a list of ids.')
        found = (found or set()).union(values)
    return None if found is None else frozenset(found)


def _places(photos: Photos) -> dict[str, list[str]]:
    """Map every end of a path, from a ``/`` on, to the photos that it may mean; a whole name to its own."""
    ends: dict[str, list[str]] = {}
    wholes: dict[str, list[str]] = {}
    for path, name in zip(photos.paths, photos.names, strict=True):
        parts = path.split("/")
        for start in range(len(parts)):
            ends.setdefault("/".join(parts[start:]), []).append(path)
        wholes.setdefault(name, []).append(path)
    return {**ends, **wholes, **{path: [path] for path in photos.paths}}


def _all_ids(shown: Shown) -> set[str]:
    return {identifier for ids in shown.values() for identifier in ids}


def _unknown_peaks(path: Path, catalogue: Catalogue[Any], shown: Shown) -> list[str]:
    """Return the ids that are not in the catalogue; refuses labels of which none is."""
    labelled = _all_ids(shown)
    unknown = sorted(labelled - set(catalogue.ids))
    if labelled and len(unknown) == len(labelled):
        raise PeaksError(
            f"None of the {len(unknown)} peaks in {path} is in the catalogue ({list_words(unknown)}): the "
            f"ids there are such as {list_words(sorted(catalogue.ids))}."
        )
    return unknown
