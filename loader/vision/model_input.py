"""What a checkpoint's vision tower takes, read from preprocessor_config.json without torch or transformers.

Decoding workers bring pictures to this size; `VisionEncoder` then scales and normalises the pixels. The file
may ask for the steps of transformers' `SiglipImageProcessor`: stretch to a size, multiply by a factor,
subtract a mean, divide by a deviation. A file that asks for other steps (a crop, no resizing) is refused,
because they would not be done.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from eland_models.checkpoint import Checkpoint, read_json
from loader.errors import PeaksError
from loader.files.images import ModelInput

FILE = "preprocessor_config.json"

# SiglipImageProcessor's own where the file is silent (transformers 4.57).
DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("do_resize", "do_rescale", "do_normalize"), True),
    **dict.fromkeys(("do_center_crop", "do_pad"), False),
    "image_processor_type": "SiglipImageProcessor",
    "size": {"height": 224, "width": 224},
    "resample": int(Image.Resampling.BICUBIC),
    "rescale_factor": 1 / 255,
    "image_mean": None,
    "image_std": None,
}
DEFAULT_LEVEL = (0.5, 0.5, 0.5)  # where the mean or the deviation is None
PROCESSORS = ("SiglipImageProcessor", "SiglipImageProcessorFast")
# Lanczos, bilinear, bicubic, box, Hamming; with "nearest" no tower was ever trained.
FILTERS = [int(each) for each in Image.Resampling if each is not Image.Resampling.NEAREST]


@dataclass(frozen=True)
class PixelScale:
    """How grey levels become the tower's numbers: times a factor, less a mean, divided by a deviation; the
    last two for red, green and blue."""

    factor: float
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def apply(self, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Return (n, height, width, 3) as (n, 3, height, width), rounded where transformers rounds."""
        scaled = (pictures.astype(np.float64) * self.factor).astype(np.float32)
        mean, deviation = (np.array(each, dtype=np.float32) for each in (self.mean, self.deviation))
        normal = (scaled - mean) / deviation
        return np.ascontiguousarray(normal.transpose(0, 3, 1, 2))


def read_model_input(checkpoint: Checkpoint) -> ModelInput:
    """Read what pictures the vision tower of a checkpoint takes.

    Raises:
        PeaksError: preprocessor_config.json is missing, is no JSON object, or describes another
            preprocessing than SigLIP's.
    """
    settings = _read_settings(checkpoint)
    return ModelInput(checkpoint.image_size, checkpoint.image_size, int(settings["resample"]))


def read_pixel_scale(checkpoint: Checkpoint) -> PixelScale:
    """Read how the vision tower of a checkpoint wants its pixels; raises as `read_model_input`."""
    settings = _read_settings(checkpoint)
    mean, deviation = (tuple(settings[name] or DEFAULT_LEVEL) for name in ("image_mean", "image_std"))
    return PixelScale(settings["rescale_factor"], mean, deviation)


def _read_settings(checkpoint: Checkpoint) -> dict[str, Any]:
    path, side = checkpoint.folder / FILE, checkpoint.image_size
    settings = {**DEFAULTS, **read_json(path)}
    wrong = [f"{name} {settings[name]}" for name, fits in _rules(side).items() if not fits(settings[name])]
    if wrong:
        raise PeaksError(
            f"{path} says {', '.join(wrong)}, which is not SigLIP's preprocessing for a tower of {side} × "
            f"{side} pixels: fetch the checkpoint's own file again."
        )
    return settings


def _rules(side: int) -> dict[str, Callable[[Any], bool]]:
    """Return a check for each setting; patches have learned positions, so only one size is possible."""
    return {
        **dict.fromkeys(("do_resize", "do_rescale", "do_normalize"), lambda value: value is True),
        **dict.fromkeys(("do_center_crop", "do_pad"), lambda value: not value),
        "image_processor_type": lambda value: value in PROCESSORS,
        "size": lambda value: value == {"height": side, "width": side},
        "resample": lambda value: value in FILTERS,
        "rescale_factor": lambda value: isinstance(value, float) and abs(value - 1 / 255) < 1e-9,
        "image_mean": _is_level,
        "image_std": _is_level,
    }


def _is_level(value: Any) -> bool:
    """Whether a setting is None, or three numbers above 0."""
    return value is None or (
        isinstance(value, list)
        and len(value) == len(DEFAULT_LEVEL)
        and all(isinstance(part, (int, float)) and part > 0 for part in value)
    )
