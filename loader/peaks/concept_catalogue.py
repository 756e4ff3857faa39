"""The catalogue of concepts, what photos may show beside peaks: YAML of ids and names, read strictly."""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loader.yaml_file import (
    UNDETERMINED,
    CatalogueReader,
    NamesByLanguage,
    flatten_names,
    read_text,
)


@dataclass(frozen=True)
class Concept:
    """One entry of the catalogue.

    Attributes:
        id: slug of lower-case letters, digits and single hyphens.
        names: the first is the one to show; a catalogue gives at least one.
        names_by_language: the same names by BCP 47 primary tag; a list without languages is "und".
    """

    id: str
    names: tuple[str, ...]
    names_by_language: NamesByLanguage = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not self.names_by_language:
            object.__setattr__(self, "names_by_language", {UNDETERMINED: self.names})

    @property
    def name(self) -> str:
        """The name to show."""
        return self.names[0] if self.names else self.id

    def document(self) -> dict[str, Any]:
        """Return the fields of `concepts`, without the vector."""
        return {"id": self.id, "names": list(self.names)}


def read_concepts(path: Path) -> list[Concept]:
    """Read a catalogue of concepts, or refuse it whole.

    Args:
        path: a YAML file: a list of ``{id, names}``; ``names`` is a list, or a mapping of languages to lists.

    Raises:
        PeaksError: one sentence with the file and the line of the first thing that is wrong.
    """
    return parse_concepts(read_text(path), str(path))


def parse_concepts(text: str, source: str) -> list[Concept]:
    """Read a catalogue from its text; ``source`` is the name that errors give it (see `read_concepts`)."""
    reader = _ConceptReader(source)
    concepts = []
    for slug, fields in reader.entries(text):
        names = reader.names(fields["names"])
        concepts.append(Concept(slug, flatten_names(names), names))
    return concepts


class _ConceptReader(CatalogueReader):
    """Reads YAML nodes as parts of a concept."""

    NOUN = "concept"
    SHAPE = "'id: …', 'names: […]'"
    KEYS = ("id", "names")
    REQUIRED = KEYS
    EXAMPLE_ID = "prayer-flags"
    EXAMPLE_NAME = "prayer flags"
