"""Takes pictures of the product's pages in a browser, as the documentation shows them.

`make pictures` runs this after `make demo`. What the pictures are made from is hashed beside them, so that
tests/demo/test_demo_pictures.py fails when they are older than the product.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from PIL import Image

from browse.address import Address
from loader.errors import PeaksError

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT = 1400, 900  # pixels of the window
QUALITY = 80
PATIENCE = 60.0  # seconds

# What the pictures show, and what draws it: the page, the map, the sight picture, the photos and their model.
INPUTS = (
    "browse/**/*",
    "loader/show/colours.py",
    "loader/show/map/**/*",
    "loader/show/sight/**/*",
    *(f"demo/{name}.py" for name in ("canvas", "mountains", "noise", "photo_file", "pictures", "render")),
    *(f"demo/{name}.py" for name in ("scene", "screenshots", "sky", "things", "trail")),
    *(f"demo/{name}.yaml" for name in ("concepts", "palettes", "peaks", "silhouettes", "trail")),
    "demo/siglip2-trek-tiny/model.safetensors",
)
HASHES = "pictures.sha256"

_HAS_NEIGHBOUR = ".st-key-Before button:enabled, .st-key-Next button:enabled"  # the answer has arrived
_DRAWN = "[data-test-script-state=notRunning]"  # Streamlit has run the page to its end
# Pictures below the window may wait until somebody scrolls to them.
_LOADED = "[...document.images].every(it => it.complete || it.getBoundingClientRect().top > innerHeight)"


@dataclass(frozen=True)
class Look:
    """A picture to take.

    Attributes:
        name: of the picture's file, without its ending.
        url: of the page.
        shown: selectors of what must stand on the page before.
    """

    name: str
    url: str
    shown: tuple[str, ...] = ()


def look_at_page(site: str, photo: str) -> list[Look]:
    """A search, a photo with its peaks marked, and a filtered map, on the page of `peaks browse`.

    Args:
        site: the page's address, ending in a slash.
        photo: id of a photo that has a position.
    """
    looks = (
        ("browse", Address(q="prayer flags"), "img"),
        ("photo", Address(photo=photo, sight="1", sort="-time"), _HAS_NEIGHBOUR),
        ("map", Address(view="map", in_frame=("mount-everest",)), ".js-plotly-plot"),
    )
    return [Look(name, site + address.link(), (shown, _DRAWN)) for name, address, shown in looks]


def take_pictures(looks: Sequence[Look], output: Path) -> list[Path]:
    """Take pictures with Chromium; returns their files in the folder ``output``.

    Raises:
        PeaksError: there is no Chromium, or a page shows an error.
    """
    with _open_window() as page:
        return [_take(page, look, output / f"{look.name}.webp") for look in looks]


def _take(page: Page, look: Look, file: Path) -> Path:
    page.goto(look.url)
    alert = page.get_by_role("alert")
    for selector in look.shown:
        page.locator(selector).or_(alert).first.wait_for(state="attached")
    if alert.count():
        raise PeaksError(f"No picture of {look.url}: it says {alert.first.inner_text()!r}")
    page.wait_for_load_state("networkidle")
    page.wait_for_function(_LOADED)
    with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as image:
        image.convert("RGB").save(file, quality=QUALITY, method=6)
    return file


@contextmanager
def _open_window() -> Iterator[Page]:
    from playwright.sync_api import sync_playwright  # not for the drawings, which need no browser

    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise PeaksError("The pictures are taken in Chromium, which is not here: install Debian's chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        window = {"width": WIDTH, "height": HEIGHT}
        page = browser.new_page(viewport=window, color_scheme="light")  # type: ignore[arg-type]
        page.set_default_timeout(PATIENCE * 1000)
        yield page
        browser.close()


@contextmanager
def serve_page(url: str, checkpoint: str) -> Iterator[str]:
    """Run `peaks browse` for a cluster; its address, as long as it is needed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["browse", "--port", str(port), "--url", url, "--checkpoint", checkpoint]
    server = subprocess.Popen([sys.executable, "-m", "loader", *words], cwd=ROOT)
    site, until = f"http://127.0.0.1:{port}/", monotonic() + PATIENCE
    try:
        while not _answers(f"{site}_stcore/health"):
            if server.poll() is not None or monotonic() > until:
                raise PeaksError(f"`peaks {' '.join(words)}` does not answer.")
            sleep(0.2)
        yield site
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(PATIENCE)


def _answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
        return bool(answer.status == 200)
    return False


def hash_inputs() -> str:
    """A line for each of `INPUTS`, as `sha256sum` writes it and `sha256sum --check` reads it."""
    files = {file for pattern in INPUTS for file in ROOT.glob(pattern)}
    own = sorted(file for file in files if file.is_file() and file.suffix != ".pyc")
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in own]
    return "".join(f"{each}  {file.relative_to(ROOT)}\n" for each, file in zip(hashes, own, strict=True))
