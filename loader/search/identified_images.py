"""Images that a person asks about: files that are decoded and embedded here, or taken from the index."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any

import numpy as np
from elasticsearch import ApiError, Elasticsearch

from loader.elastic.indices import PHOTOS
from loader.elastic.models import check_checkpoint, deployed_model, read_index_model
from loader.errors import PeaksError
from loader.files.library import PhotoFile, Skipped
from loader.files.photo import decode_photo
from loader.peaks.sight.fields import read_camera
from loader.peaks.sight.geometry import Camera
from loader.peaks.siglip import Calibration
from loader.vision.image_vectors import LocalVision, find_indexed
from loader.vision.vectors import Vectors

_NO_SIGLIP = (
    "SigLIP's temperature and bias are not known, because the text model is not deployed here: name the "
    "checkpoint that the photos were loaded with, --checkpoint DIR_OR_HUB_ID (PEAKS_CHECKPOINT)."
)


@dataclass(frozen=True)
class AskedImage:
    """An image with all that identification needs of it.

    Attributes:
        path: as the person gave it.
        vector: float32 ``(1, dims)``, length 1.
        fields: what its EXIF says, as a document's fields.
    """

    path: str
    vector: Vectors
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def camera(self) -> Camera | None:
        """Where it was taken from; None when it has no position."""
        return read_camera(self.fields)

    @property
    def thumbnail(self) -> str:
        """Base64 JPEG."""
        return str(self.fields.get("thumbnail", ""))


def open_vision(client: Elasticsearch, name: str | None) -> LocalVision:
    """Return the vision tower of a checkpoint, opened when the first image needs it.

    Args:
        client: of the cluster.
        name: of the checkpoint; None when the person named none.

    Raises:
        PeaksError: it is not the one that the photos were loaded with.
    """
    vision = LocalVision(name)
    if name is not None:
        check_checkpoint(read_index_model(client, PHOTOS), PHOTOS, vision.checkpoint)
    return vision


def read_asked_image(
    client: Elasticsearch, path: str, vision: LocalVision, zone: tzinfo | None = None
) -> AskedImage:
    """Read an image: from the index when it is there and no checkpoint was named, from its file otherwise.

    Args:
        client: of the cluster.
        path: of a file, or of an indexed photo as the other commands print it.
        vision: the checkpoint that the photos were loaded with.
        zone: the camera's clock where a file does not tell its UTC offset.

    Raises:
        PeaksError: there is no such image, it cannot be read, or no checkpoint was named to embed it with.
    """
    known = None if vision.name else find_indexed(client, path)
    if known is not None:
        stored = client.get(index=PHOTOS, id=known.ids[0], source_excludes=["clip_image"])["_source"]
        return AskedImage(path, np.array([known.vector], dtype=np.float32), stored)
    if not Path(path).is_file():
        raise PeaksError(f"There is no image file {path}, and no indexed photo of that path: check it.")
    photo = decode_photo(PhotoFile(Path(path), path, ""), vision.input, zone)
    if isinstance(photo, Skipped):
        raise PeaksError(f"{path} cannot be read as an image: {photo.reason}.")
    return AskedImage(path, np.array(vision.embed([photo.picture]), dtype=np.float32), photo.fields)


def read_siglip(client: Elasticsearch, vision: LocalVision) -> Calibration:
    """Return the checkpoint's temperature and bias: the local one's, or the deployed model's.

    Raises:
        PeaksError: neither is there.
    """
    if vision.name is not None:
        return Calibration(vision.checkpoint.logit_scale, vision.checkpoint.logit_bias)
    try:
        model = deployed_model(client, read_index_model(client, PHOTOS).model_id)
    except ApiError as error:
        raise PeaksError(_NO_SIGLIP) from error
    if model.logit_scale is None or model.logit_bias is None:
        raise PeaksError(_NO_SIGLIP)
    return Calibration(model.logit_scale, model.logit_bias)
