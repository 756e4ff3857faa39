"""Reference photos: whose folder each lies in, what its EXIF says, and its picture for the vision tower."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from loader.batches import Advance
from loader.files.images import ModelInput
from loader.files.library import PhotoFile, Skipped, walk_library
from loader.files.photo import Photo, decode_photo
from loader.peaks.catalogue import Peak
from loader.peaks.reference_images import fold_id

# Pictures that nobody embeds are decoded all the same, to see that they can be: to this size.
UNEMBEDDED = ModelInput(64, 64)


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


@dataclass
class ReferenceFiles:
    """What a folder of reference photos holds.

    Attributes:
        of_peaks: the pictures in the peaks' folders, in the order of their names, each with its peak's id.
        strangers: folders with pictures that are named by no peak.
        loose: pictures that lie in no peak's folder but beside them.
        unreadable: pictures in the peaks' folders that cannot be read.
    """

    of_peaks: list[tuple[str, PhotoFile]] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    unreadable: list[Skipped] = field(default_factory=list)


def find_files(folder: Path, peaks: Iterable[Peak]) -> ReferenceFiles:
    """Sort the pictures under a folder by the peaks that its sub-folders are named by (see `fold_id`)."""
    known = {peak.id for peak in peaks}
    library = walk_library(folder)
    files = ReferenceFiles()
    for photo in library.photos:
        top, slash, _ = photo.name.partition("/")
        if not slash:
            files.loose.append(photo.name)
        elif fold_id(top) in known:
            files.of_peaks.append((fold_id(top), photo))
        elif top not in files.strangers:
            files.strangers.append(top)
    files.unreadable = [skip for skip in library.skipped if fold_id(skip.name.partition("/")[0]) in known]
    return files


def read_photos(files: ReferenceFiles, shape: ModelInput, advance: Advance) -> list[ReferencePhoto]:
    """Decode the peaks' pictures one at a time; those that cannot be are added to ``files.unreadable``."""
    photos = []
    for peak, file in files.of_peaks:
        decoded = decode_photo(file, shape)
        if isinstance(decoded, Photo):
            photos.append(ReferencePhoto(peak, decoded.name, decoded.picture, decoded.fields))
        else:
            files.unreadable.append(decoded)
        advance(1)
    return photos


def group_by_peak(photos: Iterable[ReferencePhoto]) -> dict[str, list[int]]:
    """Return the rows of each peak's photos."""
    groups: dict[str, list[int]] = {}
    for row, photo in enumerate(photos):
        groups.setdefault(photo.peak, []).append(row)
    return groups
