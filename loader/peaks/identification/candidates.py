"""The candidates of a photo: the peaks that its camera could see, and the photo's cosines to them."""
from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from elasticsearch import Elasticsearch

from loader.arrays import Vectors
from loader.batches import batched
from loader.elastic.indices import cosine_of_score
from loader.elastic.retries import check_parts, with_retries
from loader.errors import PeaksError
from loader.peaks.sight.geometry import (
    UNKNOWN_ELEVATION_SEEN,
    USUAL_FIELD_OF_VIEW_DEG,
    Camera,
    Sight,
    Summits,
    look,
)

# Nearest entries that a photo is compared with. A shard looks at as many candidates: with a filter on fewer
# ids than this the search is exact.
MOST_CANDIDATES = 200
_SEARCHES = 32  # a request: 0.9 MB with vectors of 1,152 dimensions, which a proxy before the cluster takes


@dataclass(frozen=True)
class View:
    """A photo's camera and the peaks that it may show.

    Attributes:
        camera: None for a photo without a position.
        sights: the summits above the camera's horizon.
        priors: peak id to the probability that the photo shows it, without looking at the picture; at most
            `MOST_CANDIDATES`. None for a photo without a position: every peak is a candidate.
    """

    camera: Camera | None = None
    sights: tuple[Sight, ...] = ()
    priors: Mapping[str, float] | None = None

    @property
    def has_bearing(self) -> bool:
        """Whether position and direction are known."""
        return self.camera is not None and self.camera.bearing is not None

    @property
    def has_frame(self) -> bool:
        """Whether the frame is known: position, direction and field of view."""
        camera = self.camera
        return camera is not None and None not in (camera.bearing, camera.field_of_view)

    def prior(self, peak: str) -> float:
        """The prior for the rule; NaN where the direction is not known.

        Without a direction, the position only decides which peaks are candidates: a prior that is the same in
        every direction adds little (docs/identification.md).
        """
        return self.priors[peak] if self.priors is not None and self.has_bearing else math.nan


def take_view(camera: Camera | None, summits: Summits, allowed: Collection[str] | None = None) -> View:
    """Return a camera with the summits in front of it and the candidates.

    Args:
        camera: None for a photo without a position.
        summits: the catalogue's; one without a position is always a candidate.
        allowed: ids of the peaks that may be candidates; None for all.
    """
    if camera is None:
        return View()
    sights = tuple(look(camera, summits))
    share = (camera.field_of_view or USUAL_FIELD_OF_VIEW_DEG) / 360
    anywhere = dict.fromkeys(summits.unplaced, share * UNKNOWN_ELEVATION_SEEN)
    priors = {sight.peak.id: sight.prior for sight in sights} | anywhere
    possible = [pair for pair in priors.items() if allowed is None or pair[0] in allowed]
    return View(camera, sights, dict(sorted(possible, key=lambda pair: -pair[1])[:MOST_CANDIDATES]))


def score_entries(
    client: Elasticsearch, index: str, vectors: Vectors, ids: Sequence[Collection[str] | None]
) -> list[dict[str, float]]:
    """Return for each photo the cosines of its vector and the entries' vectors, by id, the highest first.

    Args:
        client: of the cluster.
        index: of peaks or concepts.
        vectors: float32 ``(n, dims)``, rows of length 1.
        ids: for each photo the entries that may answer; None for all. Of more than `MOST_CANDIDATES`, the
            nearest answer.

    Raises:
        PeaksError: the cluster could not search.
    """
    asked = [row for row, wanted in enumerate(ids) if wanted is None or wanted]
    if not asked:
        return [{} for _ in ids]
    found: dict[int, dict[str, float]] = {}
    for rows in batched(asked, _SEARCHES):
        searches = [part for row in rows for part in ({}, _search(vectors[row].tolist(), ids[row]))]
        answer = with_retries(partial(_search_all, client, index, searches))
        found |= {row: _cosines(response) for row, response in zip(rows, answer["responses"], strict=True)}
    return [found.get(row, {}) for row in range(len(ids))]


def _search_all(client: Elasticsearch, index: str, searches: Sequence[dict[str, Any]]) -> Any:
    answer = client.msearch(index=index, searches=searches)
    check_parts(answer, answer["responses"])
    return answer


def _search(vector: list[float], ids: Collection[str] | None) -> dict[str, Any]:
    size = MOST_CANDIDATES if ids is None else min(len(ids), MOST_CANDIDATES)
    knn: dict[str, Any] = {
        "field": "text_embed",
        "query_vector": vector,
        "k": size,
        "num_candidates": MOST_CANDIDATES,
    }
    if ids is not None:
        knn["filter"] = {"terms": {"id": sorted(ids)}}
    return {"knn": knn, "size": size, "_source": False, "fields": ["id"]}


def _cosines(response: dict[str, Any]) -> dict[str, float]:
    if "error" in response:
        causes = response["error"].get("root_cause") or [response["error"]]
        raise PeaksError(f"The search for a photo's peaks failed ({causes[0].get('reason')}): run again.")
    return {hit["fields"]["id"][0]: cosine_of_score(hit["_score"]) for hit in response["hits"]["hits"]}
