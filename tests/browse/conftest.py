"""The six photos of the searches in the session's node, and the page's settings for it."""
from __future__ import annotations

import sys

import pytest

from browse.settings import Settings, choose_settings
from loader.elastic.connection import Connection
from tests.conftest import DEMO_CHECKPOINT, Node
from tests.search.conftest import photos  # noqa: F401  (a fixture)


@pytest.fixture(autouse=True)
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest puts the page in the place of the main module, which child processes would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def settings(node: Node) -> Settings:
    """Settings for the session's node, in force for the page."""
    chosen = Settings(Connection(url=node.url), str(DEMO_CHECKPOINT))
    choose_settings(chosen)
    return chosen
