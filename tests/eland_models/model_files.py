"""Where the checkpoints lie that these tests use, and how to spoil a copy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
DEMO = REPOSITORY / "demo" / "siglip2-trek-tiny"
GEMMA = REPOSITORY.parent / "shared" / "gemma"


def edit_json(path: Path, **changes: Any) -> None:
    """Set keys of a JSON file; dotted through one level with ``__``."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for name, value in changes.items():
        outer, _, inner = name.partition("__")
        if inner:
            content[outer][inner] = value
        else:
            content[outer] = value
    path.write_text(json.dumps(content), encoding="utf-8")
