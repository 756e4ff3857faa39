"""What pictures a checkpoint's vision tower takes, read from its preprocessor's settings."""
from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import SiglipImageProcessor

from eland_models.checkpoint import Checkpoint, open_checkpoint
from loader.errors import PeaksError
from loader.files.images import ModelInput
from loader.vision.model_input import FILE, read_model_input, read_pixel_scale
from tests.conftest import DEMO_CHECKPOINT, REPOSITORY


def checkpoint_with(folder: Path, **changes: Any) -> Checkpoint:
    """The demo's checkpoint with other settings; None takes one away."""
    copy = shutil.copytree(DEMO_CHECKPOINT, folder / "checkpoint")
    settings = {**json.loads((copy / FILE).read_text()), **changes}
    kept = {name: value for name, value in settings.items() if value is not None}
    (copy / FILE).write_text(json.dumps(kept))
    return open_checkpoint(str(copy), tower="vision")


def test_the_demo_takes_96_pixels() -> None:
    assert read_model_input(open_checkpoint(str(DEMO_CHECKPOINT), tower="vision")) == ModelInput(96, 96, 2)


def test_the_size_of_a_picture_needs_no_weights() -> None:
    """A damaged picture is told of before PyTorch is imported."""
    program = (
        "import sys; from loader.vision.local_vision import LocalVision;"
        f"assert LocalVision({str(DEMO_CHECKPOINT)!r}).input.width == 96;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=False).returncode == 0


def test_what_the_file_leaves_out_is_transformers_default(tmp_path: Path) -> None:
    left_out = dict.fromkeys(("resample", "do_resize", "image_mean", "image_std", "rescale_factor"))
    checkpoint = checkpoint_with(tmp_path, **left_out)
    processor = SiglipImageProcessor.from_pretrained(checkpoint.folder)
    scale = read_pixel_scale(checkpoint)
    assert read_model_input(checkpoint).resample == processor.resample
    assert scale.factor == processor.rescale_factor
    assert [list(scale.mean), list(scale.deviation)] == [processor.image_mean, processor.image_std]


def test_levels_become_the_numbers_that_transformers_makes(tmp_path: Path) -> None:
    checkpoint = checkpoint_with(tmp_path, image_mean=[0.48, 0.45, 0.41], image_std=[0.27, 0.26, 0.28])
    levels = np.arange(96 * 96 * 3, dtype=np.int64).astype(np.uint8).reshape(1, 96, 96, 3)
    processor = SiglipImageProcessor.from_pretrained(checkpoint.folder)
    expected = processor(images=list(levels), do_resize=False, return_tensors="np")["pixel_values"]
    found = read_pixel_scale(checkpoint).apply(levels)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"do_resize": False}, "do_resize False"),
        ({"do_rescale": False}, "do_rescale False"),
        ({"do_normalize": 0}, "do_normalize 0"),
        ({"do_center_crop": True}, "do_center_crop True"),
        ({"do_pad": True}, "do_pad True"),
        ({"image_processor_type": "CLIPImageProcessor"}, "image_processor_type CLIPImageProcessor"),
        ({"resample": 0}, "resample 0"),
        ({"resample": ["bilinear"]}, r"resample \['bilinear'\]"),
        ({"rescale_factor": 0.5}, "rescale_factor 0.5"),
        ({"rescale_factor": "1/255"}, "rescale_factor 1/255"),
        ({"image_mean": 0.5}, "image_mean 0.5"),
        ({"image_std": [0.5, 0.5, 0]}, r"image_std \[0.5, 0.5, 0\]"),
        ({"size": {"shortest_edge": 96}}, "size {'shortest_edge': 96}"),
        ({"size": {"height": 224, "width": 224}}, "size {'height': 224, 'width': 224}"),

    ],
)
def test_another_preprocessing_is_refused(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    checkpoint = checkpoint_with(tmp_path, **changes)
    with pytest.raises(PeaksError, match=named + ".* not SigLIP's .* tower of 96 × 96 pixels: fetch"):
        read_model_input(checkpoint)


@pytest.mark.parametrize("content", ["[]", "{", None])
def test_a_file_that_is_missing_or_damaged_is_named(tmp_path: Path, content: str | None) -> None:
    checkpoint = checkpoint_with(tmp_path)
    path = checkpoint.folder / FILE
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(PeaksError, match=FILE):
        read_model_input(checkpoint)
