"""Three photos with vectors of three numbers, in an index of their own, for tests of the templates."""
from __future__ import annotations

from typing import Any

from elasticsearch import Elasticsearch

from loader.elastic.assets import pack_template
from loader.elastic.models import DeployedModel

INDEX = "assets-photos"
DIMS = 3
MODEL = DeployedModel("three-numbers", "f" * 16, "c" * 16, DIMS)

PHOTOS: dict[str, dict[str, Any]] = {
    "flags": {
        "path": "flags.jpg", "path_words": "day one flags", "clip_image": [1, 0, 0],
        "predicted_peaks": ["ama-dablam"], "predicted_peak_names": ["Ama Dablam"],
        "predicted_peaks_evidence": ["both"],
        "predictions": [
            {"peak": "ama-dablam", "probability": 0.93, "cosine": 0.15, "evidence": "both"},
            {"peak": "taboche", "probability": 0.04, "evidence": "sight"},
        ],
        "predicted_concepts": ["prayer-flags"], "predicted_concept_names": ["prayer flags", "Gebetsfahnen"],
        "peaks_in_frame": [{"lat": 27.86167, "lon": 86.86139}], "peaks_in_frame_ids": ["ama-dablam"],
        "peaks_in_sight": [{
            "peak": "ama-dablam", "distance": 8123.5, "bearing": 101.25, "offset": -3.5, "elevation": 9.5,
            "probability": 0.875,
        }],
        "gps": {"lat": 27.861, "lon": 86.861}, "altitude": 4012.5,
        "shot_time": "2023-10-05T03:00:00Z", "shot_time_local": "2023-10-05T08:45:00",
        "shot_time_offset": "+05:45", "thumbnail": "QUJD" * 20_000,
    },
    "camp": {
        "path": "camp.jpg", "path_words": "day two camp", "clip_image": [0.9, 0.1, 0],
        "predicted_peaks": ["pumori", "everest"], "predicted_peak_names": ["Pumori", "Mount Everest"],
        "predicted_concepts": ["tent", "stupa"], "peaks_in_frame_ids": ["pumori", "everest"],
        "gps": {"lat": 28.0, "lon": 86.83}, "altitude": 5170, "shot_time_local": "2023-10-06T23:45:00",
    },
    "yak": {
        "path": "yak.jpg", "path_words": "day three", "clip_image": [-1, 0, 0],
        "description": "A yak below Lhotse", "shot_time": "2023-10-09T03:00:00Z",
    },
}


def found(client: Elasticsearch, **parameters: Any) -> list[str]:
    """Ids of the photos near [1, 0, 0], nearest first."""
    return [hit["_id"] for hit in search(client, **parameters)["hits"]["hits"]]


def search(client: Elasticsearch, **parameters: Any) -> dict[str, Any]:
    source = pack_template("photos-by-vector")
    given = {"vector": [1, 0, 0], **parameters}
    body: dict[str, Any] = client.search_template(index=INDEX, source=source, params=given).body
    return body
