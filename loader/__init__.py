"""The `peaks` command: photos and peaks in, assets applied, questions asked."""
from __future__ import annotations

__version__ = "0.1.0"
