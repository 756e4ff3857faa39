"""Files made to hurt: no crash, no hang, no wrong value, and a reason for each that is not loaded."""
from __future__ import annotations

import base64
import contextlib
import io
import os
import re
import resource
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from pebble import ProcessPool
from PIL import Image

from loader.files.images import ModelInput
from loader.files.library import Listing, PhotoFile, walk_library
from loader.files.photo import Photo, decode_photo
from scripts.hostile_photos.case import Case, Loaded, PassedOver, Refused, Unharmed, Unseen
from scripts.make_hostile_photos import all_cases, make_hostile_photos

TIME_LIMIT = 60.0  # seconds a file; the slowest takes about one
MEGABYTES = 300  # that one file may need; 110 were measured
ADDRESS_SPACE = 3 << 30  # bytes
# The address space is bounded: on a machine of many cores threads alone would fill it.
FEW_THREADS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
SHAPE = ModelInput(224, 224)
NOBODY = 65_534
UNIVERSAL = frozenset(
    ("path", "path_words", "width", "height", "size_bytes", "modified", "content_hash", "thumbnail")
)
SNAPSHOT = Path(__file__).parent / "snapshots" / "hostile_photos.txt"
CASES = {case.printable: case for case in all_cases()}
COLOUR_TOLERANCE = 30  # of 255: JPEG and HEVC blur colours at an edge, CMYK knows no profile


@dataclass
class Record:
    """What became of one file.

    Attributes:
        harm: how it ended the worker; None: it did not.
        reason: why it is not loaded; None: it is.
        size: upright pixels.
        fields: of its document that come from EXIF.
        notes: what was left out.
        corners: colours of the picture for the tower, and of the thumbnail, clockwise from the top left.
        shape: pixels of the picture for the tower.
        megabytes: that were resident at its most.
    """

    harm: str | None = None
    reason: str | None = None
    size: tuple[int, int] = (0, 0)
    fields: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    corners: tuple[list[Any], ...] = ()
    shape: tuple[int, int] = (0, 0)
    megabytes: float = 0.0


@dataclass
class Outcomes:
    """What became of all files.

    Attributes:
        library: what the walk found.
        reads_all: root may read every file, and cannot give that up here.
        records: of the files that the walk took for photos, by name.
    """

    library: Listing
    reads_all: bool
    records: dict[str, Record] = field(default_factory=dict)

    @property
    def skipped(self) -> dict[str, str]:
        """Why the walk did not take a file, by name."""
        return {skipped.name: skipped.reason for skipped in self.library.skipped}


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Outcomes]:
    """Every hostile file, written, and decoded by the loader in a process that it may end."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        for variable, value in FEW_THREADS.items():
            patch.setenv(variable, value)
        Path(name).chmod(0o755)  # where root gives up its rights, the walk must still come in
        folder, mask = Path(name) / "library", os.umask(0o022)
        try:
            make_hostile_photos(folder)
        finally:
            os.umask(mask)
        with ProcessPool(1, initializer=limit_memory, context=get_context("spawn")) as pool:
            found = Outcomes(*pool.schedule(walk, args=(folder,), timeout=TIME_LIMIT).result())
            for file in found.library.files:
                task = pool.schedule(decode_case, args=(folder, file), timeout=TIME_LIMIT)
                harm = task.exception()  # it hung, or ended the process
                found.records[file.name] = Record(harm=repr(harm)) if harm else task.result()
        yield found


def identify(case: Case) -> str:
    """A name that a terminal survives."""
    return ascii(case.printable)[1:-1][:80]


@pytest.mark.parametrize("case", CASES.values(), ids=identify)
def test_what_becomes_of_it(case: Case, outcomes: Outcomes) -> None:
    if case.mode_matters:
        skip_where_all_is_readable(outcomes)
    record, expected = outcomes.records.get(case.printable), case.expected
    skipped = outcomes.skipped.get(case.printable)
    if isinstance(expected, PassedOver | Unseen):
        assert record is None and skipped is None
        return
    assert record is None or record.harm is None
    if isinstance(expected, Refused):
        reason = skipped if record is None else record.reason
        assert reason is not None, f"loaded: {record}"
        assert expected.is_met_by(reason), reason
    else:
        assert record is not None, f"not even tried: {skipped}"
        assert isinstance(expected, Unharmed) or is_loaded(record, expected)


def is_loaded(record: Record, expected: Loaded) -> bool:
    """Assert that every value of a loaded photo is the true one, and that no other is there."""
    assert record.reason is None
    assert record.size == (expected.width, expected.height)
    assert record.fields == {"has_gps": "gps" in expected.fields, **expected.fields}
    assert record.notes == expected.notes
    assert record.shape == (224, 224)
    for colours in record.corners:
        for found, wanted in zip(colours, expected.corners, strict=True):
            distance = max(abs(one - other) for one, other in zip(found, wanted, strict=True))
            assert distance <= COLOUR_TOLERANCE, f"{colours}, not {expected.corners}"
    return True


def test_no_file_is_costly(outcomes: Outcomes) -> None:
    costs = {name: record.megabytes for name, record in outcomes.records.items()}
    assert {name: cost for name, cost in costs.items() if cost > MEGABYTES} == {}


def skip_where_all_is_readable(outcomes: Outcomes) -> None:
    if outcomes.reads_all:
        pytest.skip("root may read every file, and cannot give that up here")


def test_every_file_is_accounted_for(outcomes: Outcomes) -> None:
    skip_where_all_is_readable(outcomes)
    counted = [case for case in CASES.values() if not isinstance(case.expected, Unseen)]
    library = outcomes.library
    assert len(outcomes.records) + len(library.skipped) + library.passed_over.total() == len(counted)
    assert len({photo.id for photo in library.files}) == len(library.files)


def test_there_are_many() -> None:
    assert len(CASES) >= 361


def test_reasons_read_as_kept(outcomes: Outcomes) -> None:
    """The decoders' own words change with their versions: they are kept to be read, and not compared."""
    skip_where_all_is_readable(outcomes)
    text = "\n".join(sorted(_sentences(outcomes))) + "\n"
    kept = SNAPSHOT.read_text(encoding="utf-8")
    assert list(map(_own_words, text.splitlines())) == list(map(_own_words, kept.splitlines()))


def _sentences(outcomes: Outcomes) -> Iterator[str]:
    """What a person reads about each file, names escaped where they would upset a page."""
    reasons: dict[str, tuple[str, ...]] = {name: (reason,) for name, reason in outcomes.skipped.items()}
    for name, record in outcomes.records.items():
        reasons[name] = (record.reason,) if record.reason else record.notes
    for name in (name for name, case in CASES.items() if not isinstance(case.expected, Unharmed)):
        yield from (f"{ascii(name)[1:-1]}: {reason}" for reason in reasons.get(name, ()))


def _own_words(line: str) -> str:
    words = re.search(r".*(file is damaged|is not supported) \(", line)
    return words[0] if words else line


# --- what the worker process does ---------------------------------------------------------------------------


def limit_memory() -> None:
    """Prepare a worker process."""
    Image.init()
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))


def walk(folder: Path) -> tuple[Listing, bool]:
    """Return what the walk finds, and whether this process may read what nobody may."""
    with as_nobody():
        return walk_library(folder), os.geteuid() == 0


def decode_case(folder: Path, file: PhotoFile) -> Record:
    """Decode one file, after what happens to it meanwhile."""
    case = CASES[file.name]
    if case.meanwhile:
        case.meanwhile(case.path(folder))
    with as_nobody() if case.mode_matters else contextlib.nullcontext():
        forget_peak()
        before = peak_megabytes()
        record = described(file)
        record.megabytes = peak_megabytes() - before
        return record


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's right to read everything, where a container allows it."""
    with contextlib.suppress(OSError):
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.seteuid(os.getuid())


def described(file: PhotoFile) -> Record:
    """Decode one file and say what became of it."""
    outcome = decode_photo(file, SHAPE)
    if not isinstance(outcome, Photo):
        return Record(reason=outcome.reason)
    fields = outcome.fields
    thumbnail = Image.open(io.BytesIO(base64.b64decode(fields["thumbnail"]))).convert("RGB")
    return Record(
        size=(fields["width"], fields["height"]),
        fields={name: value for name, value in fields.items() if name not in UNIVERSAL},
        notes=outcome.notes,
        corners=(corners(outcome.picture), corners(thumbnail)),
        shape=outcome.picture.size,
    )


def corners(picture: Image.Image) -> list[Any]:
    """The colours of the four corners, clockwise from the top left, a little inside of a large picture."""
    across, down = (min(side // 8, 24) for side in picture.size)
    right, bottom = picture.width - 1 - across, picture.height - 1 - down
    places = ((across, down), (right, down), (right, bottom), (across, bottom))
    return [picture.getpixel(place) for place in places]


def forget_peak() -> None:
    """Let the kernel count the resident memory's peak from here on."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_megabytes() -> float:
    """The most memory that was resident since `forget_peak`, 0 where the kernel does not say."""
    with contextlib.suppress(OSError), Path("/proc/self/status").open() as status:
        for line in status:
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    return 0.0
