"""The mountains of a photo: `peaks identify` names them, `peaks sight` says which stood before the camera."""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from elasticsearch import Elasticsearch

from loader.commands.options import (
    FILE,
    checkpoint_option,
    html_option,
    json_option,
    list_images,
    peak_filter_options,
    read_each,
    say_limits,
    show_each,
    timezone_option,
    write_contact_sheet,
    write_output,
)
from loader.elastic.connection import Connection, connection_options
from loader.elastic.models import find_limits
from loader.errors import PeaksError
from loader.peaks.catalogue import Peak
from loader.peaks.catalogue_file import read_catalogue
from loader.peaks.catalogue_index import find_empty, require_entries
from loader.search.filters import find_peaks_inside, read_filters

if TYPE_CHECKING:
    from loader.peaks.sight.geometry import Summits
    from loader.peaks.sight.photo import SightedPhoto
    from loader.show.identification_table import IdentifiedImage

# The modules that bring numpy, SciPy or matplotlib are imported when a command runs: `--help` must not wait.

KINDS = (".png", ".svg")


@click.command()
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@peak_filter_options
@checkpoint_option
@json_option
@html_option
@connection_options
def identify(
    connection: Connection,
    images: Sequence[str],
    checkpoint: str | None,
    as_json: bool,
    html: Path | None,
    **filters: Any,
) -> None:
    """Name the mountains that each IMAGE shows.

    An IMAGE is a file, a folder of photos, or the path of an indexed photo. The rule weighs the position,
    direction and lens in its EXIF and the look of the picture. A peak is named when it is likely enough;
    often none is. What was in the frame is listed too. A photo that is in the index already needs no
    checkpoint. Exit status: 0, or 2 when no IMAGE could be read.
    """
    from loader.show.contact_sheet import render_identifications
    from loader.show.identification_table import describe_identified, show_identified

    listed, skipped = list_images(images)
    found: Iterable[IdentifiedImage]
    client, cameras = connection.client(), set[str | None]()
    found = _identify_each(client, listed, filters, checkpoint, skipped, cameras)
    if html is not None and (found := list(found)):
        write_contact_sheet(render_identifications(found, find_limits(client, cameras)), html)
    show_each(found, skipped, show=partial(show_identified, is_one_of_many=len(listed) > 1),
              describe=describe_identified, kind=lambda image: "named" if image.named else "no match",
              json_key="answers" if as_json else None)


def _identify_each(
    client: Elasticsearch,
    images: Sequence[str],
    given: Mapping[str, Any],
    checkpoint: str | None,
    skipped: dict[str, str],
    cameras: set[str | None],
) -> Iterator[IdentifiedImage]:
    from loader.peaks.identification.identifier import open_identifier
    from loader.search.asked_image import read_asked_image, read_siglip
    from loader.show.identification_table import IdentifiedImage
    from loader.vision.local_vision import LocalVision

    vision = LocalVision(checkpoint)
    if empty := find_empty(client, Peak):
        raise PeaksError(empty)
    filters = read_filters(client, **given)
    allowed = find_peaks_inside(client, filters)
    identifier = None
    for image in read_each(images, lambda path: read_asked_image(client, path, vision), skipped):
        cameras.add(image.fields.get("camera"))
        identifier = identifier or open_identifier(client, read_siglip(client, vision))
        yield IdentifiedImage(
            path=image.path,
            thumbnail=image.thumbnail,
            time=image.time,
            found=identifier.identify(image.vector, [image.camera], allowed)[0],
            size=given["size"],
            threshold=identifier.threshold,
            filters=filters.words,
            min_similarity=filters.parameters.get("min_similarity", -1.0),
        )
    say_limits(client, cameras)


@click.command()
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option("--peaks", "catalogue", metavar="FILE", type=FILE,
              help="Catalogue of peaks (YAML); no cluster is needed then [default: the index peaks_catalog].")
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path),
              help="Write a drawing: FILE.png or FILE.svg for one IMAGE, or a folder for one PNG each.")
@timezone_option
@click.option("--all", "show_all", is_flag=True, help="List all peaks outside the frame too.")
@json_option
@connection_options
def sight(
    connection: Connection,
    images: Sequence[str],
    catalogue: Path | None,
    output: Path | None,
    timezone: str | None,
    show_all: bool,
    as_json: bool,
) -> None:
    """Show which peaks were in front of each IMAGE's camera.

    That is told by where it stood and looked. An IMAGE is a file or a folder of photos; for an indexed photo,
    give the path of its file. No pixel is decoded, and no checkpoint needed. Exit status: 0, or 2 when no
    IMAGE could be read.
    """
    from loader.files.facts.times import parse_zone
    from loader.peaks.sight.photo import read_photo_camera, sight_photo
    from loader.show.sight.table import describe_sights, show_sights
    from loader.show.sight.words import headline

    zone = parse_zone(timezone) if timezone else None
    listed, skipped = list_images(images)
    drawings = plan_drawings(listed, output)
    summits = _read_summits(connection, catalogue)
    found = read_each(listed, lambda image: sight_photo(read_photo_camera(image, zone), summits), skipped)
    show = partial(show_sights, show_all=show_all, is_one_of_many=len(listed) > 1)
    show_each(_draw_each(found, drawings), skipped, show=show, describe=describe_sights,
              kind=lambda photo: "with a peak in the frame" if photo.shown else headline(photo),
              json_key="photos" if as_json else None)


def plan_drawings(images: Sequence[str], output: Path | None) -> dict[str, Path]:
    """Return the file to draw each image into; nothing without an output.

    Raises:
        PeaksError: one file for several images, a kind that is not drawn, or a file that would overwrite an
            image.
    """
    if output is None:
        return {}
    if output.is_dir() or not output.suffix:
        return _name_drawings(images, output)
    if output.suffix.lower() not in KINDS:
        raise PeaksError(f"{output} is neither .png nor .svg: give --output one of these, or a folder.")
    if len(set(images)) > 1:
        raise PeaksError(f"{output} holds one drawing and there are {len(set(images))} images: give --output "
                         "a folder.")
    if output.exists() and any(Path(image).exists() and output.samefile(image) for image in images):
        raise PeaksError(f"--output would overwrite the image {output}: give the drawing another name.")
    return dict.fromkeys(images, output)


def _name_drawings(images: Sequence[str], folder: Path) -> dict[str, Path]:
    """Name a PNG in a folder for each image: ``IMG_1.HEIC`` gives ``IMG_1.sight.png``."""
    named: dict[str, Path] = {}
    for image in dict.fromkeys(images):
        stem, count = Path(image).stem, 1
        file = folder / f"{stem}.sight.png"
        while file in named.values():
            count += 1
            file = folder / f"{stem}-{count}.sight.png"
        named[image] = file
    return named


def _read_summits(connection: Connection, catalogue: Path | None) -> Summits:
    from loader.peaks.sight.geometry import Summits

    if catalogue is None:
        return Summits.gather(require_entries(connection.client(), Peak))
    return Summits.gather(read_catalogue(catalogue, Peak))


def _draw_each(found: Iterable[SightedPhoto], drawings: Mapping[str, Path]) -> Iterator[SightedPhoto]:
    from loader.show.sight.words import NO_POSITION
    from loader.show.tables import fold_line

    for sighted in found:
        if drawings and sighted.camera is None:
            click.echo(fold_line(f"Not drawn: {sighted.photo.path}. {NO_POSITION}"), err=True)
        elif drawings:
            _draw(drawings[sighted.photo.path], sighted)
        yield sighted


def _draw(file: Path, sighted: SightedPhoto) -> None:
    from loader.peaks.sight.photo import read_picture
    from loader.show.sight.diagram import Kind, render_diagram

    try:
        picture = read_picture(sighted.photo.path)
    except PeaksError as error:  # its EXIF could be read: the compass is drawn without the photo
        click.echo(f"Drawn without the photo: {error.message}", err=True)
        picture = None
    kind: Kind = "svg" if file.suffix.lower() == ".svg" else "png"
    write_output(file, render_diagram(kind, sighted, picture))
    click.echo(f"Drawing: {file}", err=True)
