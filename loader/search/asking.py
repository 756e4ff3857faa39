"""Sends a question to the cluster, and turns the hits into an answer.

Words become vectors inside Elasticsearch. Vectors of different models are never compared: the fingerprints
in the indices' ``_meta`` are looked at first.
"""
from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from elastic_transport import ObjectApiResponse
from elasticsearch import ApiError, Elasticsearch

from loader.elastic.assets import read_schema
from loader.elastic.indices import PHOTOS, cosine_of_score
from loader.elastic.models import read_deployed_model, read_index_model
from loader.elastic.renewal.two_models import knn_clauses
from loader.errors import PeaksError
from loader.peaks.siglip import SiglipSigmoid
from loader.search.alike import group_alike
from loader.search.answer import Answer, EntriesById, Similarity, add_thumbnails, read_photo_hit
from loader.search.notes import (
    join,
    leave_out_what_does_not_fit,
    say_what_a_name_needs,
    say_what_was_not_read,
)
from loader.search.question import BY_TEXT, BY_VECTOR, BY_WORDS, HYBRID, HYBRID_BASIC, Question
from loader.text import format_count, tell_apart
from loader.vision.local_text import LocalText

ASKED_FOR_ONE = 4  # photos, so that copies and bursts do not thin out an answer


def answer_question(
    client: Elasticsearch, question: Question, *, thumbnails: bool = False, text: LocalText | None = None
) -> Answer:
    """Ask for photos by words or by a peak.

    Args:
        client: of the cluster.
        question: that is asked.
        thumbnails: bring the stored thumbnails along.
        text: makes the words' vector here; None has the cluster make it.

    Raises:
        PeaksError: the index is empty, or its vectors are of another model than the one that is deployed or
            ``text`` has.
    """
    if text is None:
        siglip = _read_siglip(client, question)
    else:
        fingerprint = read_index_model(client, PHOTOS).model_fingerprint
        question = question.with_vector(text.embed(question.model_text, fingerprint))
        siglip = SiglipSigmoid(text.checkpoint.logit_scale, text.checkpoint.logit_bias)
    answer = _answer_once(client, question, siglip, thumbnails)
    answer = leave_out_what_does_not_fit(answer)
    if not answer.hits and question.cut_off is not None:
        answer = replace(answer, note=_say_no_match(client, question))
    notes = (answer.note, say_what_a_name_needs(question), say_what_was_not_read(client, question))
    return replace(answer, note=join(*notes))


def _say_no_match(client: Elasticsearch, question: Question) -> str | None:
    """Name the photo that comes nearest, so that a person can judge the cut-off."""
    nearest = replace(question, parameters={**question.parameters, "min_similarity": -1, "size": 1})
    hits = _answer(client, nearest, None).hits
    if not hits or (cosine := hits[0].similarity.cosine) is None:
        return None
    near, cut_off = tell_apart(cosine, question.cut_off or 0.0, 3)
    return (
        f"No match: the nearest photo, {hits[0].file or hits[0].path}, has a similarity of {near}, below the "
        f"measured cut-off of {cut_off} (--min-similarity -1 shows everything)."
    )


def answer_similar(
    client: Elasticsearch, question: Question, own: Collection[str] = (), *, thumbnails: bool = False
) -> Answer:
    """Ask for photos that are like an image.

    SigLIP's probability holds for a text and an image, so between two images it is not shown.

    Args:
        client: of the cluster.
        question: that is asked.
        own: ids of the photos that are the image itself, and left out of the answer.
        thumbnails: bring the stored thumbnails along.
    """
    return _answer_once(client, question, None, thumbnails, own)


def _answer_once(
    client: Elasticsearch,
    question: Question,
    siglip: SiglipSigmoid | None,
    thumbnails: bool,
    own: Collection[str] = (),
) -> Answer:
    """Answer with as many hits as were asked for, none of them a copy of another or of one burst with it.

    More photos are asked for, and still more where too many are alike. Thumbnails come at the end, so that
    none is read in vain.
    """
    limits = read_schema(question.template)["properties"]["size"]
    wanted = question.parameters.get("size", limits["default"])
    asked = wanted + len(own)
    while True:
        asked = min(asked * ASKED_FOR_ONE, limits["maximum"])
        larger = replace(question, parameters={**question.parameters, "size": asked})
        answer = _answer(client, larger, siglip)
        hits = group_alike(client, [hit for hit in answer.hits if hit.id not in own])
        if len(hits) >= wanted or len(answer.hits) < asked or asked == limits["maximum"]:
            question = replace(answer.question, parameters=question.parameters)
            best = add_thumbnails(client, hits[:wanted]) if thumbnails else hits[:wanted]
            return replace(answer, question=question, hits=best)


def answer_photos(client: Elasticsearch, question: Question, *, thumbnails: bool = False) -> Answer:
    """Ask for photos without a question (see `loader.search.question.ask_photos`).

    Raises:
        PeaksError: the index is empty, or has no such page.
    """
    body = _run(client, question, thumbnails=thumbnails)
    hits, total = body["hits"]["hits"], body["hits"]["total"]["value"]
    if not hits:
        _refuse_empty_index(client)
    if total and not hits:
        limits = read_schema(question.template)["properties"]["size"]
        last = -(-total // question.parameters.get("size", limits["default"]))
        only = format_count(total, "photo")
        raise PeaksError(f"The answer has only {only}: the last page is --page {last}.")
    entries = EntriesById.read(client, hits)
    found = [read_photo_hit(hit, Similarity(None), entries) for hit in hits]
    if "distance" in question.parameters["sort"]:
        found = [
            replace(photo, distance=float(hit["sort"][0])) for photo, hit in zip(found, hits, strict=True)
        ]
    return Answer(question, body["took"], tuple(found), total=total)


def _refuse_empty_index(client: Elasticsearch) -> None:
    if client.count(index=PHOTOS)["count"] == 0:
        raise PeaksError(f"The index {PHOTOS} is empty: load photos with `peaks load-photos DIR`.")


def _answer(client: Elasticsearch, question: Question, siglip: SiglipSigmoid | None) -> Answer:
    note = None
    try:
        body = _run(client, question)
    except ApiError as error:
        if question.template != HYBRID or not refuses_rrf(error):
            raise
        question = replace(question, template=HYBRID_BASIC)
        note = f"The cluster's licence does not include the RRF retriever: {HYBRID_BASIC} answered instead."
        body = _run(client, question)
    hits = body["hits"]["hits"]
    if not hits:
        _refuse_empty_index(client)
    entries = EntriesById.read(client, hits)
    similarities = _similarities(client, question, hits, siglip)
    found = tuple(map(read_photo_hit, hits, similarities, [entries] * len(hits)))
    return Answer(question, body["took"], found, note)


def _run(client: Elasticsearch, question: Question, *, thumbnails: bool = False) -> ObjectApiResponse[Any]:
    parameters = dict(question.parameters)
    if thumbnails:
        parameters["with_thumbnail"] = True
    return client.search_template(index=PHOTOS, id=question.template, params=parameters)


def refuses_rrf(error: ApiError) -> bool:
    """Whether the licence lacks the RRF retriever (403, as for machine learning, which is named [ml])."""
    reason = str(error.body)
    return error.meta.status == 403 and "non-compliant" in reason and "[ml]" not in reason


def answer_words(client: Elasticsearch, question: Question, text: LocalText, *, thumbnails: bool) -> Answer:
    """Ask for photos by words; ``text`` makes their vector where the licence lacks machine learning."""
    try:
        return answer_question(client, question, thumbnails=thumbnails)
    except ApiError as error:
        if not refuses_models(error):
            raise
        return answer_question(client, question, thumbnails=thumbnails, text=text)


def refuses_models(error: ApiError) -> bool:
    """Whether the licence lacks machine learning: the cluster makes no vectors."""
    return error.meta.status == 403 and "non-compliant for [ml]" in str(error.body)


def _similarities(
    client: Elasticsearch,
    question: Question,
    hits: Sequence[Mapping[str, Any]],
    siglip: SiglipSigmoid | None,
) -> list[Similarity]:
    """The hits' scores, with their cosines and SigLIP's probabilities where they are known."""
    is_rank = question.template in (HYBRID, HYBRID_BASIC)
    if not is_rank:
        cosines = _cosines(hits)
    else:
        cosines = _cosines_to_words(client, question, hits) if hits and siglip else {}
    probabilities = {each: siglip.probability(cosines[each]) for each in cosines} if siglip else {}
    return [
        Similarity(hit["_score"], cosines.get(hit["_id"]), probabilities.get(hit["_id"]), is_rank)
        for hit in hits
    ]


def _cosines(hits: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {hit["_id"]: cosine_of_score(hit["_score"]) for hit in hits}


def _cosines_to_words(
    client: Elasticsearch, question: Question, hits: Sequence[Mapping[str, Any]]
) -> dict[str, float]:
    """The cosines of some photos to the question's words, which a score made of ranks does not give."""
    own = ("vector",) if "vector" in question.parameters else ("text", "recipe")
    parameters = {name: question.parameters[name] for name in own}
    template = BY_VECTOR if "vector" in parameters else BY_TEXT
    rendered = client.render_search_template(id=template, params={**parameters, "size": len(hits)})
    search = rendered["template_output"]
    for clause in knn_clauses(search):
        clause["filter"].append({"ids": {"values": [hit["_id"] for hit in hits]}})
    return _cosines(client.search(index=PHOTOS, body=search)["hits"]["hits"])


def _read_siglip(client: Elasticsearch, question: Question) -> SiglipSigmoid | None:
    """SigLIP's sigmoid, which turns cosines into probabilities.

    Raises:
        PeaksError: the question's words would become vectors of another checkpoint than the photos'.
    """
    index = read_index_model(client, PHOTOS)
    by_words = question.template in BY_WORDS
    try:
        model = read_deployed_model(client, index.model_id)
    except (PeaksError, ApiError):
        if by_words:
            raise
        return None  # a ready vector needs no model and no licence; only the probability is missing then
    if index.checkpoint_fingerprint == model.checkpoint_fingerprint:
        return SiglipSigmoid.of(model)
    if not by_words:
        return None
    raise PeaksError(
        f"The index's vectors ({index.model_id}) are of checkpoint {index.checkpoint_fingerprint}, and the "
        f"deployed model {model.model_id} has {model.checkpoint_fingerprint}: use the same checkpoint for "
        "both, or build the next index with `peaks apply --next` and load again."
    )
