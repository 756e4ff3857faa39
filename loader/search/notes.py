"""What is said beside an answer: that nothing fits, that a name needs --hybrid, that a text was cut off."""
from __future__ import annotations

import re
from dataclasses import replace

from elasticsearch import ApiError, Elasticsearch

from loader.elastic.indices import PHOTOS
from loader.elastic.models import embed_texts, read_index_model
from loader.search.answer import Answer
from loader.search.question import BY_TEXT, BY_VECTOR, HYBRID, HYBRID_BASIC, Question

# SigLIP's probability of the best photo below which nothing fits, where `peaks calibrate` measured no
# cut-off. On the demo's photos the best photo of its 9 concepts has 0.73 and more, of 10 things that no
# photo shows 0.003 to 0.40. Real checkpoints give right photos less than the demo's does, so it is low.
FITS_FROM = 0.03
# Shorter texts have fewer than 64 tokens, because a token is one byte at least.
SURELY_READ_BYTES = 63
SAME_VECTOR = 1e-5  # largest difference of a number
# One word of letters and a number, as cameras call their files: IMG_2498, DSC01234.JPG, 20231005_063012
FILE_NAME = re.compile(r"[\w-]*\d{3,}[\w-]*(\.\w{3,4})?")


def leave_out_what_does_not_fit(answer: Answer) -> Answer:
    """The answer without hits where even the best does not fit, and a sentence about that one.

    Hits of a peak stay beside the sentence: with many checkpoints a mountain's name has a small probability.
    A cut-off that a person gave or `peaks calibrate` measured is taken instead; and names or file names of a
    hybrid search may fit whatever the picture shows.
    """
    question = answer.question
    is_hybrid = question.template in (HYBRID, HYBRID_BASIC)
    if is_hybrid or "min_similarity" in question.parameters or not answer.hits:
        return answer
    best = max(answer.hits, key=lambda hit: hit.similarity.probability or 0.0)
    probability = best.similarity.probability
    if probability is None or probability >= FITS_FROM:
        return answer
    chance = f"{100 * probability:.1f} %" if probability >= 0.001 else "less than 0.1 %"
    found = f"the best, {best.file or best.path}, has a probability of {chance}"
    if question.command != "search":
        return replace(answer, note=join(answer.note, f"Perhaps no photo shows it: {found}."))
    sentence = f"No photo fits: {found} (--min-similarity -1 shows the nearest all the same)."
    return replace(answer, hits=(), note=join(answer.note, sentence))


def is_file_name(text: str) -> bool:
    """Whether a text looks like the name that a camera gave a file."""
    return FILE_NAME.fullmatch(text.strip()) is not None


def say_what_a_name_needs(question: Question) -> str | None:
    """A sentence for a file's name, of which a vector knows nothing; None for other texts."""
    if question.template not in (BY_TEXT, BY_VECTOR) or not is_file_name(question.asked):
        return None
    return f"{question.asked.strip()} looks like a file's name: --hybrid finds photos by their names too."


def say_what_was_not_read(client: Elasticsearch, question: Question) -> str | None:
    """A sentence for a text that is longer than the model reads; None for others.

    Only the model has a tokenizer. A text is too long when its vector stays the same without its last word:
    so this may miss a text of which less than its last word is cut off, and it never errs otherwise.
    """
    if question.template not in (BY_TEXT, HYBRID, HYBRID_BASIC) or "vector" in question.parameters:
        return None
    text, recipe = str(question.parameters["text"]).strip(), question.parameters["recipe"]
    if len(text.lower().encode()) <= SURELY_READ_BYTES:
        return None
    model = read_index_model(client, PHOTOS).model_id
    try:
        whole, shorter = embed_texts(client, model, [f"{recipe}: {each}" for each in (text, _shorten(text))])
    except ApiError:  # the answer stands without this sentence
        return None
    if max(abs(one - other) for one, other in zip(whole, shorter, strict=True)) > SAME_VECTOR:
        return None
    return (
        "The text is longer than the 64 tokens that the model reads, and its end changed nothing: shorten "
        "it, or begin with what matters most."
    )


def _shorten(text: str) -> str:
    """The text without its last word; without its last character where it is one word, as in Chinese."""
    before, _, last = text.rpartition(" ")
    return before if len(last) < len(before) else text[:-1]


def join(*sentences: str | None) -> str | None:
    """The sentences that there are, as one note."""
    return " ".join(filter(None, sentences)) or None
