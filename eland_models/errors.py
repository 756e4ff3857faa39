"""The errors a person sees: a sentence that names the thing and its fix."""

from __future__ import annotations

import click


class PeaksError(click.ClickException):
    """One sentence that names what is wrong and its fix; the traceback appears only with ``--debug``."""


class ModelError(PeaksError):
    """Something about a checkpoint or a model that a person has to put right."""
