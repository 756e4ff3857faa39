"""The six photos of the searches in the session's node, the page's settings for it, and the page served."""
from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browse.server import Settings
from demo.screenshots import serve_page
from loader.elastic.connection import Connection
from tests.chromium import watched_page
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
    Settings.chosen = chosen
    return chosen


@pytest.fixture(scope="session")
def site(node: Node) -> Iterator[str]:
    """The address of the page as `peaks browse` serves it, once for the session."""
    with serve_page(node.url, str(DEMO_CHECKPOINT)) as address:
        yield address


@pytest.fixture
def page(browser: Browser, site: str, photos: Path) -> Iterator[Page]:  # noqa: F811
    """A wide page that must stay on this machine."""
    with watched_page(browser, 1400, base_url=site) as opened:
        yield opened


@pytest.fixture
def phone(browser: Browser, site: str, photos: Path) -> Iterator[Page]:  # noqa: F811
    """The page on a phone, dark."""
    with watched_page(browser, 390, base_url=site, color_scheme="dark") as opened:
        yield opened
