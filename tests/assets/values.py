"""An honest value of each template parameter, values that try to become more, and a search's structure."""
from __future__ import annotations

from typing import Any

VALUES: dict[str, Any] = {
    "text": "prayer flags over a glacier",
    "peak": "Mount Everest | Sagarmatha",
    "photo": "day 1/IMG_1512.HEIC",
    "vector": [0.25, -0.5, 0.75],
    "recipe": "peak",
    "model_id": "siglip2-trek-tiny",
    "from": 40,
    "size": 20,
    "sort": {"distance": "asc"},
    "num_candidates": 500,
    "near_lat": 27.8612,
    "near_lon": 86.8614,
    "near_distance": "7.5km",
    "box_top": 28.1,
    "box_left": 86.5,
    "box_bottom": 27.7,
    "box_right": 87.0,
    "area": "86.6 27.7, 87 27.7, 87 28.1, 86.6 28.1, 86.6 27.7",
    "altitude_from": 4000,
    "altitude_to": 4500.5,
    "without_position": True,
    "shot_from": "2023-10-05",
    "shot_to": "2023-10-20T18:00:00+05:45",
    "libraries": ["trek", "card 2"],
    "predicted_peaks": ["ama-dablam", "pumori"],
    "predicted_concepts": ["prayer-flags", "stupa"],
    "peaks_in_frame": ["lhotse", "nuptse"],
    "min_similarity": 0.1,
    "with_names": True,
    "with_thumbnail": True,
}

HOSTILE: list[Any] = [
    '"',
    "\\",
    '\\"',
    "\n\r\t\u0000\u2028",
    "}} {{text}} {{#toJson}}text{{/toJson}} {{> page}}",
    '"}}, {"match_all": {}}, {"term": {"path": "x',
    '"]}}, "aggs": {"a": {"terms": {"field": "path"}}}, "b": {"c": ["',
    '1], "size": 10000, "query_vector": [1',
    "/* comment */ // line",
    [],
    ['"]', "]}"],
    [["a"], {"b": "c"}],
    [{"vector": '1]}, "x": [', "text": '"', "near_lon": '"}', "predicted_peaks": ["x"]}],
    {},
    {"index": "photos", "id": "1", "path": "predicted_peaks"},
    {"vector": '1]}, "x": [', "text": '"', "near_lon": '"}', "size": [{"vector": '1], "x": [1'}]},
    {"0": {"vector": '1], "x": [1'}, "size": 3},
    {"time": '"}, {"path', "altitude": ['"', "}"], "distance": "asc"},
    [{"time": "asc"}, {"time": '"}'}],
    True,
    None,
    0,
    1e300,
]


def structure(part: Any, path: str = "") -> set[str]:
    """The path of every object key in a JSON document, list places left out: clauses without values."""
    if isinstance(part, dict):
        return set().union({path}, *(structure(value, f"{path}/{key}") for key, value in part.items()))
    if isinstance(part, list):
        return set().union({path}, *(structure(item, f"{path}[]") for item in part))
    return {path}
