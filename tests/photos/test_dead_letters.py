"""Refused documents: kept whatever happens, validated line by line, and sent again."""
from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.elastic.connection import Connection
from loader.elastic.indices import PHOTOS
from loader.elastic.models import IndexModel
from loader.elastic.photo_index import read_photo_model
from loader.elastic.retries import patience
from loader.errors import PeaksError
from loader.files.library import Skipped
from loader.photos.dead_letters import (
    DeadLetter,
    DeadLetters,
    RetryReport,
    RetryStopped,
    read_dead_letters,
    retry_dead_letters,
    write_letter,
)
from tests.conftest import REPOSITORY, Node
from tests.elastic.fault_proxy import FaultProxy, run_proxy
from tests.elastic.hand_clock import HandClock

MODIFIED = 1_700_000_000_000


def letter(identifier: str, dims: int = 3, **fields: Any) -> DeadLetter:
    path = f"{identifier}.jpg"
    document = {"path": path, "modified": MODIFIED, "clip_image": [1.0] + [0.0] * (dims - 1), **fields}
    return DeadLetter(identifier, path, "no room", "2026-03-04T12:00:00+00:00", "f1", document)


def keep(path: Path, *letters: DeadLetter) -> Path:
    with DeadLetters(path) as kept:
        kept.add(letters)
    assert kept.path is not None
    return kept.path


def ids(path: Path) -> list[str]:
    return [each.id for each in read_dead_letters(path)]


def test_a_letter_holds_all_that_it_takes(tmp_path: Path) -> None:
    written = write_letter("a", "no room", {"path": "x/a.jpg", "clip_image": [0.25]}, "f1")
    file = keep(tmp_path / "rejected.ndjson", written)
    (line,) = file.read_text().splitlines()
    assert json.loads(line) == {
        "_id": "a", "path": "x/a.jpg", "reason": "no room", "time": written.time,
        "checkpoint_fingerprint": "f1", "document": {"path": "x/a.jpg", "clip_image": [0.25]},
    }
    assert datetime.fromisoformat(written.time).utcoffset() is not None


TEXTS = st.text(min_size=1) | st.just("no Unicode: \udcff")
VALUES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | TEXTS


@settings(deadline=None)
@given(st.lists(st.builds(
    DeadLetter, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS,
    st.dictionaries(TEXTS.filter(lambda name: name != "modified"), VALUES).map(
        lambda fields: {**fields, "clip_image": [0.5]}
    ),
), min_size=1, max_size=5))
def test_what_was_kept_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, letters: list[DeadLetter]
) -> None:
    file = tmp_path_factory.mktemp("letters") / "rejected.ndjson"
    assert list(read_dead_letters(keep(file, *letters))) == letters
    assert file.read_bytes().count(b"\n") == len(letters)


def test_no_letter_makes_no_file(tmp_path: Path) -> None:
    with DeadLetters(tmp_path / "rejected.ndjson") as kept:
        kept.add([])
    assert kept.path is None and kept.count == 0 and not list(tmp_path.iterdir())


def test_batches_are_appended_and_another_run_takes_another_name(tmp_path: Path) -> None:
    wanted = tmp_path / "rejected-photos.ndjson"
    with DeadLetters(wanted) as first:
        first.add([letter("a")])
        second = keep(wanted, letter("x"))
        first.add([letter("b"), letter("c")])
        assert ids(wanted) == ["a", "b", "c"]  # before it is closed
    third = keep(wanted, letter("y"))
    assert [file.name for file in (first.path or wanted, second, third)] == [
        "rejected-photos.ndjson", "rejected-photos-2.ndjson", "rejected-photos-3.ndjson"
    ]
    assert (ids(wanted), ids(second), ids(third), first.count) == (["a", "b", "c"], ["x"], ["y"], 3)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PeaksError) as raised:
        keep(tmp_path / "nowhere" / "rejected.ndjson", letter("a"))
    assert raised.value.message == (
        f"Rejected photos cannot be kept in {tmp_path}/nowhere/rejected.ndjson (No such file or directory): "
        "name a file that can be written."
    )


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are Unix's")
def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    script = """
import resource, signal, sys
from pathlib import Path
from loader.photos.dead_letters import DeadLetters
from loader.errors import PeaksError
from tests.photos.test_dead_letters import letter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
kept = DeadLetters(Path(sys.argv[1]))
kept.add([letter("a")])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    kept.add([letter("b"), letter("c", filler="x" * 5000)])
except PeaksError as error:
    print(error.message)
kept.add([letter("d")])
"""
    file = tmp_path / "rejected.ndjson"
    result = subprocess.run([sys.executable, "-c", script, str(file)], cwd=REPOSITORY, text=True,
                            capture_output=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "(File too large): name a file that can be written." in result.stdout
    assert ids(file) == ["a", "d"]


def test_a_kill_leaves_every_batch_that_was_added(tmp_path: Path) -> None:
    script = """
import sys
from itertools import count
from pathlib import Path
from loader.photos.dead_letters import DeadLetters
from tests.photos.test_dead_letters import letter
kept = DeadLetters(Path(sys.argv[1]))
for number in count():
    kept.add([letter(f"n{number}")])
    print(number, flush=True)
"""
    file = tmp_path / "rejected.ndjson"
    with subprocess.Popen([sys.executable, "-c", script, str(file)], cwd=REPOSITORY, text=True,
                          stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for _ in range(20):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        told = 20 + len(process.stdout.read().splitlines())
    found = ids(file)
    assert found == [f"n{number}" for number in range(len(found))] and len(found) >= told - 1


@settings(deadline=None)
@given(cut=st.integers(1, 400))
def test_a_line_that_was_cut_off_is_named_and_left_out(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    file = keep(tmp_path_factory.mktemp("cut") / "rejected.ndjson", letter("a"), letter("b"))
    whole = letter("b").line()
    cut = min(cut, len(whole) - 2)  # without the line feed alone, a line is whole
    os.truncate(file, file.stat().st_size - len(whole) + cut)
    said: list[str] = []
    assert [each.id for each in read_dead_letters(file, said.append)] == ["a"]
    assert said == [f"{file}, line 2 was cut off and is left out: load that photo again."]


def test_a_last_line_without_a_line_feed_is_whole(tmp_path: Path) -> None:
    file = keep(tmp_path / "rejected.ndjson", letter("a"))
    file.write_bytes(file.read_bytes().rstrip(b"\n"))
    assert list(read_dead_letters(file)) == [letter("a")]


def broken(**changes: Any) -> bytes:
    given_line = json.loads(letter("b").line())
    return json.dumps({**given_line, **changes}).encode() + b"\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"not json\n", "Expecting value: line 1 column 1 (char 0)"),
        (b"\n", "Expecting value: line 2 column 1 (char 1)"),
        (b"[1]\n", "no JSON object"),
        (b"[" * 100_000 + b"\n", "maximum recursion depth exceeded"),
        (b'"\xff"\n', "'utf-8' codec can't decode byte 0xff in position 1"),
        (broken(_id=""), '"_id" is not a text'),
        (broken(path=7), '"path" is not a text'),
        (broken(reason=None), '"reason" is not a text'),
        (broken(checkpoint_fingerprint=[]), '"checkpoint_fingerprint" is not a text'),
        (broken(document=[]), '"document" is not a photo\'s document with its vector'),
        (broken(document={"path": "b"}), '"document" is not a photo\'s document with its vector'),
        (broken(document={"clip_image": [], "modified": 1.5}),
         '"modified" of "document" is not a whole number of milliseconds'),
        (broken(document={"clip_image": [], "modified": True}),
         '"modified" of "document" is not a whole number of milliseconds'),
    ],
)
def test_a_line_that_is_no_letter_is_named(tmp_path: Path, line: bytes, reason: str) -> None:
    file = keep(tmp_path / "rejected.ndjson", letter("a"))
    file.write_bytes(file.read_bytes() + line + letter("c").line())
    with pytest.raises(PeaksError) as raised:
        list(read_dead_letters(file))
    assert raised.value.message.startswith(f"{file}, line 2: {reason}")
    assert raised.value.message.endswith(
        "; delete that line, or name a file that `peaks load-photos` wrote."
    )


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0 a photo", b'{"_id": "a", "pa', b"{}"])
def test_another_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "IMG_1.jpg"
    file.write_bytes(content)
    with pytest.raises(PeaksError, match=r"holds no rejected photos: name a file|line 1: "):
        retry_dead_letters(_nobody(), file, "f1")
    assert file.read_bytes() == content


def test_an_empty_or_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    reasons = {"empty": "holds no rejected photos", "missing": "No such file", "": "Is a directory"}
    for name, reason in reasons.items():
        with pytest.raises(PeaksError, match=reason):
            retry_dead_letters(_nobody(), tmp_path / name, "f1")


def _nobody() -> Elasticsearch:
    """A client of a cluster that must not be asked."""
    return Connection(url="http://127.0.0.1:9").client()


def test_vectors_of_another_checkpoint_are_refused_before_anything_is_sent(tmp_path: Path) -> None:
    strange = replace(letter("b"), checkpoint_fingerprint="f2")
    file = keep(tmp_path / "rejected.ndjson", letter("a"), strange)
    with pytest.raises(PeaksError) as raised, patience(0):
        retry_dead_letters(_nobody(), file, "f1")
    assert raised.value.message == (
        f"{file}, line 2 holds a vector of checkpoint f2, but [photos] those of f1: load these photos with "
        "`peaks load-photos`."
    )
    assert ids(file) == ["a", "b"]


def test_a_file_that_a_run_still_writes_to_is_refused(tmp_path: Path) -> None:
    with DeadLetters(tmp_path / "rejected.ndjson") as kept:
        kept.add([letter("a")])
        assert kept.path is not None
        with pytest.raises(PeaksError, match="is in use by another run: wait until that has ended"):
            retry_dead_letters(_nobody(), kept.path, "f1")


@pytest.fixture
def model(client: Elasticsearch, fresh_indices: str) -> IndexModel:
    return read_photo_model(client)


@pytest.fixture
def proxy(node: Node) -> Iterator[FaultProxy]:
    with run_proxy(node.url) as proxy:
        yield proxy


@pytest.fixture
def through(proxy: FaultProxy) -> Iterator[Elasticsearch]:
    """A client that reaches the node through the proxy, and knows its version already."""
    client = Connection(url=proxy.url).client()
    client.info()
    yield client
    client.close()


def letters_for(model: IndexModel, *names: str, **fields: Any) -> list[DeadLetter]:
    return [replace(letter(name, model.dims, **fields), checkpoint_fingerprint=model.checkpoint_fingerprint)
            for name in names]


def stored(client: Elasticsearch, identifier: str) -> dict[str, Any]:
    source: dict[str, Any] = client.get(index=PHOTOS, id=identifier)["_source"]
    return source


@pytest.mark.cluster
def test_a_retry_writes_the_documents_and_removes_the_file(
    client: Elasticsearch, model: IndexModel, tmp_path: Path
) -> None:
    names = [f"n{number}" for number in range(5)]
    file = keep(tmp_path / "rejected.ndjson", *letters_for(model, *names))
    client.index(index=PHOTOS, id="n1", document={"path": "old.jpg", "modified": MODIFIED - 1})
    report = retry_dead_letters(client, file, model.checkpoint_fingerprint, batch=2)
    assert report == RetryReport(sent=5, created=4, updated=1)
    assert not list(tmp_path.iterdir())
    assert stored(client, "n1")["path"] == "n1.jpg"


@pytest.mark.cluster
def test_what_the_index_knows_better_is_not_sent(
    client: Elasticsearch, model: IndexModel, tmp_path: Path
) -> None:
    file = keep(tmp_path / "rejected.ndjson", *letters_for(model, "later", "same", "unknown"))
    times = {"later": {"modified": MODIFIED + 1}, "same": {"modified": MODIFIED}, "unknown": {}}
    for name, modified in times.items():
        client.index(index=PHOTOS, id=name, document={"path": "stored.jpg", **modified})
    report = retry_dead_letters(client, file, model.checkpoint_fingerprint)
    assert report == RetryReport(sent=2, updated=2, superseded=1)
    assert [stored(client, name)["path"] for name in ("later", "same", "unknown")] == [
        "stored.jpg", "same.jpg", "unknown.jpg"
    ]
    assert not file.exists()


@pytest.mark.cluster
def test_of_two_letters_for_one_photo_the_later_counts(
    client: Elasticsearch, model: IndexModel, tmp_path: Path
) -> None:
    old, new = letters_for(model, "a", camera="old"), letters_for(model, "a", camera="new")
    file = keep(tmp_path / "rejected.ndjson", *old, *letters_for(model, "b"), *new)
    report = retry_dead_letters(client, file, model.checkpoint_fingerprint, batch=1)
    assert report == RetryReport(sent=2, created=2, superseded=1)
    assert stored(client, "a")["camera"] == "new"


@pytest.mark.cluster
def test_what_is_refused_again_stays_with_its_new_reason(
    client: Elasticsearch, model: IndexModel, tmp_path: Path
) -> None:
    wrong = letters_for(model, "wrong", gps={"lat": 91, "lon": 0})
    file = keep(tmp_path / "rejected.ndjson", *letters_for(model, "a"), *wrong, *letters_for(model, "b"))
    file.chmod(0o600)
    report = retry_dead_letters(client, file, model.checkpoint_fingerprint, batch=2)
    (refused,) = report.rejected
    assert (report.sent, report.created, refused.name) == (3, 2, "wrong.jpg") and "latitude" in refused.reason
    (kept,) = read_dead_letters(file)
    assert replace(kept, reason="", time="") == replace(wrong[0], reason="", time="")
    assert kept.reason == refused.reason and kept.time > wrong[0].time
    assert stat.S_IMODE(file.stat().st_mode) == 0o600 and list(tmp_path.iterdir()) == [file]


@pytest.mark.cluster
def test_a_link_to_the_file_stays_a_link(client: Elasticsearch, model: IndexModel, tmp_path: Path) -> None:
    wrong = letters_for(model, "wrong", gps={"lat": 91, "lon": 0})
    file = keep(tmp_path / "rejected.ndjson", *letters_for(model, "a"), *wrong)
    link = tmp_path / "latest.ndjson"
    link.symlink_to(file)
    retry_dead_letters(client, link, model.checkpoint_fingerprint)
    assert link.is_symlink() and ids(file) == ["wrong"]


@pytest.mark.cluster
def test_a_cluster_that_goes_away_in_the_middle_leaves_the_rest(
    through: Elasticsearch, proxy: FaultProxy, client: Elasticsearch, model: IndexModel, tmp_path: Path
) -> None:
    names = [f"n{number}" for number in range(6)]
    file = keep(tmp_path / "rejected.ndjson", *letters_for(model, *names))
    proxy.reject("n3", 429)
    proxy.reject("n2", 503)
    with HandClock().times(), pytest.raises(RetryStopped) as raised:
        retry_dead_letters(through, file, model.checkpoint_fingerprint, batch=2)
    assert raised.value.message == (
        "Elasticsearch turns 2 documents away (rejected by a fault (503)) and takes no others: "
        f"mend that and run again; 4 of 6 documents are still in {file}."
    )
    assert raised.value.report == RetryReport(sent=2, created=2, unsent=4)
    assert ids(file) == names[2:]
    proxy.clear()
    report = retry_dead_letters(through, file, model.checkpoint_fingerprint, batch=2)
    assert report == RetryReport(sent=4, created=4) and not file.exists()


@pytest.mark.cluster
def test_ctrl_c_leaves_what_was_not_sent(
    through: Elasticsearch, proxy: FaultProxy, model: IndexModel, tmp_path: Path
) -> None:
    file = keep(tmp_path / "rejected.ndjson", *letters_for(model, "a", "b", "c", "d"))
    proxy.reject("[bcd]", 429)

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with patience(sleep=interrupt), pytest.raises(KeyboardInterrupt):
        retry_dead_letters(through, file, model.checkpoint_fingerprint, batch=2)
    assert ids(file) == ["a", "b", "c", "d"]


@pytest.mark.cluster
def test_a_line_that_was_cut_off_is_told_and_the_rest_is_sent(
    client: Elasticsearch, model: IndexModel, tmp_path: Path
) -> None:
    file = keep(tmp_path / "rejected.ndjson", *letters_for(model, "a", "b"))
    os.truncate(file, file.stat().st_size - 10)
    report = retry_dead_letters(client, file, model.checkpoint_fingerprint)
    assert report == RetryReport(
        sent=1, created=1, warnings=[f"{file}, line 2 was cut off and is left out: load that photo again."]
    )
    assert not file.exists()


@pytest.mark.cluster
def test_a_document_turned_away_to_the_end_is_rejected_again(
    through: Elasticsearch, proxy: FaultProxy, model: IndexModel, tmp_path: Path
) -> None:
    file = keep(tmp_path / "rejected.ndjson", *letters_for(model, "a", "b"))
    proxy.reject("b", 429)
    with HandClock().times():
        report = retry_dead_letters(through, file, model.checkpoint_fingerprint)
    assert report.rejected == [Skipped("b.jpg", "rejected by a fault (429)")] and ids(file) == ["b"]
