"""What a checkpoint's vision tower takes, read from preprocessor_config.json without torch or transformers.

Decoding workers bring pictures to this size; `VisionEncoder` then scales and normalises the pixels. What
the file may say is what transformers' `SiglipImageProcessor` does with it: stretch to a size, multiply by a
factor, subtract a mean, divide by a deviation. A file that says something else (a crop, no resizing) would be
followed by halves only, so it is refused.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from eland_models.checkpoint import read_json
from eland_models.errors import ModelError
from loader.errors import PeaksError
from loader.files.images import ModelInput

if TYPE_CHECKING:
    from eland_models.checkpoint import Checkpoint

FILE = "preprocessor_config.json"

# SiglipImageProcessor's own where the file is silent (transformers 4.57).
DEFAULT_RESAMPLE = Image.Resampling.BICUBIC
DEFAULT_FACTOR = 1 / 255
DEFAULT_LEVEL = (0.5, 0.5, 0.5)

PROCESSORS = ("SiglipImageProcessor", "SiglipImageProcessorFast")
LEVELS = ("image_mean", "image_std")
STEPS = ("do_resize", "do_rescale", "do_normalize")
UNUSED_STEPS = ("do_center_crop", "do_pad")
# Lanczos, bilinear, bicubic, box, Hamming; with "nearest" no tower was ever trained.
FILTERS = [int(each) for each in Image.Resampling if each is not Image.Resampling.NEAREST]


@dataclass(frozen=True)
class PixelScale:
    """How grey levels become the tower's numbers.

    Attributes:
        factor: a level of 255 is multiplied by it.
        mean: subtracted then, for red, green and blue.
        deviation: divided by at last.
    """

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
    width, height = _size(settings, checkpoint)
    return ModelInput(width, height, int(settings.get("resample", DEFAULT_RESAMPLE)))


def read_pixel_scale(checkpoint: Checkpoint) -> PixelScale:
    """Read how the vision tower of a checkpoint wants its pixels; raises as `read_model_input`."""
    settings = _read_settings(checkpoint)
    mean, deviation = (settings.get(name) or DEFAULT_LEVEL for name in LEVELS)
    return PixelScale(settings.get("rescale_factor", DEFAULT_FACTOR), tuple(mean), tuple(deviation))


def _read_settings(checkpoint: Checkpoint) -> dict[str, Any]:
    try:
        settings = read_json(checkpoint.folder / FILE)
    except ModelError as error:
        raise PeaksError(str(error)) from error
    _check(_strange(settings), checkpoint)
    return settings


def _strange(settings: dict[str, Any]) -> list[str]:
    """Name the settings by which the file departs from SigLIP's preprocessing."""
    found = [f"{step} {settings[step]}" for step in STEPS if settings.get(step, True) is not True]
    found += [f"{step} {settings[step]}" for step in UNUSED_STEPS if settings.get(step)]
    processor = settings.get("image_processor_type", PROCESSORS[0])
    if processor not in PROCESSORS:
        found.append(f"image_processor_type {processor}")
    if settings.get("resample", DEFAULT_RESAMPLE) not in FILTERS:
        found.append(f"resample {settings['resample']}")
    factor = settings.get("rescale_factor", DEFAULT_FACTOR)
    if not isinstance(factor, float) or abs(factor - DEFAULT_FACTOR) > 1e-9:
        found.append(f"rescale_factor {factor}")
    return found + [f"{name} {settings[name]}" for name in LEVELS if not _is_level(settings.get(name))]


def _is_level(value: Any) -> bool:
    """Whether a setting is absent, or three numbers above 0."""
    return value is None or (
        isinstance(value, list)
        and len(value) == len(DEFAULT_LEVEL)
        and all(isinstance(part, (int, float)) and part > 0 for part in value)
    )


def _size(settings: dict[str, Any], checkpoint: Checkpoint) -> tuple[int, int]:
    """Return width and height; the tower's patches have learned positions, so only its own size will do."""
    side = checkpoint.image_size
    size = settings.get("size", {"width": 224, "height": 224})
    if size != {"width": side, "height": side}:
        _check([f"size {size}, where the tower takes {side} × {side} pixels"], checkpoint)
    return side, side


def _check(strange: list[str], checkpoint: Checkpoint) -> None:
    if strange:
        raise PeaksError(
            f"{checkpoint.folder / FILE} says {', '.join(strange)}, which is not SigLIP's preprocessing: "
            "fetch the checkpoint's own file again."
        )
