"""An image that a person asks about: taken from the index, or decoded and embedded here."""
from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from elasticsearch import ApiError, Elasticsearch

from loader.arrays import Vectors
from loader.elastic.indices import PHOTOS, stored_vector
from loader.elastic.models import read_deployed_model, read_index_model, refuse_other_checkpoint
from loader.errors import PeaksError
from loader.files.content import explain_refusal, hash_file
from loader.files.library import Skipped, lone_file, path_words
from loader.files.paths import find_spelling, join_path, spellings
from loader.files.photo import decode_photo
from loader.peaks.sight.camera import read_camera
from loader.peaks.sight.geometry import Camera
from loader.peaks.sight.photo import read_photo_camera
from loader.peaks.siglip import SiglipSigmoid
from loader.search.answer import ShotTime
from loader.text import list_words
from loader.vision.local_vision import LocalVision

# More copies of one file than anybody has; their ids are left out of the answer.
_MOST_COPIES = 100


@dataclass(frozen=True)
class AskedImage:
    """An image with everything that search and identification need.

    Attributes:
        path: as the person gave it; that in the index, where a part of it was given.
        vector: float32 ``(1, dims)``, length 1.
        fields: what its file says, as a document's fields, and its thumbnail.
        ids: of every document of the index that holds the very same file.
    """

    path: str
    vector: Vectors
    fields: Mapping[str, Any] = field(default_factory=dict)
    ids: tuple[str, ...] = ()

    @property
    def camera(self) -> Camera | None:
        """Where it was taken from; None when it has no position."""
        return read_camera(self.fields)

    @property
    def time(self) -> ShotTime:
        """When it was taken."""
        return ShotTime(*(self.fields.get(f"shot_time{part}") for part in ("", "_local", "_offset")))

    @property
    def thumbnail(self) -> str:
        """Base64 JPEG."""
        return str(self.fields.get("thumbnail", ""))


def read_asked_image(client: Elasticsearch, path: str, vision: LocalVision) -> AskedImage:
    """Read an image: from the index when it is there, from its file otherwise.

    Args:
        client: of the cluster.
        path: of a file, or of an indexed photo as the other commands print it.
        vision: the checkpoint that the photos were loaded with.

    Raises:
        PeaksError: there is no such image, it cannot be read, it is indexed without a vector, or no
            checkpoint was named to embed it with.
    """
    found = Path(find_spelling(path))
    file = found if found.is_file() else None
    if indexed := _find_indexed(client, path, file):
        return indexed
    if file is None:
        raise PeaksError(f"There is no image file {path}, and no indexed photo of that path: give a whole "
                         "path, or its end such as IMG_2498.HEIC.")
    if problem := explain_refusal(file):  # before a checkpoint is asked for
        raise PeaksError(f"{path} cannot be read as an image: {problem}.")
    _check(client, vision)
    photo = decode_photo(lone_file(file, path), vision.input)
    if isinstance(photo, Skipped):
        raise PeaksError(f"{path} cannot be read as an image: {photo.reason}.")
    return AskedImage(path, np.array(vision.embed([photo.picture]), dtype=np.float32), photo.fields)


def find_indexed_image(client: Elasticsearch, path: str) -> AskedImage:
    """Find an indexed photo by its path, a part of that, or its file.

    Raises:
        PeaksError: it is not in the index, or several may be meant.
    """
    found = Path(find_spelling(path))
    if indexed := _find_indexed(client, path, found if found.is_file() else None):
        return indexed
    raise PeaksError(f"The index has no photo {path}: give a whole path or its end, such as IMG_2498.HEIC, "
                     "or load its folder with `peaks load-photos DIR`.")


def _find_indexed(client: Elasticsearch, image: str, file: Path | None) -> AskedImage | None:
    """The indexed photo with a file's content; without a file, the one whose path is this or has this part.

    Raises:
        PeaksError: several photos have this path, or this part in their paths, or the one has no vector.
    """
    if file is not None:
        hits, path = _search(client, {"term": {"content_hash": hash_file(file)}}), image
    else:
        ways = (_query_path, _query_end)
        found = (_search(client, query(image)) for query in ways)
        hits = next(filter(None, found), []) or _find_by_words(client, image)
        _refuse_several(hits, image)
        hits += _find_copies(client, hits)
        path = _whole_path(hits[0]["fields"]) if hits else image
    if not hits:
        return None
    vector = stored_vector(client, PHOTOS, hits[0]["_id"], "clip_image")
    fields = client.get(index=PHOTOS, id=hits[0]["_id"], source_excludes=["clip_image"])["_source"]
    if file is not None:  # what stands beside this copy may say more than what stood beside the other
        fields = {"thumbnail": fields.get("thumbnail", ""), **read_photo_camera(str(file)).fields}
    return AskedImage(path, np.array([vector], dtype=np.float32), fields, tuple(hit["_id"] for hit in hits))


def _query_path(image: str) -> dict[str, Any]:
    """A query for the photos of a path: from their library's folder on, or an absolute one."""
    written = spellings(image)
    wholes = [
        {"bool": {"filter": [
            {"term": {"library_root": str(root)}}, {"term": {"path": str(path.relative_to(root))}},
        ]}}
        for path in map(PurePosixPath, written)
        for root in (path.parents if path.is_absolute() else ())
    ]
    return {"bool": {"should": [{"terms": {"path": written}}, *wholes]}}


def _query_end(image: str) -> dict[str, Any]:
    """A query for the photos whose absolute path ends like this, from a folder's or the file's name on."""
    ends = [
        {"bool": {"filter": [
            {"wildcard": {"library_root": f"*/{_literal(str(folder))}"}},
            {"term": {"path": str(path.relative_to(folder))}},
        ]}}
        for path in map(PurePosixPath, spellings(image))
        for folder in list(path.parents)[:-1]
    ]
    inside = [{"wildcard": {"path": f"*/{_literal(each)}"}} for each in spellings(image)]
    return {"bool": {"should": [*inside, *ends]}}


def _literal(text: str) -> str:
    """A text as it stands inside of a wildcard query."""
    return re.sub(r"([*?\\])", r"\\\1", text)


def _find_copies(client: Elasticsearch, hits: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The other photos with the content of these."""
    hashes = [each for hit in hits for each in hit["fields"].get("content_hash", ())]
    known = {"ids": {"values": [hit["_id"] for hit in hits]}}
    query = {"bool": {"filter": [{"terms": {"content_hash": hashes}}], "must_not": [known]}}
    return _search(client, query) if hashes else []


def _find_by_words(client: Elasticsearch, image: str) -> list[dict[str, Any]]:
    """The photos whose path has these words one after another."""
    words = path_words(image)
    return _search(client, {"match_phrase": {"path_words": words}}) if words else []


def _refuse_several(hits: Sequence[Mapping[str, Any]], image: str) -> None:
    """Refuse to choose between photos that are no copies of each other."""
    if len({str(hit["fields"].get("content_hash")) for hit in hits}) > 1:
        files = list_words(sorted(_whole_path(hit["fields"]) for hit in hits))
        raise PeaksError(f"There is no image file {image}, and several indexed photos may be meant, {files}: "
                         "give the path of one.")


def _whole_path(fields: Mapping[str, Any]) -> str:
    path, roots = str(fields["path"][0]), fields.get("library_root", ())
    return join_path(roots[0], path) if roots else path


def _search(client: Elasticsearch, query: dict[str, Any]) -> list[dict[str, Any]]:
    hits: list[dict[str, Any]] = client.search(
        index=PHOTOS,
        source=False,
        fields=[{"field": name} for name in ("path", "library_root", "content_hash")],
        size=_MOST_COPIES,
        query={"bool": {"filter": [query]}},
    )["hits"]["hits"]
    return hits


def _check(client: Elasticsearch, vision: LocalVision) -> None:
    """Refuse a checkpoint whose vectors the index does not hold, before PyTorch is imported."""
    refuse_other_checkpoint(read_index_model(client, PHOTOS), PHOTOS, vision.checkpoint)


def read_siglip(client: Elasticsearch, vision: LocalVision) -> SiglipSigmoid:
    """Return SigLIP's scale and bias: the deployed model's, or the named checkpoint's.

    Raises:
        PeaksError: neither is there, or the checkpoint is not the one that the photos were loaded with.
    """
    try:
        model = read_deployed_model(client, read_index_model(client, PHOTOS).model_id)
    except (PeaksError, ApiError):  # not deployed, or the licence does not include machine learning
        model = None
    if model is not None and (siglip := SiglipSigmoid.of(model)):
        return siglip
    if vision.name is None:
        raise PeaksError(
            "SigLIP's scale and bias are not known, because the text model is not deployed here: name "
            "the checkpoint that the photos were loaded with, --checkpoint DIR_OR_HUB_ID (PEAKS_CHECKPOINT)."
        )
    _check(client, vision)
    return SiglipSigmoid(vision.checkpoint.logit_scale, vision.checkpoint.logit_bias)
