"""The exported text model of a checkpoint, run on this machine instead of in the cluster."""
from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, get_args

from eland_models.checkpoint import Checkpoint, open_checkpoint
from loader.errors import PeaksError

if TYPE_CHECKING:  # torch is slow to import
    from eland_models.export import Precision


class LocalText:
    """The text model of a checkpoint, opened when the first text needs it.

    Args:
        name: the checkpoint's folder or hub id; None when the person named none.
    """

    def __init__(self, name: str | None) -> None:
        self.name = name
        self._models: dict[str, Any] = {}

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint's settings.

        Raises:
            PeaksError: none was named, or it cannot be opened.
        """
        if self.name is None:
            raise PeaksError("The words' vector must be made here: name the checkpoint that the photos were "
                             "loaded with, --checkpoint DIR_OR_HUB_ID (PEAKS_CHECKPOINT).")
        return open_checkpoint(self.name, tower="text")

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
