"""Debian's Chromium, driven by Playwright, for pages that must ask nothing of another machine."""
from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

PATIENCE = 60.0  # seconds: two cores may be busy
expect.set_options(timeout=PATIENCE * 1000)

_BAD = ("error", "warning")
_HERE = re.compile(r"(file|data|blob|about):|(http|ws)://127\.0\.0\.1:")


def find_chromium() -> str | None:
    """The browser's program, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


needs_chromium = pytest.mark.skipif(
    find_chromium() is None, reason="no Chromium here (Debian's package chromium) to open the page with"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser, without a window."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield running
        running.close()


@contextmanager
def watched_page(browser: Browser, width: int, **options: Any) -> Iterator[Page]:
    """An empty page, which in the end must have had no error and asked nothing of another machine.

    Args:
        browser: that it is a page of.
        width: of the page, pixels.
        options: of the context, such as ``color_scheme``.
    """
    context = browser.new_context(viewport={"width": width, "height": 860}, **options)
    page, asked, said = context.new_page(), list[str](), list[str]()
    page.set_default_timeout(PATIENCE * 1000)
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type in _BAD else None)
    yield page
    context.close()
    assert asked and [url[:200] for url in asked if not _HERE.match(url)] == []
    assert said == []
