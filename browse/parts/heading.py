"""The top of the page: words, examples that this library answers, the views, the cluster's state."""
from __future__ import annotations

from collections.abc import Mapping

from browse.address import Address
from browse.parts.markup import show
from browse.settings import Settings
from loader.elastic.indices import PHOTOS
from loader.elastic.models import read_deployed_model, read_index_model
from loader.errors import PeaksError
from loader.search.facets import Facets
from loader.text import format_count

_EXAMPLES = 5


def show_search(address: Address) -> None:
    """The search box, which needs no cluster, and the ways to the other views."""
    others = {name: value for name, value in address.parameters().items()
              if name not in ("q", "like", "page", "size", "photo", "sight")}
    hidden = [
        (name, each) for name, value in others.items()
        for each in (value if isinstance(value, tuple) else [value]) if each != "identify"
    ]
    show("search.html", address=address, hidden=hidden)


def show_examples(address: Address, facets: Facets, names: Mapping[str, str]) -> None:
    """Words that this library answers: what most of its photos show."""
    concepts = list(facets.counts["predicted_concepts"])[:_EXAMPLES]
    examples = [names[each] for each in concepts if each in names]
    show("examples.html", address=address, examples=examples)


def describe_cluster(settings: Settings, facets: Facets) -> str:
    """The state of the cluster in one line."""
    try:
        model = read_deployed_model(settings.client, read_index_model(settings.client, PHOTOS).model_id)
        ready = f"words are read by {model.model_id}"
    except PeaksError as error:
        ready = error.message
    return f"{format_count(facets.total, 'photo')} in {settings.connection.address}; {ready}"
