"""The one error a person sees: a sentence that names the thing and its fix."""
from __future__ import annotations

import click


class PeaksError(click.ClickException):
    """One sentence for the person; the traceback appears only with ``--debug``.

    Args:
        message: names the thing that is wrong and how to put it right.
        exit_code: process exit status; 1 unless a command documents another.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
