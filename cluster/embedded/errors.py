"""The one error of the embedded cluster."""
from __future__ import annotations

from eland_models.errors import PeaksError


class ClusterError(PeaksError):
    """One sentence that names what is wrong with the embedded cluster and how to put it right."""
