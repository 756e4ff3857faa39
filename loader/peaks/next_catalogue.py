"""Peaks and concepts of the index in use, brought into the next one with vectors of another model."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from elasticsearch import Elasticsearch

from loader.arrays import Vectors
from loader.batches import Advance, batched
from loader.elastic.bulk import write_documents
from loader.elastic.indices import refresh
from loader.elastic.renewal.next_indices import NextIndices, read_sources
from loader.errors import PeaksError
from loader.peaks.catalogue import EntryT
from loader.peaks.catalogue_writer import CONCEPTS_A_REQUEST


def carry_entries(
    client: Elasticsearch,
    following: NextIndices,
    kind: type[EntryT],
    ids: Iterable[str],
    embed: Callable[[Sequence[EntryT]], Vectors],
    advance: Advance,
) -> None:
    """Bring entries into the next index, with all their fields and new vectors.

    Args:
        client: of the cluster, at the index in use.
        following: at the next index.
        kind: of the entries.
        ids: of these.
        embed: makes the vectors of some, float32 ``(n, dims)``.
        advance: called with how many more entries are done.

    Raises:
        PeaksError: Elasticsearch refused an entry.
    """
    for some in batched(ids, CONCEPTS_A_REQUEST):
        sources = read_sources(client, kind.index, some)
        entries = [kind(each, _names(source.get("names", ()))) for each, source in sources.items()]
        documents = {
            entry.id: {**sources[entry.id], "text_embed": vector.tolist()}
            for entry, vector in zip(entries, embed(entries) if entries else (), strict=True)
        }
        if refused := write_documents(following, kind.index, documents, pipeline="_none").rejected:
            raise PeaksError(
                f"Elasticsearch refused the {kind.noun} {refused[0].id} ({refused[0].reason}): correct it in "
                "the catalogue, load that, and run again."
            )
        advance(len(some))
    refresh(following, kind.index)


def _names(written: str | Sequence[str]) -> tuple[str, ...]:
    return (written,) if isinstance(written, str) else tuple(written)
