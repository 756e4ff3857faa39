"""The one error a person sees. It is `eland_models`', which stands without the loader."""
from __future__ import annotations

from eland_models.errors import PeaksError

__all__ = ["PeaksError"]
