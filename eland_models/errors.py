"""The error of a checkpoint or a model: a sentence that a person can act on."""

from __future__ import annotations

from loader.errors import PeaksError


class ModelError(PeaksError):
    """Something about a checkpoint or a model that a person has to put right."""
