"""Checks of reference photos as files: their folders, unreadable ones, and identical ones."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from PIL import Image

from loader.batches import Advance
from loader.files.images import ModelInput
from loader.files.photo import Photo, decode_photo
from loader.peaks.catalogue import Peak
from loader.peaks.checks.problems import Problem, error, warning
from loader.peaks.reference_images import References, fold_id
from loader.text import list_words

# Pictures are decoded to this size when they are not embedded, only to see whether they can be read.
UNEMBEDDED = ModelInput(64, 64)
# Ratcliff-Obershelp similarity (difflib) from which a folder's name is taken for a slip of a peak's id.
CLOSE = 0.6


@dataclass(frozen=True)
class ReferencePhoto:
    """A reference photo that can be read.

    Attributes:
        peak: id of the peak whose folder it lies in.
        name: its path from the folder of references.
        picture: RGB, at the vision tower's size.
        fields: as `loader.files.photo.decode_photo` gives them: ``gps``, ``bearing``, ``content_hash``, …
    """

    peak: str
    name: str
    picture: Image.Image
    fields: Mapping[str, Any]


def read_photos(references: References, shape: ModelInput, advance: Advance) -> list[ReferencePhoto]:
    """Decode the peaks' pictures one at a time; those that cannot be are added to ``references.skipped``."""
    photos = []
    for peak, files in references.images.items():
        for file in files:
            decoded = decode_photo(file, shape)
            if isinstance(decoded, Photo):
                photos.append(ReferencePhoto(peak, decoded.name, decoded.picture, decoded.fields))
            else:
                references.skipped.append(decoded)
            advance(1)
    return photos


def group_by_peak(photos: Iterable[ReferencePhoto]) -> dict[str, list[int]]:
    """Return the rows of each peak's photos."""
    groups: dict[str, list[int]] = {}
    for row, photo in enumerate(photos):
        groups.setdefault(photo.peak, []).append(row)
    return groups


def find_same_files(photos: Sequence[ReferencePhoto]) -> list[Problem]:
    """Find reference photos whose files are identical, byte by byte."""
    copies: dict[str, list[ReferencePhoto]] = {}
    for photo in photos:
        copies.setdefault(photo.fields["content_hash"], []).append(photo)
    return [_same_file(group) for group in copies.values() if len(group) > 1]


def _same_file(group: Sequence[ReferencePhoto]) -> Problem:
    names, peaks = [photo.name for photo in group], sorted({photo.peak for photo in group})
    evidence = {"reason": "same file", "photos": names, "peaks": peaks}
    if len(peaks) > 1:
        sentence = (
            f"{list_words(names)} are one file in the folders of {len(peaks)} peaks, which makes their "
            "prototypes alike: leave it with the peak that it shows."
        )
        return error("duplicate", names[0], sentence, **evidence)
    sentence = f"{list_words(names)} are one file, which would count {len(names)} times: keep one."
    return warning("duplicate", names[0], sentence, **evidence)


def find_misplaced(references: References, peaks: Sequence[Peak]) -> list[Problem]:
    """Find folders that name no peak, pictures beside the folders, and pictures that cannot be read."""
    problems = [_unknown(name, peaks) for name in references.unknown]
    for name in references.loose:
        sentence = f"{name} lies in no peak's folder, so it is not used: move it into the folder of its peak."
        problems.append(warning("gap", name, sentence, reason="no folder"))
    for skip in references.skipped:
        sentence = f"{skip.name} cannot be read ({skip.reason}): replace or remove it."
        problems.append(warning("gap", skip.name, sentence, reason="unreadable", why=skip.reason))
    return problems


def _unknown(folder: str, peaks: Sequence[Peak]) -> Problem:
    spellings = {fold_id(word): peak.id for peak in peaks for word in (*peak.names, peak.id)}
    close = [spellings[word] for word in get_close_matches(fold_id(folder), spellings, n=1, cutoff=CLOSE)]
    fix = f"; did you mean {close[0]}?" if close else ": name it by a peak's id, or remove it."
    sentence = f"The folder {folder} is named by no peak of the catalogue, so its photos are not used{fix}"
    return warning("gap", folder, sentence, reason="no such peak", closest=close[0] if close else None)


def find_single_views(photos: Sequence[ReferencePhoto], peaks: Sequence[Peak]) -> list[Problem]:
    """Find peaks with one reference photo: their prototype is one view, and no other contradicts it."""
    names = {peak.id: peak.name for peak in peaks}
    return [
        warning(
            "gap",
            peak,
            f"{names[peak]} has one reference photo ({photos[rows[0]].name}), so its prototype knows one "
            "view in one light: add two others.",
            reason="one reference",
            photo=photos[rows[0]].name,
        )
        for peak, rows in group_by_peak(photos).items()
        if len(rows) == 1
    ]
