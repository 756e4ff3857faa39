"""The exported text model of a checkpoint, run on this machine instead of in the cluster."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from loader.errors import PeaksError
from loader.vision.named_checkpoint import NamedCheckpoint

if TYPE_CHECKING:  # torch is slow to import
    from eland_models.export import Precision


class LocalText(NamedCheckpoint):
    """The text model of a checkpoint, opened when the first text needs it."""

    _tower, _whose = "text", "words'"

    def __init__(self, name: str | None) -> None:
        super().__init__(name)
        self._models: dict[str, Any] = {}

    def embed(self, text: str, fingerprint: str) -> list[float]:
        """The L2-normalised vector of a text, as the cluster's model of this fingerprint would make it.

        It comes from the file that `peaks model deploy` uploads, which is exported first unless it is there.

        Raises:
            PeaksError: the checkpoint gives no model of this fingerprint.
        """
        from eland_models.export import encode

        if fingerprint not in self._models:
            self._models[fingerprint] = self._load(fingerprint)
        vector: list[float] = encode(self._models[fingerprint], text)[0].tolist()
        return vector

    def _load(self, fingerprint: str) -> Any:
        import torch

        from eland_models.export import Precision, exported_in_cache, model_fingerprint

        precisions: tuple[Precision, ...] = get_args(Precision)
        for precision in precisions:
            if model_fingerprint(self.checkpoint, precision) == fingerprint:
                return torch.jit.load(exported_in_cache(self.checkpoint, precision, None).path)
        raise PeaksError(
            f"The photos' vectors belong to the text model {fingerprint}, which {self.name} does not give: "
            "name the checkpoint that the photos were loaded with, with --checkpoint."
        )
