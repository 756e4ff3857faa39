"""*Identify a photo*: which mountains it shows, with the evidence, and the library's photos of them."""
from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import streamlit
from streamlit.runtime.uploaded_file_manager import UploadedFile

from browse.address import Address
from browse.parts.grid import answer_address
from browse.parts.markup import said_errors, show
from browse.parts.one_photo import draw_peaks
from browse.server import Settings
from loader.errors import PeaksError
from loader.search.asked_image import read_asked_image
from loader.show.identification_table import IdentifiedImage

_CANDIDATES, _PHOTOS = 5, 12


def show_uploads(settings: Settings) -> None:
    """Show where photos are dropped, and what each shows; nothing is kept of them."""
    dropped = streamlit.file_uploader("Photos whose mountains you want to know", accept_multiple_files=True)
    for upload in dropped or ():
        with said_errors():
            _show_upload(settings, upload)


def _show_upload(settings: Settings, upload: UploadedFile) -> None:
    """Identify a photo as `peaks identify` does."""
    client = settings.client
    with streamlit.spinner("Looking at it"), _as_file(upload) as file:
        asked = read_asked_image(client, str(file), settings.vision)
        identifier = settings.open_identifier()
        found = identifier.identify(asked.vector, [asked.camera])[0]
        picture = draw_peaks(settings, file, upload.name)
    image = IdentifiedImage(upload.name, asked.thumbnail, found, _CANDIDATES, identifier.threshold)
    show("identified.html", image=image)
    streamlit.image(picture, alt=f"{upload.name}: {image.headline}")
    show("candidates.html", image=image, rows=image.rows(least=0.0))
    if not image.named:
        return
    best = image.named[0].peak
    address = Address(peak=(best.id,))
    answer = answer_address(settings, replace(address, size=_PHOTOS), address.filters(client))
    show("more_of_peak.html", peak=best, address=address, total=answer.total or 0, hits=answer.hits)


@contextmanager
def _as_file(upload: UploadedFile) -> Iterator[Path]:
    """The upload as a file, which is removed; an error names it as the person knows it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "photo")
        file.write_bytes(upload.getvalue())
        try:
            yield file
        except PeaksError as error:
            raise PeaksError(error.message.replace(str(file), upload.name)) from error
