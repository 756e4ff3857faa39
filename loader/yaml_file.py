"""What the catalogues of peaks and of concepts share: YAML read strictly, entries with an id and names.

A catalogue is written by hand, so an error names the line it stands in. PyYAML's node tree is read instead of
its finished objects: nodes know their lines, a key given twice is still there to be seen, and the language
``no`` is no boolean.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NoReturn

import yaml

from loader.errors import PeaksError

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# A BCP 47 tag's primary language subtag (ISO 639-1, or 639-2 and 639-3 where there is no two-letter code).
LANGUAGE = re.compile(r"[a-z]{2,3}")
UNDETERMINED = "und"  # BCP 47's tag for a language that is not said
ID_LIMIT = 100  # characters; Elasticsearch takes 512 bytes
NAME_LIMIT = 200  # characters; the text encoder reads 64 tokens

NamesByLanguage = Mapping[str, tuple[str, ...]]


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file; PeaksError in one sentence, with the line of what is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PeaksError(f"{path}, line {line}: not UTF-8; save the file as UTF-8.") from error
    except OSError as error:
        raise PeaksError(f"{path} cannot be read ({error.strerror}).") from error


def flatten_names(names: NamesByLanguage) -> tuple[str, ...]:
    """All names in the order in which they are listed; one that several languages share stands once.

    Case does not make another name: the text model lower-cases, and a name given twice would weigh twice.
    """
    unique: dict[str, str] = {}
    for listed in names.values():
        for name in listed:
            unique.setdefault(name.casefold(), name)
    return tuple(unique.values())


@dataclass(frozen=True)
class CatalogueReader:
    """Reads YAML nodes as parts of a catalogue's entries; every refusal names the source and the line.

    Attributes:
        source: the name that errors give the catalogue.
    """

    source: str

    NOUN: ClassVar[str]  # what an entry is: "peak"
    SHAPE: ClassVar[str]  # how an entry is written: "'id: …', 'names: […]'"
    KEYS: ClassVar[tuple[str, ...]]
    REQUIRED: ClassVar[tuple[str, ...]]
    EXAMPLE_ID: ClassVar[str]
    EXAMPLE_NAME: ClassVar[str]

    def entries(self, text: str) -> Iterator[tuple[str, dict[str, yaml.Node]]]:
        """Yield the id and the fields of each entry: all required ones are there, and no id stands twice."""
        shape = f"the catalogue must be a list of {self.NOUN}s, each starting with '- id:'"
        items = self.items(self.compose(text), shape)
        if not items:
            raise PeaksError(f"{self.source} holds no {self.NOUN}: give at least one '- id: …' entry.")
        lines: dict[str, int] = {}
        for entry in items:
            fields = self.mapping(entry, self.KEYS, f"a {self.NOUN} must be given as {self.SHAPE}")
            self._require(entry, fields)
            slug, line = self.slug(fields["id"]), self.line(fields["id"])
            if slug in lines:
                raise PeaksError(
                    f"{self.source}: the id '{slug}' stands on line {lines[slug]} and again on line {line}; "
                    f"an id names one {self.NOUN}, so remove or rename one of them."
                )
            lines[slug] = line
            yield slug, fields

    def _require(self, entry: yaml.Node, fields: Mapping[str, yaml.Node]) -> None:
        for key in self.REQUIRED:
            if key not in fields:
                node = fields.get("id")
                written = node.value if isinstance(node, yaml.ScalarNode) else ""
                called = f" '{shorten(written)}'" if written else ""
                self.refuse(entry, f"the {self.NOUN}{called} has no '{key}'; add it")

    def compose(self, text: str) -> yaml.Node:
        """Return the root node of a YAML document."""
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f", line {mark.line + 1}" if mark else ""
            problem = error.problem or error.context
            raise PeaksError(f"{self.source}{where}: not valid YAML ({problem}).") from error
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise PeaksError(
                f"{self.source}, line {line}: YAML does not allow the character U+{error.character:04X}; "
                "remove it."
            ) from error
        except RecursionError as error:
            sentence = f"{self.source} is nested too deeply to be a catalogue of {self.NOUN}s."
            raise PeaksError(sentence) from error
        if node is None:
            raise PeaksError(f"{self.source} is empty: give at least one '- id: …' entry.")
        return node

    def slug(self, node: yaml.Node) -> str:
        """Read an id: lower-case letters, digits and single hyphens."""
        value = self.text(node, "the id")
        if not SLUG.fullmatch(value) or len(value) > ID_LIMIT:
            self.refuse(
                node,
                f"the id '{shorten(value)}' is not a slug; use lower-case letters a-z, digits and single "
                f"hyphens, as in '{self.EXAMPLE_ID}'",
            )
        return value

    def names(self, node: yaml.Node) -> NamesByLanguage:
        """Read a list of names, or a list for each language; the list's language is `UNDETERMINED`."""
        if isinstance(node, yaml.MappingNode):
            listed = {self.language(key): value for key, value in self.pairs(node)}
        else:
            example = f"[\"{self.EXAMPLE_NAME}\"]"
            either = f"'names' must be a list, as in {example}, or a list for each language"
            self.items(node, f"{either}, as in {{en: {example}}}")
            listed = {UNDETERMINED: node}
        if not node.value:
            self.refuse(node, f"'names' is empty; a {self.NOUN} needs at least one name")
        return {language: self._list_of_names(value, language) for language, value in listed.items()}

    def language(self, node: yaml.Node) -> str:
        """Read a language's primary tag."""
        written = node.value if isinstance(node, yaml.ScalarNode) else "(not a word)"
        if not LANGUAGE.fullmatch(written):
            what = f"'{shorten(written)}' is no language"
            self.refuse(node, f"{what}; give its BCP 47 code, as in 'en' or 'ne'")
        return str(written)

    def _list_of_names(self, node: yaml.Node, language: str) -> tuple[str, ...]:
        alone = language == UNDETERMINED
        place = f"in one {self.NOUN}" if alone else f"under '{language}'"
        nodes = self.items(node, f"the names {place} must be a list, as in [\"{self.EXAMPLE_NAME}\"]")
        if not nodes:
            self.refuse(node, f"there is no name {place}; write one or leave the language out")
        seen: dict[str, str] = {}
        for item in nodes:
            name = self.name(item)
            if name.casefold() in seen:
                self.refuse(item, f"the name '{shorten(name)}' stands twice {place}; remove one")
            seen[name.casefold()] = name
        return tuple(seen.values())

    def name(self, node: yaml.Node) -> str:
        """Read one name; runs of blanks become one."""
        value = " ".join(self.text(node, "a name").split())
        if not value:
            self.refuse(node, f"a name is empty; write the {self.NOUN}'s name")
        if len(value) > NAME_LIMIT:
            self.refuse(
                node, f"the name '{shorten(value)}' has more than {NAME_LIMIT} characters; shorten it"
            )
        if "|" in value:
            self.refuse(
                node, f"the name '{shorten(value)}' holds '|', which separates names; give two names"
            )
        return value

    def text(self, node: yaml.Node, what: str) -> str:
        """Read a scalar that YAML takes for text."""
        if not isinstance(node, yaml.ScalarNode):
            self.refuse(node, f"{what} must be text")
        if node.tag.endswith(":null"):
            self.refuse(node, f"{what} is empty; write it")
        if not node.tag.endswith(":str"):
            self.refuse(node, f"{what} '{shorten(node.value)}' is not text; put it in quotes")
        return str(node.value)

    def items(self, node: yaml.Node, shape: str) -> list[yaml.Node]:
        """Return the nodes of a list; ``shape`` is the sentence about anything else."""
        if not isinstance(node, yaml.SequenceNode):
            self.refuse(node, shape)
        return list(node.value)

    def mapping(self, node: yaml.Node, keys: Sequence[str], shape: str) -> dict[str, yaml.Node]:
        """Return the values of a mapping by key; ``shape`` is the sentence about anything else."""
        if not isinstance(node, yaml.MappingNode):
            self.refuse(node, shape)
        fields: dict[str, yaml.Node] = {}
        for key, value in self.pairs(node):
            name = key.value if isinstance(key, yaml.ScalarNode) else "(not a word)"
            if name not in keys:
                self.refuse(key, f"unknown key '{shorten(name)}'; the keys are {', '.join(keys)}")
            fields[name] = value
        return fields

    def pairs(self, node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        """Yield the keys and values of a mapping; a key given twice is refused."""
        lines: dict[str, int] = {}
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in lines:
                    twice = f"'{shorten(key.value)}' is given twice"
                    self.refuse(key, f"{twice}, first on line {lines[key.value]}; remove one")
                lines[key.value] = self.line(key)
            yield key, value

    def line(self, node: yaml.Node) -> int:
        """Return the line a node stands in, from 1."""
        return int(node.start_mark.line) + 1

    def refuse(self, node: yaml.Node, what: str) -> NoReturn:
        """Refuse the catalogue with one sentence about a node."""
        raise PeaksError(f"{self.source}, line {self.line(node)}: {what}.")


def shorten(value: str, limit: int = 60) -> str:
    """Quote at most ``limit`` characters of what a person wrote, on one line."""
    line = " ".join(value.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
