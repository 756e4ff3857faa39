"""Every source of a photo's facts, read and joined: EXIF, XMP, IPTC, and sidecars."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from loader.files.facts.exif import read_exif
from loader.files.facts.exif_block import read_tags
from loader.files.facts.iptc import read_iptc
from loader.files.facts.metadata import Metadata, join
from loader.files.facts.sidecars import read_sidecars
from loader.files.facts.xmp import read_xmp


def read_metadata(image: Image.Image, sidecars: Iterable[Path] = ()) -> Metadata:
    """Read the facts of an opened image; call it before the pixels are loaded (TIFF reads from its file).

    Never raises: a damaged part gives no values, and a note. Where sources disagree, EXIF counts first, then
    XMP, IPTC, and last what stands beside the file.

    Args:
        image: of `loader.files.images.open_encoded`.
        sidecars: files beside it (`loader.files.facts.sidecar_names`).
    """
    return join({
        "exif": read_exif(read_tags(image)),
        "xmp": read_xmp(image),
        "iptc": read_iptc(image),
        "sidecar": read_sidecars(sidecars),
    })
