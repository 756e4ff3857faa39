"""What photos are embedded and identified with, each part opened when the first photo needs it."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from elasticsearch import Elasticsearch
from PIL import Image

from eland_models.checkpoint import Checkpoint, open_checkpoint
from loader.arrays import Vectors
from loader.elastic.indices import PHOTOS
from loader.elastic.models import IndexModel, refuse_other_checkpoint
from loader.elastic.retries import with_retries
from loader.errors import PeaksError
from loader.files.images import ModelInput
from loader.peaks.identification.document_fields import FillFields, open_field_filler
from loader.peaks.siglip import SiglipSigmoid
from loader.vision.model_input import read_model_input


class Encoder(Protocol):
    """What makes vectors of pictures (`loader.vision.encoder.VisionEncoder`)."""

    @property
    def precision(self) -> str: ...

    @property
    def agreement(self) -> float | None: ...

    def encode(self, images: Sequence[Image.Image]) -> Vectors: ...


@dataclass(frozen=True)
class PhotoModel:
    """The tools that embed and identify a photo; an unchanged library does not need them.

    Attributes:
        input: the picture that the vision tower takes.
        make_encoder: loads the tower.
        open_field_filler: reads what the cluster knows of peaks and concepts.
    """

    input: ModelInput
    make_encoder: Callable[[], Encoder]
    open_field_filler: Callable[[], FillFields]


def open_photo_model(
    client: Elasticsearch, index: IndexModel, name: str | None, precision: str, top: int
) -> PhotoModel:
    """Open a checkpoint; its weights are read later.

    Args:
        client: of the cluster.
        index: whose vectors the index of photos holds.
        name: folder or hub id of the checkpoint.
        precision: of the vision tower: "auto", "fp32" or "int8".
        top: most peaks named for a photo.

    Raises:
        PeaksError: no checkpoint was named, or it cannot be opened.
    """
    if name is None:
        raise PeaksError(
            f"Photos are embedded here: name the checkpoint of {index.model_id} with --checkpoint "
            "DIR_OR_HUB_ID (PEAKS_CHECKPOINT)."
        )
    checkpoint = open_checkpoint(name, tower="vision")
    siglip = SiglipSigmoid(checkpoint.logit_scale, checkpoint.logit_bias)
    return PhotoModel(
        read_model_input(checkpoint),
        lambda: make_encoder(checkpoint, index, precision),
        lambda: with_retries(lambda: open_field_filler(client, siglip, top)),
    )


def make_encoder(checkpoint: Checkpoint, index: IndexModel, precision: str) -> Encoder:
    """Load the vision tower, once it is the one whose vectors the index holds.

    To know that, the whole checkpoint is read: seconds in which the first photos are decoded.
    """
    refuse_other_checkpoint(index, PHOTOS, checkpoint)
    from loader.vision.encoder import VisionEncoder  # torch takes seconds to import

    return VisionEncoder(checkpoint, precision=precision)
