"""YAML read strictly: every refusal names the file and the line.

PyYAML's node tree is read instead of its finished objects: nodes know their lines, a key that is given twice
can be refused, and the language ``no`` does not become a boolean.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import yaml

from loader.errors import PeaksError
from loader.text import shorten

_FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's, where PyYAML was built with it


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file; PeaksError in one sentence, with the line of what is not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PeaksError(f"{path}, line {line}: not UTF-8; save the file as UTF-8.") from error
    except OSError as error:
        raise PeaksError(f"{path} cannot be read ({error.strerror}).") from error


@dataclass(frozen=True)
class YamlReader:
    """Reads the nodes of a YAML document.

    Attributes:
        source: the name that errors give it.
    """

    source: str

    def compose(self, text: str) -> yaml.Node | None:
        """Return the root node of a document; None when it is empty."""
        with suppress(yaml.YAMLError, UnicodeError, RecursionError):  # of which Python's reader tells more
            return yaml.compose(text, Loader=_FAST_LOADER)
        try:
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f", line {mark.line + 1}" if mark else ""
            problem = error.problem or error.context
            raise PeaksError(f"{self.source}{where}: not valid YAML ({problem}).") from error
        except yaml.reader.ReaderError as error:
            where = f"{self.source}, line {text.count(chr(10), 0, error.position) + 1}"
            character = f"the character U+{error.character:04X}"
            raise PeaksError(f"{where}: YAML does not allow {character}; remove it.") from error
        except RecursionError as error:
            raise PeaksError(f"{self.source} is nested too deeply.") from error

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
        """Refuse the document with one sentence about a node."""
        raise PeaksError(f"{self.source}, line {self.line(node)}: {what}.")
