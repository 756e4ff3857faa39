"""`python -m loader` is the `peaks` command."""
from __future__ import annotations

from loader.cli import main

main()
