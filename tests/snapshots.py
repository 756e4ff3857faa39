"""What a person saw last time, kept as files that a reviewer reads."""
from __future__ import annotations

import os
from pathlib import Path


def check_snapshot(file: Path, text: str) -> None:
    """Compare a text with the one that is kept; PEAKS_SNAPSHOTS=write keeps the new one instead."""
    if os.environ.get("PEAKS_SNAPSHOTS") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
