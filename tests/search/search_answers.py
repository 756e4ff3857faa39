"""Answers made by hand from hits as Elasticsearch sends them, for tests without a cluster."""
from __future__ import annotations

import base64
import io
import json
from pathlib import Path

from PIL import Image

from loader.answer import (
    Answer,
    Calibration,
    PeakHit,
    PhotoHit,
    Question,
    name_peaks,
    read_peak_hit,
    read_photo_hit,
)
from loader.peak_names import Peak

HERE = Path(__file__).parent
SNAPSHOTS = HERE / "snapshots"

# About as steep and as biased as the published checkpoints are.
CALIBRATION = Calibration(logit_scale=4.7231, logit_bias=-16.7714)

CATALOGUE = {
    "ama-dablam": Peak("ama-dablam", ("Ama Dablam",)),
    "taboche": Peak("taboche", ("Taboche", "Tawoche")),
    "mount-everest": Peak("mount-everest", ("Mount Everest", "Sagarmatha")),
}


def photo_answer(
    calibration: Calibration | None = CALIBRATION, *, is_cosine: bool = True
) -> Answer[PhotoHit]:
    """Three photos: one with everything known, one with hostile and wide characters, one with little."""
    raw = json.loads((HERE / "photo_hits.json").read_text(encoding="utf-8"))
    hits = [read_photo_hit(hit, calibration, is_cosine=is_cosine) for hit in raw]
    parameters = {"text": "prayer flags", "recipe": "photo"}
    question = Question("search", "prayer flags", "photos-by-text", parameters,
                        ("within 5km of Ama Dablam", "from 2023-10-01 00:00:00"))
    return Answer(question, 34, name_peaks(hits, CATALOGUE))


def peak_answer() -> Answer[PeakHit]:
    """Three peaks, names in three scripts."""
    raw = json.loads((HERE / "peak_hits.json").read_text(encoding="utf-8"))
    question = Question("identify", "IMG_1512.HEIC", "peaks-by-vector", {})
    return Answer(question, 3, tuple(read_peak_hit(hit, CALIBRATION) for hit in raw))


def small_jpeg() -> str:
    """A base64 JPEG of 24 × 16 pixels."""
    data = io.BytesIO()
    Image.new("RGB", (24, 16), (90, 120, 160)).save(data, "JPEG")
    return base64.b64encode(data.getvalue()).decode("ascii")


def check_snapshot(name: str, text: str) -> None:
    """Compare with what a person saw last time; PEAKS_SNAPSHOTS=write keeps the new text instead."""
    import os

    file = SNAPSHOTS / name
    if os.environ.get("PEAKS_SNAPSHOTS") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
