"""Copies of one picture and bursts: hits of an answer that a person wants to see once.

Copies are files of the same content. A burst is a run of photos of one camera, each taken at most
`BURST_GAP_S` after the one before, that look nearly the same as the best hit among them.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from operator import mul

from elasticsearch import Elasticsearch

from loader.elastic.indices import PHOTOS, read_vector
from loader.search.answer import PhotoHit

BURST_GAP_S = 3.0
# Least cosine of a burst's photos to the best of them. With the demo's checkpoint a photo that is cropped by
# 3 % and made brighter by 6 % has 0.95 to itself in the median, and no two of 33 real photos of a trek have
# more than 0.87.
BURST_COSINE = 0.9


def group_alike(client: Elasticsearch, hits: Sequence[PhotoHit]) -> tuple[PhotoHit, ...]:
    """Return the hits in their order, each with its copies and its burst, which are no hits any more."""
    same: dict[str, list[PhotoHit]] = {}
    for hit in hits:
        same.setdefault(hit.content_hash or hit.id, []).append(hit)
    pictures = [replace(first, copies=tuple(copies)) for first, *copies in same.values()]
    runs = _number_runs(pictures)
    vectors = _read_vectors(client, list(runs)) if runs else {}
    best: dict[str, PhotoHit] = {}
    for hit in pictures:
        like = (
            other for other in best
            if hit.id in runs and runs.get(other) == runs[hit.id]
            and sum(map(mul, vectors.get(hit.id, ()), vectors.get(other, ()))) >= BURST_COSINE
        )
        if (first := next(like, None)) is None:
            best[hit.id] = hit
        else:
            best[first] = replace(best[first], burst=(*best[first].burst, hit))
    return tuple(best.values())


def _number_runs(hits: Sequence[PhotoHit]) -> dict[str, int]:
    """The number of the run that each photo belongs to, by id; a photo alone has none."""
    timed = [(hit.camera, moment, hit.id) for hit in hits if hit.camera and (moment := hit.time.clock)]
    timed.sort()
    numbers = {identifier: 0 for _, _, identifier in timed[:1]}
    for number, (before, after) in enumerate(pairwise(timed), 1):
        gap = (after[1] - before[1]).total_seconds()
        is_next = after[0] == before[0] and gap <= BURST_GAP_S
        numbers[after[2]] = numbers[before[2]] if is_next else number
    photos = Counter(numbers.values())
    return {identifier: number for identifier, number in numbers.items() if photos[number] > 1}


def _read_vectors(client: Elasticsearch, ids: Sequence[str]) -> Mapping[str, list[float]]:
    """The vectors, length 1, of photos by their ids."""
    hits = client.search(
        index=PHOTOS,
        source=False,
        fields=[{"field": "clip_image"}],
        query={"ids": {"values": list(ids)}},
        size=len(ids),
    )["hits"]["hits"]
    return {hit["_id"]: read_vector(hit, "clip_image") or [] for hit in hits}
