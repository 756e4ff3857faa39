"""The two lines of Elasticsearch that the embedded node exists in."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stack:
    """One line of Elasticsearch, and the release of it that we run.

    Attributes:
        name: the line, as ``--stack`` takes it.
        version: the release, which is also the version of its artifacts on Maven Central.
        lowest_java: feature version of the oldest JDK that runs it and builds its plugins.
        archive_megabytes: what Maven downloads for it the first time.
        has_esql: whether the jars of its ES|QL are published.
    """

    name: str
    version: str
    lowest_java: int
    archive_megabytes: int
    has_esql: bool

    def __str__(self) -> str:
        return f"Elasticsearch {self.version}"


# The newest first: the first one for which a JDK is there is the default.
STACKS = (
    Stack("9.5", "9.5.0", 21, 130, has_esql=False),
    Stack("8.19", "8.19.21", 17, 107, has_esql=True),
)


def find_stack(name: object) -> Stack | None:
    """The line of that name; None when there is none."""
    return next((stack for stack in STACKS if stack.name == name), None)
