"""What one check found. A check that fails is a finding too, so that no fault hides another."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from elasticsearch import ApiError, TransportError

from loader.elastic.error_sentences import explain
from loader.errors import PeaksError

State = Literal["ok", "wrong", "–"]
Verdict = tuple[State, str, str]  # the last three fields of a `Finding`


@dataclass(frozen=True)
class Finding:
    """The outcome of one check.

    Attributes:
        subject: what was looked at, for people: "licence".
        state: "ok" or "wrong"; "–" for what could not be told, or what is no fault.
        told: what was found.
        mend: the command or the request that puts it right; "" where there is none, or where `told` has it.
    """

    subject: str
    state: State
    told: str
    mend: str = ""


def run_check(subject: str, check: Callable[[], Verdict]) -> Finding:
    """Run a check; what the server refuses is "wrong", with the sentence that commands end with."""
    try:
        return Finding(subject, *check())
    except PeaksError as error:
        return Finding(subject, "wrong", error.message)
    except (ApiError, TransportError) as error:
        return Finding(subject, "wrong", explain(error).message)
