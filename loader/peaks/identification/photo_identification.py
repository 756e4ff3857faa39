"""Peaks and concepts for a batch of decoded photos, as fields of their documents.

Apart from `loader.photos.writer`, because the geometry behind it takes a quarter of a second to import, and
an unchanged library needs none of it.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from elasticsearch import Elasticsearch

from loader.files.photo import Photo
from loader.peaks.identification.fields import identification_fields
from loader.peaks.identification.opening import open_identifier
from loader.peaks.sight.fields import read_camera
from loader.peaks.siglip import Calibration
from loader.vision.vectors import Vectors


class PhotoIdentification:
    """Names peaks and concepts in photos.

    Args:
        client: of the cluster, whose catalogue, concepts and rule are read now.
        siglip: the checkpoint's temperature and bias.
        top: most peaks named for a photo.
    """

    def __init__(self, client: Elasticsearch, siglip: Calibration, top: int) -> None:
        self._identifier, self._top = open_identifier(client, siglip), top

    def __call__(self, photos: Sequence[Photo], vectors: Vectors) -> list[dict[str, Any]]:
        """Return the fields of each photo's identification (`loader.peaks.identification.fields`).

        Args:
            photos: decoded.
            vectors: theirs, float32 ``(len(photos), dims)``.
        """
        found = self._identifier.identify(vectors, [read_camera(photo.fields) for photo in photos])
        return [
            identification_fields(photo.fields, each, self._top)
            for photo, each in zip(photos, found, strict=True)
        ]
