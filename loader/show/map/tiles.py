"""A tile server's address, as a person knows it from other maps."""
from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from loader.errors import PeaksError

EXAMPLE = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"

_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class TileServer:
    """Where square pictures of the world come from.

    Attributes:
        template: URL with ``{x}``, ``{y}`` and ``{z}``.
    """

    template: str

    @classmethod
    def read(cls, written: str) -> TileServer:
        """Read a template as a person gives it; letters may be large, ``{s}`` stands for a server's letter.

        Raises:
            PeaksError: it is no web address, or lacks a place.
        """
        if not _is_web_address(written):
            raise PeaksError(f"--tiles {written!r} is no web address: give one such as {EXAMPLE}.")
        template = _PLACE.sub(lambda place: _known_place(place[1], written), written)
        missing = [place for place in ("{x}", "{y}", "{z}") if place not in template]
        if missing:
            raise PeaksError(f"--tiles {written!r} lacks {' and '.join(missing)}: give an address such as "
                             f"{EXAMPLE}.")
        return cls(template)

    @property
    def bokeh_url(self) -> str:
        """The template in Bokeh's letters."""
        return self.template.replace("{x}", "{X}").replace("{y}", "{Y}").replace("{z}", "{Z}")

    @property
    def attribution(self) -> str:
        """Whose tiles they are; OpenStreetMap asks to be named."""
        host = urlsplit(self.template).hostname or ""
        if host == "openstreetmap.org" or host.endswith(".openstreetmap.org"):
            return "© OpenStreetMap contributors"
        return f"Tiles: {host}"

    def url(self, x: int, y: int, zoom: int) -> str:
        """The address of one tile."""
        return self.template.replace("{x}", str(x)).replace("{y}", str(y)).replace("{z}", str(zoom))


def _is_web_address(written: str) -> bool:
    try:
        parts = urlsplit(written)
    except ValueError:  # a bracket without its other half
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _known_place(name: str, written: str) -> str:
    known = {"x": "{x}", "y": "{y}", "z": "{z}", "s": "a", "r": ""}  # {r} asks for a double picture
    if name.lower() not in known:
        raise PeaksError(f"--tiles {written!r} has {{{name}}}, and knows {{x}}, {{y}}, {{z}} and {{s}}.")
    return known[name.lower()]
