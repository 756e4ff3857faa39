"""The one error a person sees. Defined in eland_models, which does not need the loader."""
from __future__ import annotations

from eland_models.errors import PeaksError

__all__ = ["PeaksError"]
