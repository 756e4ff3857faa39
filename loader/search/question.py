"""Questions about photos: each is one stored search template with parameters."""
from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from elasticsearch import Elasticsearch

from loader.elastic.assets import LIKE_PHOTO, OF_PEAK, read_schema
from loader.elastic.connection import has_lookup
from loader.elastic.indices import PEAKS, PHOTOS, stored_vector
from loader.elastic.models import escape_masks
from loader.elastic.photo_index import read_photo_model
from loader.errors import PeaksError
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_index import find_entry, is_called
from loader.search.filters import Filters
from loader.search.template_call import check_parameters

Recipe = Literal["none", "photo", "peak"]
Order = Literal["time", "altitude", "distance"]

BY_TEXT, BY_PEAK, BY_VECTOR = "photos-by-text", "photos-by-peak", "photos-by-vector"
BY_FILTER = "photos-by-filter"
HYBRID, HYBRID_BASIC = "photos-hybrid", "photos-hybrid-basic"
BY_WORDS = (BY_TEXT, BY_PEAK, HYBRID, HYBRID_BASIC)

# Where a template takes its vector from: the parameter for the document's id, the alias, the field.
_STORED = {LIKE_PHOTO: ("photo", PHOTOS, "clip_image"), OF_PEAK: ("peak", PEAKS, "text_embed")}


@dataclass(frozen=True)
class Question:
    """A question in a person's words, and as the parameters of a template.

    Attributes:
        command: "search", "peak", "similar" or "photos".
        asked: the text, the peak or the image as the person gave it.
        template: id of the stored search template.
        parameters: of the template, checked against its schema.
        filters: the filters that are on, in words.
        cut_off: the cosine below which nothing matches, where `peaks calibrate` measured it and the person
            gave none.
    """

    command: str
    asked: str
    template: str
    parameters: Mapping[str, Any]
    filters: tuple[str, ...] = ()
    cut_off: float | None = None

    def __post_init__(self) -> None:
        check_parameters(self.template, self.parameters)

    @property
    def model_text(self) -> str:
        """What the text model reads for a search by words."""
        return f"{self.parameters['recipe']}: {self.parameters['text']}"

    def with_vector(self, vector: Sequence[float]) -> Question:
        """The same search by words, whose vector is ready: the cluster needs no text model for it."""
        is_hybrid = self.template != BY_TEXT
        own = () if is_hybrid else ("text", "recipe")
        kept = {name: value for name, value in self.parameters.items() if name not in own}
        template = HYBRID_BASIC if is_hybrid else BY_VECTOR
        return replace(self, template=template, parameters={**kept, "vector": list(vector)})

    @property
    def without_vector(self) -> dict[str, Any]:
        """The parameters that a person can read."""
        return {name: value for name, value in self.parameters.items() if name != "vector"}


def ask_text(
    text: str, recipe: Recipe, filters: Filters, *, hybrid: bool = False, cut_off: float | None = None
) -> Question:
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
    template = HYBRID if hybrid else BY_TEXT
    # A file name that is pasted on a Mac has its accents decomposed, and the model has seen few such words.
    words = escape_masks(unicodedata.normalize("NFC", text))
    parameters = {"text": words, "recipe": recipe, **filters.parameters}
    if cut_off is None or recipe != "photo" or "min_similarity" in parameters:
        return Question("search", text, template, parameters, filters.words)
    told = (*filters.words, f"similarity at least {cut_off:.3f}, as `peaks calibrate` measured")
    return Question("search", text, template, {**parameters, "min_similarity": cut_off}, told, cut_off)


def ask_peak_name(name: str, filters: Filters) -> Question:
    """Photos by a peak's name alone, ``A | B`` for several names; the catalogue is not asked."""
    if not name.replace("|", " ").strip():
        raise PeaksError("The name is empty: give a peak's name, or several as 'A | B'.")
    return Question("peak", name, BY_PEAK, {"peak": escape_masks(name), **filters.parameters}, filters.words)


def ask_peak(client: Elasticsearch, name: str, filters: Filters) -> Question:
    """Photos by the prototype vector of a peak of the catalogue.

    Raises:
        PeaksError: the peak is unknown or has no vector, or the two indices hold vectors of different models.
    """
    peak = find_entry(client, Peak, name)
    read_photo_model(client)  # refuses prototypes of another checkpoint
    words = filters.words if is_called(peak, name) else (f"the closest name to {name!r}", *filters.words)
    return Question("peak", peak.name, *_by_stored_vector(client, OF_PEAK, peak.id, filters), words)


def ask_image(image: str, vector: Sequence[float], filters: Filters) -> Question:
    """Photos like an image of a vector, which is L2-normalised and as long as the index's."""
    parameters = {"vector": list(vector), **filters.parameters}
    return Question("similar", image, BY_VECTOR, parameters, filters.words)


def ask_indexed_image(client: Elasticsearch, image: str, identifier: str, filters: Filters) -> Question:
    """Photos like an indexed one, by its id.

    Raises:
        PeaksError: it has no vector.
    """
    asked = _by_stored_vector(client, LIKE_PHOTO, identifier, filters)
    return Question("similar", image, *asked, filters.words)


def _by_stored_vector(
    client: Elasticsearch, template: str, identifier: str, filters: Filters
) -> tuple[str, dict[str, Any]]:
    """Template and parameters of a search by a document's vector, which servers before 9.4 do not look up."""
    parameter, alias, field = _STORED[template]
    if has_lookup(client):
        return template, {parameter: identifier, **filters.parameters}
    of_peak = {parameter: identifier} if template == OF_PEAK else {}
    vector = stored_vector(client, alias, identifier, field)
    return BY_VECTOR, {"vector": vector, **of_peak, **filters.parameters}


def ask_photos(filters: Filters, sort: Order, *, reverse: bool = False, page: int = 1) -> Question:
    """Photos that pass the filters, in an order of their own.

    Args:
        filters: that are on.
        sort: the photo's own clock, its altitude, or its distance from the point of the filters.
        reverse: the latest, highest or farthest first.
        page: from 1.

    Raises:
        PeaksError: a distance needs a point, or the page begins behind what a search reaches.
    """
    if sort == "distance" and "near_lat" not in filters.parameters:
        raise PeaksError("--sort distance needs a point to measure from: give --near LAT,LON or --near PEAK.")
    limits = read_schema(BY_FILTER)["properties"]
    size = filters.parameters.get("size", limits["size"]["default"])
    passed_over, most = (page - 1) * size, limits["from"]["maximum"]
    if passed_over > most:
        raise PeaksError(
            f"--page {page} would pass over {passed_over:,} photos, and a search passes over no more than "
            f"{most:,}: narrow it with --from or --library, or use --reverse."
        )
    order = {"sort": {sort: "desc" if reverse else "asc"}, "from": passed_over}
    asked = f"Photos by {sort}{', backwards' if reverse else ''}"
    return Question("photos", asked, BY_FILTER, {**filters.parameters, **order}, filters.words)
