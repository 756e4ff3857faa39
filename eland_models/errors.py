"""The one exception of this package: a sentence that a person can act on."""

from __future__ import annotations


class ModelError(Exception):
    """Something about a checkpoint or a model that a person has to put right.

    The message is one sentence that names the thing and its fix.
    """
