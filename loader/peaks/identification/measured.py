"""What `peaks calibrate` measured on an index of photos, as it stands in the mapping's ``_meta.calibration``.

It stands for one text model; what was measured with another one's vectors is not used.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elasticsearch import Elasticsearch

from loader.elastic.indices import PEAKS, PHOTOS
from loader.elastic.models import read_index_model
from loader.errors import PeaksError

KEY = "calibration"


def read_measured(client: Elasticsearch) -> dict[str, Any] | None:
    """Return what was measured with the text model whose vectors the prototypes are, or None.

    Raises:
        PeaksError: an index does not exist.
    """
    written = _meta(client).get(KEY)
    if not isinstance(written, Mapping) or written.get("text_model") != _text_model(client):
        return None
    return dict(written)


def write_measured(client: Elasticsearch, measured: Mapping[str, Any] | None) -> None:
    """Keep a measurement in place of an earlier one; None forgets it."""
    meta = {name: value for name, value in _meta(client).items() if name != KEY}
    if measured is not None:
        meta[KEY] = {**measured, "text_model": _text_model(client)}
    client.indices.put_mapping(index=PHOTOS, meta=meta)


def read_cut_off(client: Elasticsearch) -> float | None:
    """Return the cosine below which a photo does not match words, or None where nobody measured it.

    Raises:
        PeaksError: an index does not exist, or somebody wrote something else there.
    """
    cosine = (read_measured(client) or {}).get("min_similarity")
    if cosine is None or (isinstance(cosine, int | float) and -1 <= cosine <= 1):
        return cosine
    raise PeaksError(damaged(f"min_similarity is {cosine!r}"))


def damaged(what: str) -> str:
    """Return the sentence for a measurement that nobody could have made."""
    return f"_meta.{KEY} of [{PHOTOS}] is not what `peaks calibrate` writes ({what}): calibrate again."


def _meta(client: Elasticsearch) -> dict[str, Any]:
    read_index_model(client, PHOTOS)  # one index behind the alias, made by `peaks apply`
    body = next(iter(client.indices.get_mapping(index=PHOTOS).values()))
    return dict(body["mappings"].get("_meta") or {})


def _text_model(client: Elasticsearch) -> str:
    """Fingerprint of the text model whose vectors the prototypes are."""
    return read_index_model(client, PEAKS).model_fingerprint
