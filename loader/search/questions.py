"""Questions to the cluster, each through one stored search template.

Words become vectors inside Elasticsearch; the vector of an image comes from the index when the very file is
in it, and is made here otherwise, by the vision tower of the checkpoint that the index was made with. Vectors
of different models are never compared: the fingerprints in the indices' ``_meta`` are looked at first.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from elasticsearch import ApiError, Elasticsearch

from loader.elastic.indices import PEAKS, PHOTOS
from loader.elastic.models import (
    DeployedModel,
    IndexModel,
    check_checkpoint,
    deployed_model,
    read_index_model,
)
from loader.errors import PeaksError
from loader.files.place import Point
from loader.peaks.catalogue import Concept, Peak
from loader.peaks.names import find_entry, read_by_id
from loader.peaks.siglip import Calibration
from loader.search.answer import Answer, PhotoHit, Question, name_contents, read_photo_hit
from loader.search.filters import Filters, ResolvedFilters, resolve_filters
from loader.search.template_call import ceiling_of, check_parameters, default_of
from loader.vision.image_vectors import IndexedPhoto, LocalVision, stored_vector

Recipe = Literal["none", "photo", "peak"]

HYBRID = "photos-hybrid"
HYBRID_BASIC = "photos-hybrid-basic"

DEFAULT_SIZE = 12

# Templates whose score is not a cosine's but a rank's or a sum of two legs.
_RANKED = frozenset({HYBRID, HYBRID_BASIC})


@dataclass(frozen=True)
class Call:
    """A stored template with its parameters, and the question in a person's words.

    Attributes:
        command: "search", "peak" or "similar".
        asked: the text, peak or image as given.
        index: alias that is searched.
        template: id of the stored script.
        parameters: of the template, vectors included.
        filters: the filters that are on, in words.
        cut_off: the cosine below which nothing matches, where `peaks calibrate` measured it and the person
            gave none.
    """

    command: str
    asked: str
    index: str
    template: str
    parameters: Mapping[str, Any]
    filters: tuple[str, ...] = ()
    cut_off: float | None = None

    def __post_init__(self) -> None:
        check_parameters(self.template, self.parameters)

    @property
    def question(self) -> Question:
        """The call without its vector."""
        spoken = {name: value for name, value in self.parameters.items() if name != "vector"}
        return Question(self.command, self.asked, self.template, spoken, self.filters)


@dataclass(frozen=True)
class ClusterLookup:
    """What filters ask of the cluster (see `loader.search.filters.Lookup`)."""

    client: Elasticsearch

    def peak(self, name: str) -> tuple[str, str, Point]:
        """The id, the first name and the summit of a peak."""
        peak = find_entry(self.client, Peak, name)
        if peak.position is None:
            raise PeaksError(f"{peak.name} has no position in the catalogue: load it again with its latlon.")
        return peak.id, peak.name, peak.position

    def concept(self, name: str) -> tuple[str, str]:
        """The id and the first name of a concept."""
        concept = find_entry(self.client, Concept, name)
        return concept.id, concept.name

    def cosine(self, probability: float) -> float:
        """The cosine that has a SigLIP probability with the deployed model of the photos."""
        model = deployed_model(self.client, read_index_model(self.client, PHOTOS).model_id)
        calibration = _calibration(model)
        if calibration is None:
            raise PeaksError(
                f"Model [{model.model_id}] does not say its logit scale and bias: give --min-similarity "
                "instead of --min-probability."
            )
        return calibration.cosine(probability)


def resolve(client: Elasticsearch, filters: Filters) -> ResolvedFilters:
    """Look up what the filters name (see `loader.search.filters.resolve_filters`)."""
    return resolve_filters(filters, ClusterLookup(client))


def text_call(
    text: str, recipe: Recipe, filters: ResolvedFilters, *, hybrid: bool = False, cut_off: float | None = None
) -> Call:
    """Photos by words.

    Args:
        text: the words.
        recipe: the prompts around them.
        filters: that are on.
        hybrid: rank by words too.
        cut_off: measured with the recipe `photo`; it gives way to a cut-off among the filters.
    """
    if not text.strip():
        raise PeaksError("The text is empty: say what the photos should show.")
    template = HYBRID if hybrid else "photos-by-text"
    parameters = {"text": text, "recipe": recipe, **filters.parameters}
    if cut_off is None or recipe != "photo" or "min_similarity" in parameters:
        return Call("search", text, PHOTOS, template, parameters, filters.words)
    words = (*filters.words, f"similarity at least {cut_off:.3f}, as `peaks calibrate` measured")
    return Call("search", text, PHOTOS, template, {**parameters, "min_similarity": cut_off}, words, cut_off)


def peak_name_call(name: str, filters: ResolvedFilters) -> Call:
    """Photos by a peak's name alone, ``A | B`` for several names; the catalogue is not asked."""
    if not name.replace("|", " ").strip():
        raise PeaksError("The name is empty: give a peak's name, or several as 'A | B'.")
    return Call("peak", name, PHOTOS, "photos-by-peak", {"peak": name, **filters.parameters}, filters.words)


def peak_call(client: Elasticsearch, name: str, filters: ResolvedFilters) -> Call:
    """Photos by the prototype vector of a peak of the catalogue.

    Raises:
        PeaksError: the peak is unknown or has no vector, or the two indices hold vectors of different models.
    """
    peak = find_entry(client, Peak, name)
    vector = stored_vector(client, PEAKS, peak.id, "text_embed")
    if vector is None:
        raise PeaksError(f"{peak.name} has no vector in the catalogue: load it with `peaks load-peaks`, or "
                         "search with --by-name.")
    catalogue, photos = read_index_model(client, PEAKS), read_index_model(client, PHOTOS)
    _refuse_other_checkpoint(catalogue, photos.checkpoint_fingerprint, f"the index {PHOTOS}")
    parameters = {"vector": vector, **filters.parameters}
    return Call("peak", peak.name, PHOTOS, "photos-by-vector", parameters, filters.words)


def similar_call(image: str, vector: Sequence[float], filters: ResolvedFilters) -> Call:
    """Photos like an image, whose vector is L2-normalised and as long as the index's."""
    parameters = {"vector": list(vector), **filters.parameters}
    return Call("similar", image, PHOTOS, "photos-by-vector", parameters, filters.words)


def ask_photos(client: Elasticsearch, call: Call, *, thumbnails: bool = False) -> Answer:
    """Ask for photos by words or by a peak.

    Args:
        client: of the cluster.
        call: of a template over photos.
        thumbnails: bring the stored thumbnails along.

    Raises:
        PeaksError: the index is empty, or its vectors are of another model than the one that is deployed.
    """
    index = read_index_model(client, PHOTOS)
    by_words = "vector" not in call.parameters
    model = _model_for_words(client, index) if by_words else _model_if_any(client, index)
    answer = _photo_answer(client, call, _calibration(model), thumbnails)
    if answer.hits or call.cut_off is None:
        return answer
    return replace(answer, note=_say_no_match(client, call))


def _say_no_match(client: Elasticsearch, call: Call) -> str | None:
    """Name the photo that comes nearest, so that a person can judge the cut-off."""
    nearest = replace(call, parameters={**call.parameters, "min_similarity": -1, "size": 1}, cut_off=None)
    hits = _photo_answer(client, nearest, None, thumbnails=False).hits
    if not hits or hits[0].similarity.cosine is None:
        return None
    return (
        f"No match: the nearest photo, {hits[0].path}, has a similarity of {hits[0].similarity.cosine:.3f}, "
        f"below the measured cut-off of {call.cut_off:.3f} (--min-similarity -1 shows everything)."
    )


def ask_similar(
    client: Elasticsearch, call: Call, known: IndexedPhoto | None, *, thumbnails: bool = False
) -> Answer:
    """Ask for photos like an image, which is itself left out of the answer.

    SigLIP's probability is about a text and an image; between two images it is not shown.
    """
    own = known.ids if known else ()
    size = call.parameters.get("size", default_of(call.template, "size", DEFAULT_SIZE))
    wider = min(size + len(own), ceiling_of(call.template, "size", size))
    wider_call = replace(call, parameters={**call.parameters, "size": wider})
    answer = _photo_answer(client, wider_call, None, thumbnails)
    others = tuple(hit for hit in answer.hits if hit.id not in own)
    return replace(answer, question=call.question, hits=others[:size])


def check_local_vision(client: Elasticsearch, index: str, vision: LocalVision) -> None:
    """Refuse vectors of a checkpoint that is not the one behind an index.

    Raises:
        PeaksError: with both fingerprints, and the fix.
    """
    check_checkpoint(read_index_model(client, index), index, vision.checkpoint)


def _photo_answer(
    client: Elasticsearch, call: Call, calibration: Calibration | None, thumbnails: bool
) -> Answer:
    note, body = None, {}
    try:
        body = _run(client, call, with_thumbnail=thumbnails)
    except ApiError as error:
        if call.template != HYBRID or not refuses_rrf(error):
            raise
        note = f"The cluster's licence does not include the RRF retriever: {HYBRID_BASIC} answered instead."
        call = replace(call, template=HYBRID_BASIC)
        body = _run(client, call, with_thumbnail=thumbnails)
    is_cosine = call.template not in _RANKED
    hits = [read_photo_hit(hit, calibration, is_cosine=is_cosine) for hit in body["hits"]["hits"]]
    if not hits:
        _refuse_empty(client, PHOTOS, "load photos with `peaks load-photos DIR`")
    if not is_cosine and calibration is not None:
        hits = _with_cosines(client, call, hits, calibration)
    named = _with_names(client, hits)
    return Answer(call.question, body["took"], named, note)


def _with_cosines(
    client: Elasticsearch, call: Call, hits: Sequence[PhotoHit], calibration: Calibration
) -> list[PhotoHit]:
    """The same hits with their cosine and SigLIP's probability, which a score of ranks does not tell."""
    if not hits:
        return []
    model_id = call.parameters.get("model_id") or read_index_model(client, PHOTOS).model_id
    text = f"{call.parameters['recipe']}: {call.parameters['text']}"
    answer = client.search(index=PHOTOS, source=False, size=len(hits), knn={
        "field": "clip_image",
        "query_vector_builder": {"text_embedding": {"model_id": model_id, "model_text": text}},
        "k": len(hits),
        "num_candidates": max(100, len(hits)),
        "filter": {"ids": {"values": [hit.id for hit in hits]}},
    })
    cosines = {hit["_id"]: 2 * hit["_score"] - 1 for hit in answer["hits"]["hits"]}
    return [
        replace(hit, similarity=hit.similarity.beside(cosines.get(hit.id), calibration)) for hit in hits
    ]


def _run(client: Elasticsearch, call: Call, *, with_thumbnail: bool = False) -> dict[str, Any]:
    parameters = dict(call.parameters)
    if with_thumbnail:
        parameters["with_thumbnail"] = True
        check_parameters(call.template, parameters)
    body: dict[str, Any] = client.search_template(index=call.index, id=call.template, params=parameters).body
    return body


def refuses_rrf(error: ApiError) -> bool:
    """Whether the licence lacks the RRF retriever (403, as for machine learning, which is named [ml])."""
    reason = str(error.body)
    return error.meta.status == 403 and "non-compliant" in reason and "[ml]" not in reason


def _with_names(client: Elasticsearch, hits: Sequence[PhotoHit]) -> tuple[PhotoHit, ...]:
    peaks = read_by_id(client, Peak, (found.peak.id for hit in hits for found in hit.predictions))
    concepts = read_by_id(client, Concept, (concept.id for hit in hits for concept in hit.concepts))
    return name_contents(hits, peaks, concepts)


def _refuse_empty(client: Elasticsearch, index: str, fix: str) -> None:
    if client.count(index=index)["count"] == 0:
        raise PeaksError(f"The index {index} is empty: {fix}.")


def _calibration(model: DeployedModel | None) -> Calibration | None:
    if model is None or model.logit_scale is None or model.logit_bias is None:
        return None
    return Calibration(model.logit_scale, model.logit_bias)


def _model_if_any(client: Elasticsearch, index: IndexModel) -> DeployedModel | None:
    try:
        return deployed_model(client, index.model_id)
    except (PeaksError, ApiError):
        return None  # a ready vector needs no model and no licence; only the probability is missing then


def _model_for_words(client: Elasticsearch, index: IndexModel) -> DeployedModel:
    model = deployed_model(client, index.model_id)
    _refuse_other_checkpoint(index, model.checkpoint_fingerprint, f"the deployed model {model.model_id}")
    return model


def _refuse_other_checkpoint(index: IndexModel, fingerprint: str, owner: str) -> None:
    if index.checkpoint_fingerprint != fingerprint:
        raise PeaksError(
            f"The index's vectors ({index.model_id}) are of checkpoint {index.checkpoint_fingerprint}, and "
            f"{owner} has {fingerprint}: use the same checkpoint for both, or build the "
            "next index with `peaks apply --next` and load again."
        )
