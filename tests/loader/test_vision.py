"""The vision tower: equal to transformers', whatever way a picture comes to it."""
from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoModel, SiglipImageProcessor

from eland_models.checkpoint import Checkpoint, open_checkpoint
from loader.errors import PeaksError
from loader.images import open_encoded, open_image, read_bytes, render_at_least
from loader.vision import VisionEncoder
from tests.loader.picture_files import quadrants

DEMO = Path(__file__).resolve().parents[2] / "demo" / "siglip2-trek-tiny"


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return open_checkpoint(str(DEMO), tower="vision")


@pytest.fixture(scope="module")
def encoder(checkpoint: Checkpoint) -> VisionEncoder:
    return VisionEncoder(checkpoint, "cpu")


def reference_vectors(images: list[Image.Image]) -> np.ndarray:
    """transformers' own way: its processor on full pictures, the whole model, normalised."""
    processor, model = SiglipImageProcessor.from_pretrained(DEMO), AutoModel.from_pretrained(DEMO)
    with torch.inference_mode():
        features = model.get_image_features(**processor(images=images, return_tensors="pt"))
    vectors: np.ndarray = torch.nn.functional.normalize(features, dim=-1).numpy()
    return vectors


def drawings() -> list[Image.Image]:
    random = np.random.default_rng(7)
    noise = [Image.fromarray(random.integers(0, 255, (height, width, 3), dtype=np.uint8))
             for width, height in ((640, 480), (33, 500), (96, 96))]
    return [quadrants(1000, 700), *noise]


def test_vectors_equal_transformers(encoder: VisionEncoder, checkpoint: Checkpoint) -> None:
    vectors = encoder.encode(drawings())
    assert vectors.shape == (4, checkpoint.dims) and vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(vectors, reference_vectors(drawings()), atol=1e-6)


def test_pictures_brought_to_size_ahead_give_the_same_vectors(encoder: VisionEncoder) -> None:
    ahead = [encoder.input.fit(picture) for picture in drawings()]
    np.testing.assert_array_equal(encoder.encode(ahead), encoder.encode(drawings()))


def test_a_batch_gives_what_single_pictures_give(encoder: VisionEncoder) -> None:
    single = np.concatenate([encoder.encode([picture]) for picture in drawings()])
    np.testing.assert_allclose(encoder.encode(drawings()), single, atol=1e-5)


def test_no_pictures_no_vectors(encoder: VisionEncoder, checkpoint: Checkpoint) -> None:
    assert encoder.encode([]).shape == (0, checkpoint.dims)


def test_real_photos_equal_transformers(encoder: VisionEncoder, shared: Path) -> None:
    photos = [open_image(shared / "photos" / name) for name in ("IMG_1512.HEIC", "IMG_2322.HEIC")]
    np.testing.assert_allclose(encoder.encode(photos), reference_vectors(photos), atol=1e-6)


def test_jpegs_decoded_small_keep_their_vectors(encoder: VisionEncoder, shared: Path) -> None:
    """The shortcut that is on by default, against the full picture: cosine at least 0.999."""
    for path in sorted((shared / "photos").iterdir()):
        data = read_bytes(path)
        if not data.startswith(b"\xff\xd8"):
            continue
        small, _ = render_at_least(open_encoded(data), encoder.input.decoded_side)
        vectors = encoder.encode([small, open_image(path)])
        assert float(vectors[0] @ vectors[1]) >= 0.999, path.name


def test_a_checkpoint_without_its_vision_weights_is_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(DEMO, tmp_path / "torn")
    weights = load_file(folder / "model.safetensors")
    torn = {name: tensor for name, tensor in weights.items() if "vision_model.head.probe" not in name}
    save_file(torn, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(PeaksError, match=r"lacks 1 of the vision tower's weights \(vision_model.head.probe"):
        VisionEncoder(open_checkpoint(str(folder), tower="vision"), "cpu")


def test_a_checkpoint_replaced_meanwhile_does_no_harm(tmp_path: Path) -> None:
    folder = shutil.copytree(DEMO, tmp_path / "replaced")
    encoder = VisionEncoder(open_checkpoint(str(folder), tower="vision"), "cpu")
    before = encoder.encode(drawings())
    weights = folder / "model.safetensors"
    weights.write_bytes(bytes(weights.stat().st_size))  # in place: the file keeps its inode
    np.testing.assert_array_equal(encoder.encode(drawings()), before)
    weights.write_bytes(b"")
    np.testing.assert_array_equal(encoder.encode(drawings()), before)


def test_another_filter_of_the_preprocessor_is_followed(tmp_path: Path) -> None:
    folder = shutil.copytree(DEMO, tmp_path / "bicubic")
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps({**settings, "resample": 3}))
    encoder = VisionEncoder(open_checkpoint(str(folder), tower="vision"), "cpu")
    assert encoder.input.resample == Image.Resampling.BICUBIC
