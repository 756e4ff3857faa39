"""Answers made by hand from hits as Elasticsearch sends them, for tests without a cluster."""
from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from pathlib import Path

from PIL import Image

from loader.peaks.catalogue import Concept, Peak
from loader.peaks.identification.identifier import Candidate, Identification, NamedConcept
from loader.peaks.sight.geometry import Camera, Sight
from loader.peaks.siglip import SiglipSigmoid
from loader.place import Point
from loader.search.answer import Answer, EntriesById, PeakPrediction, Similarity, read_photo_hit
from loader.search.question import Question
from loader.show.identification_table import IdentifiedImage

HERE = Path(__file__).parent
SNAPSHOTS = HERE / "snapshots"

# About as steep and as biased as the published checkpoints are.
SIGLIP = SiglipSigmoid(logit_scale=4.7231, logit_bias=-16.7714)

CATALOGUE = {
    "ama-dablam": Peak("ama-dablam", ("Ama Dablam",)),
    "taboche": Peak("taboche", ("Taboche", "Tawoche")),
    "mount-everest": Peak("mount-everest", ("Mount Everest", "Sagarmatha")),
}

CONCEPTS = {"prayer-flags": Concept("prayer-flags", ("prayer flags", "Gebetsfahnen"))}


def photo_answer(siglip: SiglipSigmoid | None = SIGLIP, *, is_cosine: bool = True) -> Answer:
    """Three photos: one with everything known, one with hostile and wide characters, one with little."""
    raw = json.loads((HERE / "photo_hits.json").read_text(encoding="utf-8"))
    entries = EntriesById(CATALOGUE, CONCEPTS)
    hits = []
    for hit in raw:
        cosine = 2 * hit["_score"] - 1 if is_cosine else None
        probability = siglip.probability(cosine) if siglip and cosine is not None else None
        similarity = Similarity(hit["_score"], cosine, probability, is_rank=not is_cosine)
        hits.append(read_photo_hit(hit, similarity, entries))
    parameters = {"text": "prayer flags", "recipe": "photo"}
    question = Question("search", "prayer flags", "photos-by-text", parameters,
                        ("within 5km of Ama Dablam", "from 2023-10-01 00:00:00 by each photo's own clock"))
    return Answer(question, 34, tuple(hits))


def plain_answer() -> Answer:
    """The same photos as an index without evidence and concepts gives them."""
    answer = photo_answer()
    hits = (
        replace(hit, concepts=(), predictions=tuple(PeakPrediction(found.peak) for found in hit.predictions))
        for hit in answer.hits
    )
    return replace(answer, hits=tuple(hits))


def identified_image() -> IdentifiedImage:
    """A photo with a camera, and three peaks: named by both, hidden behind it, and outside the frame."""
    camera = Camera(27.8512, 86.7825, 3837.8, 84.2, 12.4)
    peaks = [Peak("ama-dablam", ("Ama Dablam", "アマ・ダブラム"), Point(27.86167, 86.86139), 6812),
             Peak("makalu", ("Makalu",), Point(27.88917, 87.08861), 8485),
             Peak("kangtega", ("Kangtega",), Point(27.79266, 86.81694), None)]
    sights = (
        Sight(peaks[0], 7850.2, 81.6, -2.6, 20.7, True, 0.75, 0.87),
        Sight(peaks[1], 30430.0, 82.0, -2.2, 8.6, True, 0.77, 0.1, peaks[0]),
        Sight(peaks[2], 7310.0, 153.0, 68.8, None, False, 0.0, 0.5),
    )
    candidates = (
        Candidate(peaks[0], 0.934, 0.144, 0.37, "both", True, sights[0]),
        Candidate(peaks[1], 0.21, 0.09, 0.001, "visual", False, sights[1]),
        Candidate(peaks[2], 0.0003, -0.031, 0.00001, "both", False, sights[2]),
    )
    found = Identification(candidates, (NamedConcept("stupa", ("stupa",), 0.8),), sights, camera)
    return IdentifiedImage("IMG_2315.HEIC", "", found, 5, 0.5, ("within 60km of Ama Dablam",))


def small_jpeg(size: tuple[int, int] = (24, 16)) -> str:
    """A base64 JPEG."""
    data = io.BytesIO()
    Image.new("RGB", size, (90, 120, 160)).save(data, "JPEG")
    return base64.b64encode(data.getvalue()).decode("ascii")
