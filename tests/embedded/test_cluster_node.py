"""The node's settings as files, and the reasons read from its logs."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.embedded.home import Home
from cluster.embedded.node import (
    NodeSettings,
    explain_failure,
    find_reason,
    last_words,
    log_size,
    write_settings,
)

BOOT_FAILURE = """\
[2026-01-02T03:04:05,678][INFO ][o.e.n.Node][embedded]  initialized
[2026-01-02T03:04:06,678][ERROR][o.e.b.Elasticsearch][embedded]  fatal exception while booting Elasticsearch
java.lang.IllegalStateException: failed to load plugin
\tat org.elasticsearch.A.b(A.java:1)
Caused by: java.lang.IllegalArgumentException: unknown setting [foo.bar]
\tat org.elasticsearch.C.d(C.java:2)
\t... 8 more
[2026-01-02T03:04:07,678][INFO ][o.e.n.Node][embedded]  closed
"""
JVM_FAILURE = """\
java.lang.RuntimeException: starting java failed with [1]
output:
Error occurred during initialization of VM
Too small maximum heap
error:

\tat org.elasticsearch.server.cli.JvmErgonomics.finalJvmOptions(JvmErgonomics.java:76)
"""


def make_home(tmp_path: Path, name: str = "home") -> Home:
    home = Home(tmp_path / name)
    for folder in (home.config, home.logs):
        folder.mkdir(parents=True)
    return home


def read_settings(home: Home, with_plugins: bool) -> dict[str, Any]:
    write_settings(home, NodeSettings(port=9301, heap="768m", with_plugins=with_plugins))
    settings = yaml.safe_load((home.config / "elasticsearch.yml").read_text(encoding="utf-8"))
    assert isinstance(settings, dict)
    return settings


@pytest.mark.parametrize("name", ["with blank", 'quote"d', "c: # no comment", "मार्दी"])
def test_settings_are_valid_yaml_whatever_the_home_is_called(tmp_path: Path, name: str) -> None:
    home = make_home(tmp_path, name)
    settings = read_settings(home, with_plugins=True)
    assert settings["http.port"] == 9301
    assert settings["network.host"] == "127.0.0.1"
    assert settings["path.data"] == str(home.data)
    assert settings["peaks.inference.socket"] == str(home.socket)
    assert settings["cluster.routing.allocation.disk.threshold_enabled"] is False


def test_a_bare_node_knows_no_plugin_setting_and_gets_its_heap(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    assert not any(key.startswith("peaks.") for key in read_settings(home, with_plugins=False))
    lines = (home.config / "jvm.options").read_text(encoding="utf-8").splitlines()
    assert {"-Xms768m", "-Xmx768m", "-Djava.io.tmpdir=${ES_TMPDIR}"} <= set(lines)


@pytest.mark.parametrize(("heap", "size"), [("512m", 2**29), ("1g", 2**30), ("2G", 2**31)])
def test_heap_in_bytes(heap: str, size: int) -> None:
    assert NodeSettings(9200, heap, with_plugins=True).heap_bytes == size


def test_the_reason_is_the_deepest_cause() -> None:
    assert find_reason(BOOT_FAILURE) == "unknown setting [foo.bar]"


def test_an_error_without_an_exception_is_its_own_reason() -> None:
    line = "[2026-01-02T03:04:06,678][ERROR][o.e.b.Elasticsearch][embedded]  node validation exception\n"
    assert find_reason(line) == "node validation exception"
    assert find_reason("[2026-01-02T03:04:06,678][INFO ][o.e.n.Node][embedded]  started\n") is None


def test_last_words_skip_frames_and_headings() -> None:
    assert last_words(JVM_FAILURE) == "Too small maximum heap"
    assert last_words("\n\n") == "it said nothing"


def test_only_this_starts_log_is_read(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    (home.logs / "peaks.log").write_text(BOOT_FAILURE)
    assert "unknown setting" in str(explain_failure(home, since=0))
    (home.logs / "console.log").write_text(JVM_FAILURE)
    sentence = str(explain_failure(home, since=log_size(home)))
    assert sentence.startswith("Elasticsearch ended while it started: Too small maximum heap")
    assert str(home.logs / "console.log") in sentence
