"""Options that several commands have: the filters, which `read_filters` takes, and how an answer is shown."""
from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from elasticsearch import Elasticsearch

from loader.elastic.models import find_limits
from loader.errors import PeaksError
from loader.files.location import LOCATIONS
from loader.files.paths import find_spelling
from loader.peaks.catalogue import TOP_PEAKS
from loader.show.tables import fold_line
from loader.text import clean_text, format_count, list_words

Command = Callable[..., Any]
Decorator = Callable[[Command], Command]
Found = TypeVar("Found")

NOTHING_READ = 2  # exit status

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


class PhotoFolder(click.Path):
    """A folder; of a single photo it says what can be done with that."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if Path(value).is_file():
            self.fail(f"{value} is a file, and whole folders are loaded: give {Path(value).parent} "
                      "(`peaks identify` and `peaks sight` take one file).", param, ctx)
        return super().convert(value, param, ctx)


class ModelId(click.ParamType[str]):
    """An id of one trained model, as Elasticsearch takes it (MlStrings.isValidId): no wildcard, no list."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the text of the option."""
        if not re.fullmatch(r"[a-z0-9]([a-z0-9_.-]{0,62}[a-z0-9])?", value):
            self.fail(f"{value!r} is no id: it has up to 64 lowercase letters, digits, '-', '_' and '.', and "
                      "begins and ends with a letter or digit.", param, ctx)
        return str(value)


def combine(*options: Decorator) -> Decorator:
    """Several options as one."""

    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def require_page(_: click.Context, parameter: click.Parameter, file: Path | None) -> Path | None:
    """Refuse to write a page into a file that no browser takes for one."""
    if file is not None and file.suffix.lower() not in (".html", ".htm"):
        raise PeaksError(f"It is a page, and {file} is no .html file: give --{parameter.name} "
                         f"{file.with_suffix('.html')}.")
    return file


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
html_option = click.option(
    "--html", metavar="FILE", type=NEW_FILE, callback=require_page,
    help="Write the answer as a contact sheet, one HTML file with its thumbnails inside.",
)
checkpoint_option = click.option(
    "--checkpoint", envvar="PEAKS_CHECKPOINT", metavar="DIR_OR_HUB_ID",
    help="The checkpoint that the photos were loaded with [env PEAKS_CHECKPOINT].",
)

timezone_option = click.option(
    "--timezone", metavar="ZONE",
    help="Clock of photos that do not tell their UTC offset: Asia/Kathmandu or +05:45.",
)
top_peaks_option = click.option(
    "--top-peaks", type=click.IntRange(1, 10), default=TOP_PEAKS, show_default=True,
    help="Most peaks named for a photo; none is named that is not likely.",
)
location_option = click.option(
    "--location", type=click.Choice(LOCATIONS),
    help="How much of a photo's place is written: coarse rounds it to about 1 km and leaves out sight lines, "
         "none leaves out all [default: as the library was loaded before, or exact].",
)


class Probability(click.FloatRange):
    """A number between two others, whose refusal says how to write it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the text of the option."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no number between 0 and 1: write 0.2 for 20 %.", param, ctx)


_PLACE = (
    click.option("--near", metavar="LAT,LON|PEAK", help="Only what is near a point or a summit."),
    click.option("--within", metavar="DISTANCE", help="How near, with its unit [default 5km]."),
    click.option("--box", metavar="TOP,LEFT,BOTTOM,RIGHT", help="Only what is inside a box of degrees."),
)
_CONTENTS = (
    click.option("--from", "shot_from", metavar="DATE",
                 help="Only photos taken on or after this date: 2023, 2023-10, 2023-10-05 or "
                      "2023-10-05T06:30. Without an offset it is each photo's own clock; with one "
                      "(+05:45) it is an instant."),
    click.option("--to", "shot_to", metavar="DATE",
                 help="Only photos taken on or before it; a day counts to its end."),
    click.option("--library", "libraries", metavar="LIBRARY", multiple=True,
                 help="Only photos of this library, one of `peaks libraries`; repeat for any of several."),
    click.option("--peak", "peaks", metavar="PEAK", multiple=True,
                 help="Only photos predicted to show this peak (id or name); repeat for any of several."),
    click.option("--concept", "concepts", metavar="CONCEPT", multiple=True,
                 help="Only photos predicted to show this concept (id or name); repeat for any of several."),
    click.option("--in-frame", "in_frame", metavar="PEAK", multiple=True,
                 help="Only photos whose camera had this peak in its frame, by position and bearing; repeat "
                      "for any of several."),
)
_SIMILARITY = click.option(
    "--min-similarity", type=float, metavar="COSINE", help="Leave out what has a lower cosine similarity."
)
_PROBABILITY = click.option(
    "--min-probability", type=Probability(0, 1, min_open=True, max_open=True), metavar="P",
    help="Leave out what has a lower probability by SigLIP, between 0 and 1, instead of --min-similarity.",
)
_SIZE = click.IntRange(1, 200)  # as the search templates take it
_MOST_PHOTOS = click.option("--size", type=_SIZE, metavar="N",
                            help="Most photos in the answer [default 12].")
_MOST_PEAKS = click.option("--size", type=_SIZE, metavar="N", default=5, show_default=True,
                           help="Most peaks an image.")


# The filters: on photos for a map, on photos without a question, on photos that an image or words are
# compared with, and on peaks.
map_filter_options = combine(*_PLACE, *_CONTENTS)
plain_filter_options = combine(*_PLACE, *_CONTENTS, _MOST_PHOTOS)
photo_filter_options = combine(*_PLACE, *_CONTENTS, _SIMILARITY, _MOST_PHOTOS)
word_filter_options = combine(*_PLACE, *_CONTENTS, _SIMILARITY, _PROBABILITY, _MOST_PHOTOS)
peak_filter_options = combine(*_PLACE, _SIMILARITY, _MOST_PEAKS)


def write_output(file: Path, content: bytes) -> None:
    """Write a file, and its folder where that is missing; PeaksError when the place cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        sentence = f"Cannot write {file} ({error.strerror}): name a file in a folder that you can write to."
        raise PeaksError(sentence) from error


def write_contact_sheet(html: str, file: Path) -> None:
    """Write an answer as a page, and say where it is."""
    write_output(file, html.encode())
    click.echo(f"Contact sheet: {file}", err=True)


def say_limits(client: Elasticsearch, cameras: Iterable[str | None] | None = None) -> None:
    """Say on stderr that the model was made for other photos, where that is so (see `find_limits`)."""
    if sentence := find_limits(client, cameras):
        click.echo(fold_line(sentence), err=True)


def confirm(question: str) -> bool | None:
    """Ask before something is removed; None, which is said, when nobody answers."""
    try:
        agrees = click.confirm(question, err=True)
    except click.Abort:
        click.echo("There was no answer, so nothing was removed; --yes removes without asking.", err=True)
        return None
    if not agrees:
        click.echo("Nothing was removed.", err=True)
    return agrees


def print_json(document: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def list_images(images: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """List images, and for a folder the photos under it as `peaks load-photos` finds them.

    Returns:
        The images, and the reasons for pictures and folders that cannot be read, by their paths.
    """
    from loader.files.library import walk_library

    listed, skipped = [], dict[str, str]()
    for image in map(find_spelling, images):
        if not Path(image).is_dir():
            listed.append(image)
            continue
        library, top = walk_library(Path(image)), Path(image).resolve()
        listed += [str(Path(image, photo.path.relative_to(top))) for photo in library.files]
        for path, reason in ((str(Path(image, each.name)), each.reason) for each in library.skipped):
            skipped[path] = f"{path} cannot be read: {reason}."
        if not library.files:
            skipped[image] = f"The folder {image} holds no photo that can be read."
    return listed, skipped


def read_each(
    images: Sequence[str], read: Callable[[str], Found], skipped: dict[str, str]
) -> Iterator[Found]:
    """Read images one after another; the reasons for those that cannot be read are added by their paths."""
    for image in images:
        try:
            found = read(image)
        except PeaksError as error:
            skipped[image] = error.message
            continue
        yield found


def show_each(
    found: Iterable[Found],
    skipped: Mapping[str, str],
    *,
    show: Callable[[Found], str],
    describe: Callable[[Found], dict[str, Any]],
    kind: Callable[[Found], str],
    json_key: str | None,
) -> None:
    """Print the answers about images, each as soon as it is there, why some were skipped, and a last line.

    Args:
        found: what was read of each.
        skipped: reasons by path, complete when the last image was read.
        show: makes a text for a person.
        describe: makes a JSON object.
        kind: says in a word or two what was found; the last line counts them.
        json_key: what the list of objects is called in the JSON document; None prints texts.

    Raises:
        click.exceptions.Exit: no image could be read.
    """
    described, kinds, before = [], Counter[str](), ""
    for each in found:
        kinds[kind(each)] += 1
        if json_key is not None:
            described.append(describe(each))
            continue
        text = show(each)
        # only blocks stand apart: many photos of one line each are a list
        click.echo(("\n" if before and "\n" in before + text else "") + text)
        before = text
    if json_key is not None:
        reasons = [{"path": path, "reason": reason} for path, reason in skipped.items()]
        print_json({json_key: described, "skipped": reasons})
    else:
        for reason in dict.fromkeys(skipped.values()):
            paths = [path for path, each in skipped.items() if each == reason]
            named = "" if paths[0] in reason else f" {list_words(paths)}"
            click.echo(clean_text(f"Skipped{named}: {reason}"), err=True)
        _say_counts(kinds, len(skipped))
    if not kinds:
        raise click.exceptions.Exit(NOTHING_READ)


def _say_counts(kinds: Counter[str], skipped: int) -> None:
    """Say how many photos there were of which kind, where there was more than one."""
    read = kinds.total()
    if not read or read + skipped < 2:
        return
    counts = [f"{number:,} {kind}" for kind, number in kinds.most_common()]
    counts += [f"{skipped:,} skipped"] if skipped else []
    click.echo(f"{format_count(read, 'photo')}: {', '.join(counts)}", err=True)
