"""The vision tower: equal to transformers', whatever way a picture comes to it."""
from __future__ import annotations

import json
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoModel, SiglipImageProcessor

from eland_models.checkpoint import Checkpoint, open_checkpoint
from loader.errors import PeaksError
from loader.files.content import read_bytes
from loader.files.images import open_encoded, open_image, render_at_least
from loader.vision import encoder as vision
from loader.vision import quantized_tower
from loader.vision.encoder import LEAST_AGREEMENT, TRIAL_PICTURES, VisionEncoder
from loader.vision.quantized_tower import QuantizedTower, find_engine, has_vnni
from tests.conftest import DEMO_CHECKPOINT
from tests.files.picture_files import quadrants


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return open_checkpoint(str(DEMO_CHECKPOINT), tower="vision")


@pytest.fixture(scope="module")
def encoder(checkpoint: Checkpoint) -> VisionEncoder:
    return VisionEncoder(checkpoint, "cpu")


def reference_vectors(images: list[Image.Image]) -> np.ndarray:
    """transformers' own way: its processor on full pictures, the whole model, normalised."""
    processor = SiglipImageProcessor.from_pretrained(DEMO_CHECKPOINT)
    model = AutoModel.from_pretrained(DEMO_CHECKPOINT)
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


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the demo's checkpoint that a test may change."""
    return Path(shutil.copytree(DEMO_CHECKPOINT, tmp_path / "copy"))


def opened(folder: Path, precision: str = "fp32") -> VisionEncoder:
    return VisionEncoder(open_checkpoint(str(folder), tower="vision"), "cpu", precision)


def change_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    path = folder / "model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, {"format": "pt"})


def test_weights_that_do_not_fit_are_named(copy: Path) -> None:
    change_weights(copy, lambda tensors: tensors.pop("vision_model.head.probe"))
    with pytest.raises(PeaksError, match=r"copy has no vision_model\.head\.probe .* no whole SigLIP model"):
        opened(copy)


def test_a_checkpoint_replaced_meanwhile_does_no_harm(copy: Path) -> None:
    encoder = opened(copy)
    before = encoder.encode(drawings())
    weights = copy / "model.safetensors"
    weights.write_bytes(bytes(weights.stat().st_size))  # in place: the file keeps its inode
    np.testing.assert_array_equal(encoder.encode(drawings()), before)
    weights.write_bytes(b"")
    np.testing.assert_array_equal(encoder.encode(drawings()), before)


def test_another_activation_is_refused(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    config["vision_config"]["hidden_act"] = "relu"
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(PeaksError, match=r"no SigLIP-2 vision tower \(activation relu"):
        opened(copy)


needs_engine = pytest.mark.skipif(find_engine() is None, reason="no quantised layers in this PyTorch")


def pictures(count: int, seed: int = 0) -> list[Image.Image]:
    """Random shapes of few colours: as unlike one another as photos are."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 255, (count, 6, 6, 3), dtype=np.uint8)
    return [Image.fromarray(each).resize((96, 96), Image.Resampling.BICUBIC) for each in coarse]


@needs_engine
def test_8_bits_prove_themselves_and_take_over(encoder: VisionEncoder, checkpoint: Checkpoint) -> None:
    trying = VisionEncoder(checkpoint, "cpu", "auto")
    weights = weakref.ref(trying._tower.blocks[-1].mlp.narrow.weight)
    first, last = pictures(TRIAL_PICTURES - 1), pictures(3, seed=1)
    np.testing.assert_array_equal(trying.encode(first), encoder.encode(first))
    assert (trying.precision, trying.agreement) == ("fp32", None)
    np.testing.assert_array_equal(trying.encode(last), encoder.encode(last))
    assert trying.precision == "int8"
    assert trying.agreement is not None and LEAST_AGREEMENT <= trying.agreement < 1
    assert weights() is None, "the float32 weights are still held"
    cosines = (trying.encode(first) * encoder.encode(first)).sum(axis=1)
    assert cosines.min() >= LEAST_AGREEMENT and not np.array_equal(cosines, np.ones_like(cosines))


@needs_engine
def test_8_bits_that_fail_leave_float32(
    encoder: VisionEncoder, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vision, "LEAST_AGREEMENT", 0.9999999)
    trying = VisionEncoder(checkpoint, "cpu", "auto")
    trying.encode(pictures(TRIAL_PICTURES))
    assert trying.precision == "fp32" and trying.agreement is not None and trying.agreement < 0.9999999
    after = pictures(5, seed=2)
    np.testing.assert_array_equal(trying.encode(after), encoder.encode(after))


@needs_engine
def test_a_checkpoint_replaced_meanwhile_does_not_come_back(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = open_checkpoint(str(copy), tower="vision")
    assert len(checkpoint.fingerprint) == 16
    monkeypatch.setattr(vision, "LEAST_AGREEMENT", 1.1)
    trying = VisionEncoder(checkpoint, "cpu", "auto")
    change_weights(copy, lambda tensors: tensors["vision_model.head.probe"].zero_())
    with pytest.raises(PeaksError, match="copy was replaced while photos were embedded: start again"):
        trying.encode(pictures(TRIAL_PICTURES))


@needs_engine
def test_broken_arithmetic_is_found_out(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that overflows gives finite nonsense, or no numbers at all."""
    for nonsense in (lambda vectors: vectors.flip(-1), lambda vectors: vectors * float("nan")):
        genuine = QuantizedTower.forward
        with monkeypatch.context() as patch:
            patch.setattr(QuantizedTower, "forward", lambda self, x, f=nonsense, g=genuine: f(g(self, x)))
            trying = VisionEncoder(checkpoint, "cpu", "auto")
            trying.encode(pictures(TRIAL_PICTURES))
            assert trying.precision == "fp32" and (trying.agreement or 1.0) < LEAST_AGREEMENT


@needs_engine
def test_8_bit_vectors_do_not_depend_on_the_pictures_beside(checkpoint: Checkpoint) -> None:
    quantized = VisionEncoder(checkpoint, "cpu", "int8")
    assert (quantized.precision, quantized.agreement) == ("int8", None)
    shown = [*pictures(6), Image.new("RGB", (96, 96), "white")]
    alone = np.concatenate([quantized.encode([picture]) for picture in shown])
    np.testing.assert_array_equal(quantized.encode(shown), alone)
    np.testing.assert_array_equal(quantized.encode(shown[::-1])[::-1], alone)


@pytest.mark.parametrize(
    ("precision", "engines"), [("auto", []), ("int8", ["qnnpack-of-another-processor"])]
)
def test_without_an_engine_float32_stays(
    encoder: VisionEncoder, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, precision: str,
    engines: list[str],
) -> None:
    monkeypatch.setattr(quantized_tower, "ENGINES", engines)
    plain = VisionEncoder(checkpoint, "cpu", precision)
    shown = pictures(TRIAL_PICTURES)
    np.testing.assert_array_equal(plain.encode(shown), encoder.encode(shown))
    assert (plain.precision, plain.agreement) == ("fp32", None)


def test_the_processor_says_whether_8_bit_products_overflow(tmp_path: Path) -> None:
    path = tmp_path / "cpuinfo"
    assert not has_vnni(path)
    path.write_text("flags : fpu avx2 avx512f\n")
    assert not has_vnni(path)
    path.write_text("flags : fpu avx2 avx_vnni\n")
    assert has_vnni(path)
