"""Which line of Elasticsearch a start takes, and the sentence that says why."""
from __future__ import annotations

from pathlib import Path

import pytest

from cluster.embedded.choice import choose_stack
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home
from cluster.embedded.java import Java
from cluster.embedded.stacks import STACKS, find_stack
from cluster.embedded.surroundings import require_older_data

NEW, OLD = STACKS
JDK17, JDK25 = Java(Path("/jvm/17"), 17), Java(Path("/jvm/25"), 25)
JRE21 = Java(Path("/jvm/21"), 21, "has no compiler")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def start(home: Home, name: str) -> None:
    """Remember a start as the launcher does."""
    home.write_state({"stack": name, "url": "http://127.0.0.1:9200"})


def test_a_new_home_gets_the_newest_line_that_there_is_a_jdk_for(home: Home) -> None:
    choice = choose_stack(home, None, [JDK17, JDK25])
    assert (choice.stack, choice.java) == (NEW, JDK25)
    assert choice.reason == "Elasticsearch 9.5.0 on JDK 25 at /jvm/25, because a JDK 21 or later was found."


def test_without_that_jdk_it_gets_the_older_line_and_is_told_what_is_missing(home: Home) -> None:
    choice = choose_stack(home, None, [JDK17])
    assert (choice.stack, choice.java) == (OLD, JDK17)
    beginning = "Elasticsearch 8.19.21 on JDK 17 at /jvm/17, because 9.5 needs a JDK 21 or later and "
    assert choice.reason == f"{beginning}this is the newest found."
    other = choose_stack(home, None, [JDK17, JRE21])
    assert other.reason == f"{beginning}the newest found is 21 at /jvm/21, which has no compiler."


def test_the_first_jdk_that_fits_is_taken(home: Home) -> None:
    choice = choose_stack(home, OLD, [Java(Path("/jvm/11"), 11), JRE21, JDK25, JDK17])
    assert (choice.stack, choice.java) == (OLD, JDK25)
    assert choice.reason == "Elasticsearch 8.19.21 on JDK 25 at /jvm/25, as --stack asks."


def test_a_home_stays_with_what_it_was_started_with_last_until_it_is_reset(home: Home) -> None:
    start(home, "8.19")
    assert choose_stack(home, None, [JDK17, JDK25]).reason == (
        f"Elasticsearch 8.19.21 on JDK 17 at /jvm/17, because {home.path} was started with it last"
        " (--stack 9.5 upgrades its data)."
    )
    assert choose_stack(home, None, [JDK17]).reason.endswith("was started with it last.")
    assert choose_stack(home, NEW, [JDK17, JDK25]).stack == NEW
    start(home, "9.5")
    assert choose_stack(home, None, [JDK17, JDK25]).reason.endswith("was started with it last.")
    home.write_state({"url": "http://127.0.0.1:9200"})  # as before there were two lines
    assert choose_stack(home, None, [JDK25]).stack == OLD
    home.write_state({})  # as a reset leaves it
    assert choose_stack(home, None, [JDK25]).stack == NEW


def test_without_a_jdk_that_fits_the_sentence_says_what_to_install(home: Home) -> None:
    with pytest.raises(ClusterError) as none:
        choose_stack(home, None, [])
    assert str(none.value) == (
        "Elasticsearch 8.19.21 needs a JDK 17 or later, and none was found: install one (Debian and Ubuntu:"
        " apt-get install openjdk-17-jdk-headless)."
    )
    start(home, "9.5")
    with pytest.raises(ClusterError) as older:
        choose_stack(home, None, [JDK17, JRE21])
    assert str(older.value) == (
        "Elasticsearch 9.5.0 needs a JDK 21 or later, and the newest Java found is 21 at /jvm/21, which has"
        " no compiler: install one (Debian and Ubuntu: apt-get install openjdk-21-jdk-headless), or take"
        " --stack 8.19 with another --home."
    )


def test_the_lines_are_found_by_name() -> None:
    assert find_stack("8.19") == OLD
    assert find_stack("8.1") is None and find_stack(None) is None


@pytest.mark.parametrize(("number", "is_newer"), [(9050099, True), (8192199, False)])
def test_data_of_a_newer_line_are_refused(home: Home, number: int, is_newer: bool) -> None:
    commit = home.data / "_state" / "segments_1d"
    commit.parent.mkdir(parents=True)
    commit.write_bytes(b"\x0cnode_version\x07%d\x15last_accepted_version\x0217" % number)
    require_older_data(home, NEW)
    if not is_newer:
        require_older_data(home, OLD)
        return
    with pytest.raises(ClusterError, match=r"was written by Elasticsearch 9, and .* cannot open it: .*reset"):
        require_older_data(home, OLD)


def test_data_without_a_version_are_left_to_elasticsearch(home: Home) -> None:
    require_older_data(home, OLD)
    commit = home.data / "_state" / "segments_1"
    commit.parent.mkdir(parents=True)
    commit.write_bytes(b"\x3f\xd7\x6c\x17")
    require_older_data(home, OLD)
