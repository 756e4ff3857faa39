"""Which line of Elasticsearch a start takes, on which JDK, and why."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home
from cluster.embedded.java import Java
from cluster.embedded.stacks import STACKS, Stack


@dataclass(frozen=True)
class Choice:
    """A line of Elasticsearch, the JDK for it, and the sentence that says why it is this one."""

    stack: Stack
    java: Java
    reason: str


def choose_stack(home: Home, requested: Stack | None, javas: Sequence[Java]) -> Choice:
    """What was asked for, else what the home was started with last, else the newest that there is a JDK for.

    Args:
        javas: those of this machine, in the order in which they are to be taken.

    Raises:
        ClusterError: no JDK fits.
    """
    last = home.last_stack()
    stack = requested or last or next((each for each in STACKS if _pick(each, javas)), STACKS[-1])
    java = _pick(stack, javas)
    if java is None:
        raise ClusterError(_explain_lack(stack, javas))
    if requested is not None:
        why = "as --stack asks"
    elif last is not None:
        why = f"because {home.path} was started with it last{_hint_at_newer(last, javas)}"
    elif stack == STACKS[0]:
        why = f"because a JDK {stack.lowest_java} or later was found"
    else:
        newest = _newest(javas)
        found = "this is the newest found" if newest == java else f"the newest found is {newest}"
        why = f"because {STACKS[0].name} needs a JDK {STACKS[0].lowest_java} or later and {found}"
    return Choice(stack, java, f"{stack} on JDK {java}, {why}.")


def _pick(stack: Stack, javas: Sequence[Java]) -> Java | None:
    return next((java for java in javas if java.fits(stack.lowest_java)), None)


def _newest(javas: Sequence[Java]) -> Java | None:
    return max(javas, key=lambda java: java.version, default=None)


def _hint_at_newer(last: Stack, javas: Sequence[Java]) -> str:
    newest = STACKS[0]
    is_possible = last != newest and _pick(newest, javas) is not None
    return f" (--stack {newest.name} upgrades its data)" if is_possible else ""


def _explain_lack(stack: Stack, javas: Sequence[Java]) -> str:
    newest = _newest(javas)
    found = "none was found" if newest is None else f"the newest Java found is {newest}"
    older = next((each for each in STACKS if each != stack and _pick(each, javas)), None)
    way_out = "" if older is None else f", or take --stack {older.name} with another --home"
    return (
        f"{stack} needs a JDK {stack.lowest_java} or later, and {found}: install one (Debian and Ubuntu:"
        f" apt-get install openjdk-{stack.lowest_java}-jdk-headless){way_out}."
    )
