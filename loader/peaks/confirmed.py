"""A person's word: which peaks of the catalogue a photo shows, or that it shows none of them.

It stands in the photo's `CONFIRMED`, and the fields of the named peaks (``predicted_peaks`` and those beside
it) follow it. So every filter, count, map and page that reads these has the person's word where there is one,
and nothing else has to know of it.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from loader.elastic.indices import PHOTOS, read_pages
from loader.elastic.photo_index import CONFIRMED
from loader.elastic.retries import with_retries
from loader.errors import PeaksError
from loader.files.paths import join_path
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_index import read_by_id

NO_PEAK = "none"  # the word that a photo shows no peak of the catalogue
PERSON = "person"  # the evidence of a peak that a person has named

_MOST_COPIES, _MOST_PEAKS, _PAGE = 1_000, 10_000, 1_000


def name_by_word(word: Sequence[str], peaks: Mapping[str, Peak]) -> dict[str, Any]:
    """Return the fields of the named peaks as a person's word has them.

    Args:
        word: ids of peaks, or `NO_PEAK` alone.
        peaks: the catalogue, or the part that the word names, by id. A peak that is not there is called by
            its id.
    """
    shown = [peaks.get(each, Peak(each, ())) for each in word if each != NO_PEAK]
    return {
        "predicted_peaks": [peak.id for peak in shown],
        "predicted_peak_names": [name for peak in shown for name in peak.names],
        "predicted_peak_labels": [peak.name for peak in shown],
        "predicted_peaks_evidence": [PERSON] * len(shown),
        "predictions": [{"peak": peak.id, "evidence": PERSON} for peak in shown],
    }


def read_word(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The person's word in a document or the ``fields`` of a hit; () without one."""
    word = fields.get(CONFIRMED) or ()
    return (word,) if isinstance(word, str) else tuple(word)


def read_words(client: Elasticsearch, ids: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Return what persons said of photos, by id, as a part of their documents; others are left out."""
    if not ids:
        return {}
    query = {"bool": {"filter": [{"ids": {"values": list(ids)}}, {"exists": {"field": CONFIRMED}}]}}
    fields = [{"field": CONFIRMED}]
    request = partial(client.search, index=PHOTOS, query=query, size=len(ids), source=False, fields=fields)
    found = with_retries(request)
    return {hit["_id"]: {CONFIRMED: list(read_word(hit["fields"]))} for hit in found["hits"]["hits"]}


def read_all_words(client: Elasticsearch) -> list[tuple[str, tuple[str, ...]]]:
    """Return the whole paths, in their order, of photos of which a person said something, and the words."""
    fields = [{"field": name} for name in ("path", "library_root", CONFIRMED)]
    query = {"exists": {"field": CONFIRMED}}
    words = []
    for hits in read_pages(client, PHOTOS, size=_PAGE, query=query, source=False, fields=fields):
        for found in (hit["fields"] for hit in hits):
            root, path = "".join(found.get("library_root", ())), str(found["path"][0])
            words.append((join_path(root, path) if root else path, read_word(found)))
    return sorted(words)


def count_lost_peaks(client: Elasticsearch) -> dict[str, int]:
    """Return the peaks that persons named and the catalogue has no longer, with the count of their photos."""
    counts = {"terms": {"field": CONFIRMED, "size": _MOST_PEAKS}}
    found = with_retries(partial(client.search, index=PHOTOS, size=0, aggs={"peaks": counts}))
    photos = {bucket["key"]: bucket["doc_count"] for bucket in found["aggregations"]["peaks"]["buckets"]}
    known = {NO_PEAK, *read_by_id(client, Peak, photos)}
    return {peak: count for peak, count in photos.items() if peak not in known}


def confirm_peaks(client: Elasticsearch, photo: str, peaks: Sequence[Peak]) -> int:
    """Keep a person's word in place of an earlier one, and return how many photos have it now.

    Args:
        client: of the cluster.
        photo: id of a photo. Its copies show the same, so they get the same word.
        peaks: that it shows; none says that it shows no peak of the catalogue.

    Raises:
        PeaksError: the photo is not in the index.
    """
    word = [peak.id for peak in peaks] or [NO_PEAK]
    return write_word(client, photo, word, name_by_word(word, {peak.id: peak for peak in peaks}))


def write_word(client: Elasticsearch, photo: str, word: Sequence[str], fields: Mapping[str, Any]) -> int:
    """Put a word, () for none, and the fields that follow it into a photo and its copies; count them.

    Raises:
        PeaksError: the photo is not in the index.
    """
    ids = find_copies(client, photo)
    for identifier in ids:
        client.update(
            index=PHOTOS, id=identifier, doc={CONFIRMED: list(word), **fields}, require_alias=True,
            retry_on_conflict=3, refresh=True,
        )
    return len(ids)


def find_copies(client: Elasticsearch, photo: str) -> list[str]:
    """Return the ids of a photo and of those with the same content.

    Raises:
        PeaksError: the photo is not in the index.
    """
    try:
        found = client.get(index=PHOTOS, id=photo, source_includes=["content_hash"])["_source"]
    except NotFoundError as error:
        raise PeaksError("The index has no such photo any more: load it with `peaks load-photos`.") from error
    if "content_hash" not in found:
        return [photo]
    query = {"term": {"content_hash": found["content_hash"]}}
    hits = client.search(index=PHOTOS, query=query, size=_MOST_COPIES, source=False)["hits"]["hits"]
    return list(dict.fromkeys([photo, *(hit["_id"] for hit in hits)]))
