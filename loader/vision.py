"""SigLIP-2's vision tower on this machine: pictures to vectors.

The reference is transformers' `SiglipImageProcessor` (the slow one: Pillow's antialiased resize on 8-bit
pixels) and `SiglipVisionModel`, whose pooled output (the attention pooling head, "MAP", of Zhai et al. 2023,
arXiv:2303.15343) is the image's vector. The fast processor resizes with torchvision, another rounding, and
needs a further package.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from transformers import SiglipImageProcessor, SiglipVisionModel

from loader.errors import PeaksError
from loader.images import ModelInput
from loader.vectors import Vectors

if TYPE_CHECKING:
    from eland_models.checkpoint import Checkpoint


class VisionEncoder:
    """The vision tower of a SigLIP-2 checkpoint, float32, on a GPU when there is one.

    Args:
        checkpoint: an opened checkpoint; only the vision tower's weights are kept in memory.
        device: a torch device such as "cpu" or "cuda:1"; None takes CUDA when it is there.

    Raises:
        PeaksError: the checkpoint lacks weights of the vision tower.
    """

    def __init__(self, checkpoint: Checkpoint, device: str | None = None) -> None:
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.dims = checkpoint.dims
        self._processor = SiglipImageProcessor.from_pretrained(checkpoint.folder)
        self._tower = _load_tower(checkpoint).to(self.device).eval()

    @property
    def input(self) -> ModelInput:
        """What `encode` brings pictures to; workers may do that ahead with `ModelInput.fit`."""
        size = self._processor.size
        return ModelInput(int(size["width"]), int(size["height"]), int(self._processor.resample))

    def encode(self, images: Sequence[Image.Image]) -> Vectors:
        """Embed upright RGB pictures of any size.

        Pictures that `ModelInput.fit` has already brought to the tower's size give the very same vectors.

        Returns:
            float32 ``(len(images), dims)``, each row of length 1.
        """
        if not images:
            return np.zeros((0, self.dims), dtype=np.float32)
        shape = self.input
        fitted = [shape.fit(image) for image in images]
        pixels = self._processor(images=fitted, do_resize=False, return_tensors="pt")["pixel_values"]
        with torch.inference_mode():
            pooled = self._tower(pixel_values=pixels.to(self.device)).pooler_output
            vectors: Vectors = torch.nn.functional.normalize(pooled.float(), dim=-1).cpu().numpy()
        return vectors


def _load_tower(checkpoint: Checkpoint) -> Any:
    tower, report = SiglipVisionModel.from_pretrained(
        checkpoint.folder, dtype=torch.float32, output_loading_info=True, use_safetensors=True
    )
    if report["missing_keys"]:  # transformers would fill them with random numbers
        missing = sorted(report["missing_keys"])
        raise PeaksError(
            f"{checkpoint.folder} lacks {len(missing)} of the vision tower's weights "
            f"({', '.join(missing[:3])}): copy the whole checkpoint."
        )
    # Safetensors are mapped, not read: a checkpoint replaced under a running load would change the vectors or
    # end the process (SIGBUS). The tower keeps a copy of its own.
    for weight in [*tower.parameters(), *tower.buffers()]:
        weight.data = weight.data.clone()
    return tower
