"""`peaks load-photos` killed, stopped, cut off, refused and run twice at once: nothing is lost or spoilt.

The command is the real one, in processes of its own, against a real node; the tap that counts what is
embedded is `tests.photos.loader_process`.
"""
from __future__ import annotations

import json
import math
import os
import random
import re
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from demo.render import TRUTH_FILE, render
from eland_models.checkpoint import open_checkpoint
from loader.elastic.connection import Connection
from loader.files.library import list_files, recognize
from loader.files.photo import Photo, decode_photo
from loader.vision.model_input import read_model_input
from tests.conftest import (
    DEMO_CHECKPOINT,
    REPOSITORY,
    Node,
    call_peaks,
    free_port,
    must_run_peaks,
    read_json,
    renew_indices,
    run_peaks,
    session_home,
)
from tests.elastic.fault_proxy import FaultProxy, run_proxy
from tests.photos.loader_process import hash_picture
from tests.photos.running_load import Ended, RunningLoad

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

PHOTOS, PICTURE_SIDE = 48, 200
BATCH, CHUNK = 8, 4  # photos embedded and not yet written at most; photos that the tower gets at a time
KILLS, KILLS_AT_THE_START, KILLS_AT_A_MOVE = 20, 11, 4
COLD_KILLS = 3  # of processes that import everything themselves
CHUNK_SECONDS = 0.15  # that a chunk takes at least
STOP_LIMIT = 2.0  # seconds

# What a load asks for, in this order: until the first file (half is tested with Ctrl-C), and from then on.
STARTING_REQUESTS = ("/photos/_mapping$", "/peaks_catalog/_mapping", "/_mapping/field/", "_refresh", "_pit",
                     "/_search$")
LATER_REQUESTS = ("_mget", "/peaks_catalog/_pit", "/concepts/_pit", "_msearch", "_bulk")
TRIES = 4  # that the client makes of a request at once, before the loader waits; of a bulk one

Documents = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Library:
    """The photos, and what an undisturbed load of them gives.

    Attributes:
        folder: of the photos.
        pictures: the hash of what the tower gets of each photo, to the photo's id.
    """

    folder: Path
    pictures: dict[str, str]

    @property
    def ids(self) -> set[str]:
        return set(self.pictures.values())

    def embedded(self, counted: Mapping[str, int]) -> Counter[str]:
        """How often each photo was embedded."""
        return Counter({self.pictures[picture]: number for picture, number in counted.items()})


@dataclass(frozen=True)
class Undisturbed:
    """A load that nothing happened to.

    Attributes:
        documents: by id, vectors included.
        start: seconds from the start of the process to the first picture in the tower.
        cold_start: the same of a process that imports everything itself.
    """

    documents: Documents
    start: float
    cold_start: float


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Photos of the demo, small, so that drawing and decoding take no time."""
    folder = tmp_path_factory.mktemp("library") / "trek"
    render(folder, PHOTOS, seed=6, processes=2, long_side=PICTURE_SIDE)
    (folder / TRUTH_FILE).unlink()
    pictures = {hash_picture(photo.picture): photo.id for photo in decode_all(folder)}
    assert len(pictures) == PHOTOS
    return Library(folder, pictures)


def decode_all(folder: Path) -> Iterator[Photo]:
    shape = read_model_input(open_checkpoint(str(DEMO_CHECKPOINT), tower="vision"))
    for file in list_files(folder).files:
        if recognize(file):
            photo = decode_photo(file, shape)
            assert isinstance(photo, Photo)
            yield photo


@pytest.fixture(scope="module")
def catalogue(client: Elasticsearch, node: Node, deployed_model: str) -> None:
    """Every asset, an index of peaks, and an empty one of photos."""
    renew_indices(node, client, deployed_model)
    call_peaks("load-peaks", REPOSITORY / "demo" / "peaks.yaml", "--url", node.url)


@pytest.fixture(scope="module")
def undisturbed(
    client: Elasticsearch, catalogue: None, node: Node, library: Library,
    tmp_path_factory: pytest.TempPathFactory,
) -> Undisturbed:
    starts = {}
    for cold in (True, False):
        empty(client)
        start = time.monotonic()
        load = RunningLoad(library.folder, node.url, tmp_path_factory.mktemp("undisturbed"), cold=cold)
        load.await_embedded()
        starts[cold] = time.monotonic() - start
        assert load.finish().outcomes == {"created": PHOTOS}
    return Undisturbed(documents(client), starts[False], starts[True])


@pytest.fixture(autouse=True)
def expected(client: Elasticsearch, undisturbed: Undisturbed) -> Documents:
    """What a load must give, whatever happens to it; the index of photos is empty."""
    empty(client)
    return undisturbed.documents


@pytest.fixture
def proxy(node: Node) -> Iterator[FaultProxy]:
    with run_proxy(node.url, seed=6) as proxy:
        yield proxy


Start = Callable[..., RunningLoad]


@pytest.fixture
def start(node: Node, library: Library, tmp_path: Path) -> Iterator[Start]:
    """Start a load of the library; whatever is left of it at the end of the test is killed."""
    started: list[RunningLoad] = []

    def begin(
        *options: object, url: str = node.url, folder: Path = library.folder, **tap: Any
    ) -> RunningLoad:
        started.append(RunningLoad(folder, url, tmp_path, "--batch-size", BATCH, *options, **tap))
        return started[-1]

    yield begin
    for load in started:
        load.kill()


def empty(client: Elasticsearch) -> None:
    operations: list[Mapping[str, Any]] = [{"delete": {"_id": identifier}} for identifier in held(client)]
    assert not operations or not client.bulk(index="photos", operations=operations, refresh=True)["errors"]


def held(client: Elasticsearch) -> set[str]:
    """The ids of the photos that the index holds now."""
    return set(documents(client))


def documents(client: Elasticsearch) -> Documents:
    """Every photo of the index by its id, vector included."""
    client.indices.refresh(index="photos")
    answer = client.search(index="photos", size=1000, fields=[{"field": "clip_image"}])
    assert answer["hits"]["total"]["value"] == len(answer["hits"]["hits"])
    return {
        hit["_id"]: {**hit["_source"], "clip_image": np.ravel(hit["fields"]["clip_image"])}
        for hit in answer["hits"]["hits"]
    }


def same(found: Documents, expected: Documents) -> bool:
    """Assert that two loads gave the same: the very ids, and for each the same content, vector and all."""
    assert found.keys() == expected.keys()
    for identifier, document in found.items():
        other = dict(expected[identifier])
        this = dict(document)
        assert float(this.pop("clip_image") @ other.pop("clip_image")) >= 0.9999
        assert {"thumbnail", "library", "modified", "size_bytes", "content_hash"} <= this.keys()
        assert rounded(this) == rounded(other)
    return True


def rounded(value: Any) -> Any:
    """A value whose floats are rounded to what the order of sums in a batch leaves of them."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, list) else value


def goes_on(load: Ended, library: Library, before: Mapping[str, int]) -> bool:
    """Assert that a load ended what another one began, and embedded at most a batch of that again."""
    assert (load.code, load.report["found"], load.report["left"]) == (0, PHOTOS, 0), load.said
    again = library.embedded(load.embedded) & library.embedded(before)
    assert load.embedded.total() == len(load.embedded) and again.total() <= BATCH
    return True


def test_killed_twenty_times_at_random_moments(
    client: Elasticsearch, node: Node, library: Library, undisturbed: Undisturbed, start: Start,
    proxy: FaultProxy,
) -> None:
    draw = random.Random(6)
    moments = ["start"] * KILLS_AT_THE_START + ["embedding"] * (KILLS - KILLS_AT_THE_START)
    draw.shuffle(moments)
    proxy.delay(CHUNK_SECONDS, paths="_bulk")
    grown, embedded = 0, Counter[str]()
    for number, moment in enumerate(moments):
        before = held(client)
        # Now the writing holds up the tower, now the tower the writing.
        tap: dict[str, Any] = {"url": proxy.url} if number % 2 else {"seconds": CHUNK_SECONDS}
        cold = number < COLD_KILLS
        load = start(**tap, cold=cold)
        if moment == "start":
            time.sleep(draw.uniform(0, undisturbed.cold_start if cold else undisturbed.start))
        elif load.await_embedded():
            time.sleep(draw.uniform(0, _longest_delay(PHOTOS - len(before), moments[number:])))
        load.kill()
        after, begun = held(client), library.embedded(load.embedded)
        load.leaves_nobody()
        assert before <= after and not before & begun.keys(), "a photo that was there was embedded again"
        assert begun.total() == len(begun) and len(begun.keys() - after) <= BATCH
        grown += before < after
        embedded += begun
    assert grown >= 3, "too few of the kills came after a first photo was written"
    last = start().finish()
    assert last.code == 0 and last.outcomes.keys() <= {"created", "unchanged"}
    assert same(documents(client), undisturbed.documents)
    assert (embedded + library.embedded(last.embedded)).total() <= PHOTOS + KILLS * BATCH
    assert start(cold=True).finish().outcomes == {"unchanged": PHOTOS}


def _longest_delay(photos: int, moments: list[str]) -> float:
    """Seconds within which to kill, so that the kills to come fall on the whole rest of the work.

    The rest takes longer than that, so the load has not ended by itself.
    """
    chunks = math.ceil(photos / CHUNK)
    return CHUNK_SECONDS * min(chunks, 2 * chunks / moments.count("embedding"))


def test_ctrl_c_in_a_terminal(
    client: Elasticsearch, library: Library, expected: Documents, start: Start
) -> None:
    """All processes get the signal, and again from people who cannot wait."""
    load = start(seconds=0.3)
    load.await_embedded(BATCH + CHUNK)
    begin = time.monotonic()
    for _ in range(3):
        load.signal_everybody(signal.SIGINT)
        time.sleep(0.02)
    stopped = load.finish()
    assert time.monotonic() - begin < STOP_LIMIT
    assert_stopped(stopped)
    assert CHUNK <= stopped.report["created"] <= len(held(client)) < PHOTOS
    assert goes_on(start().finish(), library, stopped.embedded)
    assert same(documents(client), expected)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_forward_pass_that_does_not_end_is_not_waited_for(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    load = start(gate=tmp_path / "never")
    load.await_embedded()
    assert load.stop(number) < STOP_LIMIT
    stopped = load.finish()
    assert_stopped(stopped)
    assert stopped.outcomes == {"left": PHOTOS} and stopped.embedded.total() == CHUNK


def assert_stopped(load: Ended) -> None:
    """The exit status, the summary and the last words of a load that was stopped."""
    left = load.report["left"]
    assert load.code == 130 and sum(load.outcomes.values()) == PHOTOS and left > 0
    assert load.said.endswith(
        f"Stopped; {left} files are left. Run the same command again to go on: what is written stays "
        "written.\n"
    )
    assert "Traceback" not in load.said and "Aborted" not in load.said


def test_a_load_that_waits_for_its_cluster_can_be_stopped(
    client: Elasticsearch, library: Library, start: Start, proxy: FaultProxy
) -> None:
    proxy.answer(503, paths="_bulk", retry_after=60)
    load = start(url=proxy.url)
    load.await_words("trying again for 10 min more")
    assert load.stop(signal.SIGINT) < STOP_LIMIT
    stopped = load.finish()
    assert_stopped(stopped)
    assert stopped.outcomes == {"left": PHOTOS} and not held(client)


@pytest.mark.parametrize("request_path", STARTING_REQUESTS[::2])
def test_a_load_that_has_not_begun_can_be_stopped(start: Start, proxy: FaultProxy, request_path: str) -> None:
    proxy.answer(503, paths=request_path, retry_after=60)
    load = start(url=proxy.url)
    load.await_words("trying again for 10 min more")
    assert load.stop(signal.SIGINT) < STOP_LIMIT
    stopped = load.finish()
    assert (stopped.code, stopped.report) == (130, {})
    assert stopped.said.endswith(
        "Stopped before the first file. Run the same command again to go on: what is written stays written.\n"
    )


def test_a_load_that_reads_its_model_can_be_stopped(
    client: Elasticsearch, start: Start, proxy: FaultProxy
) -> None:
    load = start(url=proxy.url, cold=True)
    while not any("_mget" in seen.path for seen in proxy.seen):  # what the first files wait for
        time.sleep(0.01)
    assert load.stop(signal.SIGINT) < STOP_LIMIT
    stopped = load.finish()
    assert_stopped(stopped)
    assert stopped.outcomes == {"left": PHOTOS} and not stopped.embedded and not held(client)


def test_a_storm(
    client: Elasticsearch, expected: Documents, start: Start, proxy: FaultProxy
) -> None:
    """What a load asks for is turned away, lost on its way, done without an answer or half answered."""
    for paths, probability, times in (("_bulk", 0.2, 1), (r"^(?!.*_bulk)", 0.06, None)):
        proxy.answer(503, probability=probability, times=times, paths=paths)
        proxy.answer(429, probability=probability, times=times, paths=paths, retry_after=1)
        proxy.drop("before", probability=probability, times=times, paths=paths)
        proxy.drop("after", probability=probability, times=times, paths=paths)
        proxy.cut(probability=probability, times=times, paths=paths)
    proxy.reject("", 429, times=3, probability=0.1)
    load = start(url=proxy.url).finish()
    assert load.code == 0 and load.outcomes.keys() <= {"created", "updated"}, load.said
    assert sum(load.outcomes.values()) == PHOTOS and max(load.embedded.values()) == 1
    assert same(documents(client), expected)
    met = {seen.outcome for seen in proxy.seen if "_bulk" in seen.path}
    assert len(met - {200}) >= 2, "the storm was none"


def test_every_request_is_made_again(
    client: Elasticsearch, expected: Documents, start: Start, proxy: FaultProxy
) -> None:
    requests = (*STARTING_REQUESTS[1::2], *LATER_REQUESTS)
    for path in requests:
        proxy.answer(503, times=1 if path == "_bulk" else TRIES, paths=path)
    load = start(url=proxy.url).finish()
    assert load.code == 0 and load.outcomes == {"created": PHOTOS}, load.said
    assert same(documents(client), expected)
    for path in requests:
        met = [seen.outcome for seen in proxy.seen if re.search(path, seen.path)]
        assert 503 in met and 200 in met, path
    assert load.said.count("503 (turned away by a fault): trying again") == len(requests)


def test_shards_that_are_away_are_waited_for(
    client: Elasticsearch, expected: Documents, start: Start, proxy: FaultProxy
) -> None:
    """Elasticsearch answers 200 to `_mget` and `_msearch` then, and says 503 in the parts."""
    proxy.answer(503, paths="_mget")  # holds the load before its first look-up of files
    load = start(url=proxy.url, seconds=0.5)
    load.await_words("turned away by a fault")
    with without_shards(client, "photos"):
        proxy.clear()
        load.await_words("Elasticsearch answers 503 (No shard available")
    load.await_embedded(BATCH + CHUNK)  # the peaks are read and a first chunk is written
    with without_shards(client, "peaks_catalog"):
        load.await_words("Elasticsearch answers 503 (all shards failed): trying again")
    ended = load.finish()
    assert ended.code == 0 and ended.outcomes == {"created": PHOTOS}, ended.said
    assert max(ended.embedded.values()) == 1
    assert same(documents(client), expected)


@contextmanager
def without_shards(client: Elasticsearch, *aliases: str) -> Iterator[None]:
    """Have aliases stand for indices that no node may hold."""
    names = {}
    for alias in aliases:
        ((names[alias], made),) = client.indices.get_mapping(index=alias).items()
        client.indices.create(index=f"away-{alias}", mappings=made["mappings"], wait_for_active_shards="0",
                              settings={"index.routing.allocation.require._name": "nobody"})
    repoint(client, {alias: (name, f"away-{alias}") for alias, name in names.items()})
    try:
        yield
    finally:
        repoint(client, {alias: (f"away-{alias}", name) for alias, name in names.items()})
        client.indices.delete(index=[f"away-{alias}" for alias in aliases])


def repoint(client: Elasticsearch, moves: Mapping[str, tuple[str, str]]) -> None:
    """Move aliases from one index to another, all at one stroke."""
    client.indices.update_aliases(actions=[
        {verb: {"index": index, "alias": alias}}
        for alias, pair in moves.items() for verb, index in zip(("remove", "add"), pair, strict=True)
    ])


def test_the_node_dies_and_comes_back(
    client: Elasticsearch, expected: Documents, start: Start
) -> None:
    with own_node(client) as (url, home):
        own = Connection(url=url).client()
        load = start(url=url, seconds=CHUNK_SECONDS)
        load.await_embedded(BATCH + CHUNK)
        os.kill(status(home)["node"]["pid"], signal.SIGKILL)
        start_bare(home, urlsplit(url).port)
        ended = load.finish()
        assert ended.code == 0 and ended.outcomes.keys() <= {"created", "updated"}, ended.said
        assert "trying again" in ended.said and "Elasticsearch answers again" in ended.said
        assert sum(ended.outcomes.values()) == PHOTOS and max(ended.embedded.values()) == 1
        assert same(documents(own), expected)
        own.close()


@contextmanager
def own_node(client: Elasticsearch) -> Iterator[tuple[str, Path]]:
    """A node of the test's own, with the indices of photos and peaks as the session's has them."""
    home, port = session_home().with_name("test-faults"), free_port()
    run_peaks("cluster", "reset", "--yes", "--home", home)  # what a session that was broken off left
    start_bare(home, port)
    try:
        url = f"http://127.0.0.1:{port}"
        own = Connection(url=url).client()
        for alias in ("photos", "peaks_catalog"):
            copy_index(client, own, alias)
        own.close()
        yield url, home
    finally:
        must_run_peaks("cluster", "stop", "--home", home)


def start_bare(home: Path, port: int | None) -> None:
    must_run_peaks("cluster", "start", "--home", home, "--bare", "--port", str(port), "--heap", "512m")


def copy_index(client: Elasticsearch, other: Elasticsearch, alias: str) -> None:
    """Make the index behind an alias in another cluster, with its documents."""
    ((name, made),) = client.indices.get_mapping(index=alias).items()
    other.indices.create(index=name, mappings=made["mappings"], aliases={alias: {}},
                         settings={"number_of_replicas": 0})
    hits = client.search(index=alias, size=1000)["hits"]["hits"]
    lines = [line for hit in hits for line in ({"index": {"_id": hit["_id"]}}, hit["_source"])]
    assert not lines or not other.bulk(index=name, operations=lines, refresh=True)["errors"]


def status(home: Path) -> dict[str, Any]:
    return read_json(must_run_peaks("cluster", "status", "--home", home, "--json"))


def test_patience_that_ends(
    client: Elasticsearch, library: Library, expected: Documents, start: Start, proxy: FaultProxy
) -> None:
    load = start("--patience", 0.04, url=proxy.url, seconds=0.3)
    load.await_embedded(BATCH + CHUNK)
    proxy.target = "http://127.0.0.1:9"  # the discard port: nobody listens
    ended = load.finish()
    assert ended.code == 1 and ended.said.endswith("Error: Elasticsearch answered 502: the node is away.\n")
    assert ended.said.count("Error: ") == 1 and "Traceback" not in ended.said
    assert sum(ended.outcomes.values()) == PHOTOS and ended.outcomes.keys() == {"created", "left"}
    assert ended.report["created"] == len(held(client)) >= CHUNK
    assert goes_on(start().finish(), library, ended.embedded)
    assert same(documents(client), expected)


@pytest.fixture
def without_descriptions(client: Elasticsearch) -> Iterator[dict[str, Any]]:
    """An index of photos as an earlier version may have made it: a field is missing. Yields that field."""
    ((name, made),) = client.indices.get_mapping(index="photos").items()
    lacking = json.loads(json.dumps(made["mappings"]))
    field = lacking["properties"].pop("description")
    client.indices.create(index="lacking", mappings=lacking, settings={"number_of_replicas": 0})
    repoint(client, {"photos": (name, "lacking")})
    yield {"description": field}
    repoint(client, {"photos": ("lacking", name)})
    client.indices.delete(index="lacking")


def test_documents_that_elasticsearch_refuses(
    client: Elasticsearch, node: Node, expected: Documents, without_descriptions: dict[str, Any],
    start: Start, proxy: FaultProxy, tmp_path: Path,
) -> None:
    described = {identifier for identifier, photo in expected.items() if "description" in photo}
    paths = {expected[identifier]["path"] for identifier in described}
    assert 0 < len(described) < PHOTOS
    load, letters = start().finish(), tmp_path / "rejected.ndjson"
    assert load.code == 1
    assert load.outcomes == {"created": PHOTOS - len(described), "rejected": len(described)}
    assert {refused["name"] for refused in load.report["rejected"]} == paths
    assert all("[description] within [_doc] is not allowed" in refused["reason"]
               for refused in load.report["rejected"])
    assert load.report["dead_letters"] == str(letters)

    code, report = retry(letters, node.url)
    assert (code, report["created"], len(report["rejected"])) == (1, 0, len(described))
    assert len(letters.read_text().splitlines()) == len(described)

    retry_is_stopped(letters, start, proxy)
    client.indices.put_mapping(index="photos", properties=without_descriptions)
    code, report = retry(letters, node.url)
    assert (code, report["created"], report["rejected"]) == (0, len(described), [])
    assert not letters.exists()
    assert same(documents(client), expected)
    assert start().finish().outcomes == {"unchanged": PHOTOS}


def retry_is_stopped(letters: Path, start: Start, proxy: FaultProxy) -> None:
    """Assert that a retry that waits for its cluster can be stopped, and that its file stays as it is."""
    kept = letters.read_bytes()
    proxy.answer(503, paths="_bulk", retry_after=60)
    load = start("--retry", letters, url=proxy.url)
    load.await_words("trying again for 10 min more")
    assert load.stop(signal.SIGINT) < STOP_LIMIT
    stopped = load.finish()
    assert stopped.code == 130 and letters.read_bytes() == kept
    assert stopped.said.endswith(
        f"Stopped; what is not written is still in {letters}. Run the same command again to go on.\n"
    )


def retry(letters: Path, url: str) -> tuple[int, dict[str, Any]]:
    """Run `peaks load-photos --retry`; exit code and report."""
    done = run_peaks("load-photos", "--retry", letters, "--url", url, "--json")
    return done.returncode, read_json(done.stdout)


def test_two_loads_of_one_library_at_once(
    client: Elasticsearch, expected: Documents, start: Start, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    loads = [start(gate=gate) for _ in range(2)]
    for load in loads:
        assert load.await_embedded()  # both have seen the index empty
    gate.touch()
    for ended in [load.finish() for load in loads]:
        assert ended.code == 0 and ended.outcomes.keys() <= {"created", "updated", "unchanged"}, ended.said
        assert sum(ended.outcomes.values()) == PHOTOS
    assert same(documents(client), expected)


def test_two_shares_of_one_library_at_once(
    client: Elasticsearch, library: Library, expected: Documents, start: Start
) -> None:
    shares = [load.finish() for load in [start("--part", f"{number}/2") for number in (1, 2)]]
    assert [share.code for share in shares] == [0, 0]
    assert sum(share.outcomes["created"] for share in shares) == PHOTOS
    assert all(share.outcomes.keys() == {"created"} for share in shares)
    embedded = library.embedded(shares[0].embedded) + library.embedded(shares[1].embedded)
    assert embedded == Counter(library.ids)
    assert same(documents(client), expected)


@pytest.fixture
def changing(library: Library, tmp_path: Path) -> Path:
    """A copy of the library with its last photos in a folder of their own.

    A load that embeds its first photos has not opened these yet.
    """
    folder = shutil.copytree(library.folder, tmp_path / "trek")
    (folder / "zz").mkdir()
    for path in sorted(path for path in folder.iterdir() if path.is_file())[-4:]:
        path.rename(folder / "zz" / path.name)
    return folder


def test_files_that_change_under_a_load(
    client: Elasticsearch, changing: Path, start: Start, tmp_path: Path
) -> None:
    vanishing, growing, halved, late = sorted((changing / "zz").iterdir())
    whole = {path: path.read_bytes() for path in (growing, halved)}
    for path, content in whole.items():  # as a copy that is not done
        path.write_bytes(content[: len(content) // 2])
    gate = tmp_path / "gate"
    load = start("--workers", 1, folder=changing, gate=gate)
    load.await_embedded()
    vanishing.unlink()
    growing.write_bytes(whole[growing])
    gate.touch()
    ended = load.finish()
    assert ended.code == 0 and ended.outcomes == {"created": PHOTOS - 2, "skipped": 2}, ended.said
    reasons = {skipped["name"]: skipped["reason"] for skipped in ended.report["skipped"]}
    assert reasons[f"zz/{vanishing.name}"] == "the file cannot be read (No such file or directory)"
    assert "damaged" in reasons[f"zz/{halved.name}"]
    found = {photo["path"]: photo for photo in documents(client).values()}
    grown = found[f"zz/{growing.name}"]
    assert grown["content_hash"] == sha256(whole[growing]).hexdigest()
    assert grown["size_bytes"] == len(whole[growing]) and f"zz/{late.name}" in found

    halved.write_bytes(whole[halved])
    again = start(folder=changing).finish()
    assert again.outcomes == {"created": 1, "unchanged": PHOTOS - 2} and again.embedded.total() == 1


# Root reads what is closed to everybody else, by these two capabilities.
AS_ANYBODY = ("setpriv", "--inh-caps=-dac_override,-dac_read_search",
              "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


def test_a_folder_that_closes_under_a_load(changing: Path, start: Start, tmp_path: Path) -> None:
    gate, closed = tmp_path / "gate", changing / "zz"
    load = start("--workers", 1, folder=changing, gate=gate, prefix=AS_ANYBODY)
    load.await_embedded()
    closed.chmod(0)
    try:
        gate.touch()
        ended = load.finish()
        assert ended.code == 0 and ended.outcomes == {"created": PHOTOS - 4, "skipped": 4}, ended.said
        assert {skipped["reason"] for skipped in ended.report["skipped"]} == {
            "the file cannot be read (Permission denied)"
        }
        again = start(folder=changing, prefix=AS_ANYBODY).finish()
        assert again.outcomes == {"unchanged": PHOTOS - 4, "skipped": 1} and not again.report["gone"]
        assert [skipped["name"] for skipped in again.report["skipped"]] == ["zz"]
    finally:
        closed.chmod(0o700)


def test_killed_while_it_carries_moved_photos_over(
    client: Elasticsearch, changing: Path, expected: Documents, start: Start, proxy: FaultProxy
) -> None:
    start(folder=changing).finish()
    (changing / "zz").rename(changing / "moved")
    for path in [path for path in changing.iterdir() if path.is_file()]:
        path.rename(changing / "moved" / path.name)
    proxy.delay(0.1, paths="_bulk")  # each move takes two of these requests
    draw, embedded = random.Random(6), 0
    for _ in range(KILLS_AT_A_MOVE):
        load = start(folder=changing, url=proxy.url)
        begun = len(proxy.seen)
        while not any("_bulk" in seen.path for seen in proxy.seen[begun:]):
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 0.3))
        load.kill()
        embedded += load.embedded.total()
    last = start(folder=changing).finish()
    assert last.code == 0 and not last.report["gone"] and last.report["moved"] > 0, last.said
    assert embedded + last.embedded.total() <= KILLS_AT_A_MOVE, "more than the photo in hand was lost"
    found = documents(client)
    assert len(found) == PHOTOS and all(photo["path"].startswith("moved/") for photo in found.values())
    assert {photo["content_hash"] for photo in found.values()} == {
        photo["content_hash"] for photo in expected.values()
    }
