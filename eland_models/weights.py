"""Tensors out of a checkpoint's safetensors files, each copied into memory of its own.

safetensors maps a file, and every page that was read counts as this process's memory until the file is
closed. Opened anew for each tensor, a tower costs no more than its float32 weights. A tensor left in the
mapped file would change, or end the process (SIGBUS), when the checkpoint is replaced under a running load.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from eland_models.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

SUGGESTION = "use a SigLIP-2 checkpoint such as google/siglip2-base-patch16-224"
ANY = -1  # length of a dimension


class Weights:
    """One tower's tensors by their names, read as float32 when they are asked for.

    Args:
        paths: the safetensors files.
        prefix: of the tower's tensors, e.g. ``text_model.``.
    """

    def __init__(self, paths: list[Path], prefix: str) -> None:
        self._folder, self._prefix = paths[0].parent, prefix
        self._paths: dict[str, Path] = {}
        for path in paths:
            with opened(path) as file:
                self._paths |= dict.fromkeys(file.keys(), path)

    def take(self, name: str, *shape: int) -> Tensor:
        """Read one tensor.

        Args:
            name: without the prefix.
            shape: that it must have, `ANY` where a dimension may have any length.

        Raises:
            ModelError: there is none of that name and shape, it holds no floats, or its file is damaged.
        """
        full_name = self._prefix + name
        if full_name in self._paths:
            with opened(self._paths[full_name]) as file:
                tensor: Tensor = file.get_tensor(full_name).clone()
            same_shape = tensor.dim() == len(shape) and all(
                wanted in (ANY, length) for wanted, length in zip(shape, tensor.shape, strict=True)
            )
            if same_shape and tensor.is_floating_point():
                return tensor.float()
        raise ModelError(
            f"{self._folder} has no {full_name} of floats in the shape {list(shape)}, so it is no whole "
            f"SigLIP model: {SUGGESTION}."
        )


def read_scalar(paths: list[Path], name: str) -> float:
    """Read one number, without PyTorch unless it is a bfloat16, which NumPy has not.

    Raises:
        ModelError: none of the files has it as a single number.
    """
    for path in paths:
        with opened(path, "np") as file:
            stored = file.get_slice(name) if name in file.keys() else None  # noqa: SIM118 (not a dict)
        if stored is not None and math.prod(stored.get_shape()) == 1:
            with opened(path, "pt" if stored.get_dtype() == "BF16" else "np") as file:
                return float(file.get_tensor(name).item())
    raise ModelError(
        f"{paths[0].parent} has no single number {name} among its weights, so it is no whole SigLIP model: "
        f"{SUGGESTION}."
    )


@contextmanager
def opened(path: Path, framework: str = "pt") -> Iterator[Any]:
    """Open a safetensors file whose tensors come as PyTorch's ("pt") or NumPy's ("np").

    Raises:
        ModelError: it is damaged, cut short or not there.
    """
    try:
        with safe_open(path, framework=framework) as file:
            yield file
    except (SafetensorError, OSError) as error:
        raise ModelError(
            f"{path} is not a whole safetensors file ({error}): fetch the checkpoint again."
        ) from error
