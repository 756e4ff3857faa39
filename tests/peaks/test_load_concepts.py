"""Concepts into a real node: their vectors are made in the cluster, and nowhere else."""
from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import Result
from elasticsearch import Elasticsearch

from cluster.embedded.home import Home
from cluster.embedded.processes import Process, find_members, is_worker
from loader.peaks.catalogue import Concept
from loader.peaks.catalogue_file import read_catalogue
from tests.conftest import REPOSITORY, Node, call_peaks, invoke
from tests.elastic.fault_proxy import run_proxy
from tests.embedded.plugin_node import wait_until

pytestmark = pytest.mark.cluster

DEMO = REPOSITORY / "demo" / "concepts.yaml"


def load(node: Node, file: Path, *options: str) -> Result:
    return invoke("load-concepts", file, *options, "--url", node.url)


def test_every_concept_gets_the_vector_of_its_names(
    node: Node, client: Elasticsearch, fresh_indices: str
) -> None:
    concepts = read_catalogue(DEMO, Concept)
    result = load(node, DEMO)
    assert (result.exit_code, result.output) == (
        0, f"{len(concepts)} concepts in {DEMO}\n  new            {len(concepts)}\n  replaced        0\n"
    )
    for concept in concepts:
        hits = client.search(
            index="concepts", query={"ids": {"values": [concept.id]}}, source=False,
            fields=[{"field": name} for name in ("id", "names", "text_embed")],
        )["hits"]["hits"]
        fields = hits[0]["fields"]
        assert (fields["id"], fields["names"]) == ([concept.id], list(concept.names))
        text = f"photo: {' | '.join(concept.names)}"
        answer = client.ml.infer_trained_model(model_id=fresh_indices, docs=[{"text_field": text}])
        vector = answer["inference_results"][0]["predicted_value"]
        assert fields["text_embed"] == pytest.approx(vector, abs=1e-6)


def test_without_a_file_the_programs_own_concepts_are_loaded(
    node: Node, client: Elasticsearch, fresh_indices: str
) -> None:
    said = call_peaks("load-concepts", "--url", node.url)
    client.indices.refresh(index="concepts")
    assert "concepts.yaml" in said and client.count(index="concepts")["count"] == 48


def test_a_second_run_replaces(node: Node, fresh_indices: str) -> None:
    load(node, DEMO)
    result = load(node, DEMO, "--json")
    assert result.exit_code == 0
    count = len(read_catalogue(DEMO, Concept))
    reported = json.loads(result.stdout)
    assert (reported["created"], reported["updated"], reported["rejected"]) == (0, count, [])


@pytest.mark.parametrize(
    ("command", "alias"), [("load-concepts", "concepts"), ("load-peaks", "peaks_catalog")]
)
def test_a_busy_cluster_is_waited_for_to_the_end(
    node: Node, fresh_indices: str, command: str, alias: str
) -> None:
    file = REPOSITORY / "demo" / ("concepts.yaml" if command == "load-concepts" else "peaks.yaml")
    with run_proxy(node.url) as proxy:
        proxy.answer(503, times=4, paths=f"/{alias}/_refresh")  # the client itself tries four times
        result = invoke(command, file, "--url", proxy.url)
        met = [seen.outcome for seen in proxy.seen if "_refresh" in seen.path]
    assert result.exit_code == 0, result.output
    assert met == [503] * 4 + [200]


def test_no_concept_is_lost_while_the_model_dies_again_and_again(
    node: Node, fresh_indices: str, tmp_path: Path
) -> None:
    if node.home is None:
        pytest.skip("the node was started by somebody else: its worker is not this test's to kill")
    home, many = Home(node.home), tmp_path / "many.yaml"
    entries = [f"- id: c{number}\n  names: {{en: [concept {number}]}}\n" for number in range(400)]
    many.write_text("".join(entries))

    def models() -> list[Process]:
        return [each for each in find_members(home, is_worker) if each.pid != each.session]

    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load, node, many, "--json")
        for _ in range(3):
            wait_until(lambda: loading.done() or bool(models()))
            for model in models():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(model.pid, signal.SIGKILL)
            time.sleep(0.3)
        result = loading.result()
    assert result.exit_code == 0, result.output
    reported = json.loads(result.stdout)
    assert (reported["created"] + reported["updated"], reported["rejected"]) == (400, [])


def test_a_refused_concept_is_named(
    node: Node, client: Elasticsearch, fresh_indices: str, tmp_path: Path
) -> None:
    """A pipeline that lost its model: nothing gets in without a vector."""
    found = client.ingest.get_pipeline(id="concepts-text-embedding")["concepts-text-embedding"]
    pipeline = {key: value for key, value in found.items() if not key.endswith("_date_millis")}
    broken = [
        {"inference": {**step["inference"], "model_id": "gone"}} if "inference" in step else step
        for step in pipeline["processors"]
    ]
    client.ingest.put_pipeline(id="concepts-text-embedding", processors=broken)
    file = tmp_path / "concepts.yaml"
    file.write_text("- id: yak\n  names: [yak]\n")
    try:
        result = load(node, file)
    finally:
        client.ingest.put_pipeline(id="concepts-text-embedding", **pipeline)
    assert result.exit_code == 1
    assert "  rejected        1  refused by Elasticsearch\nRejected:\n  yak: " in result.output
    assert "[gone]" in result.output
    assert client.count(index="concepts")["count"] == 0


def test_another_models_index_is_refused(node: Node, client: Elasticsearch, fresh_indices: str) -> None:
    (index,) = client.indices.get_mapping(index="concepts").body.values()
    meta = {**index["mappings"]["_meta"], "model_fingerprint": "0" * 16}
    client.indices.put_mapping(index="concepts", meta=meta)
    result = load(node, DEMO)
    assert result.exit_code == 1 and result.output.count("\n") == 1
    assert "[concepts] holds vectors of model [siglip2-trek-tiny]" in result.output
    assert "peaks apply --next --index concepts" in result.output


def test_a_missing_index_is_one_sentence(node: Node, client: Elasticsearch, fresh_indices: str) -> None:
    client.indices.delete(index="concepts-000001")
    result = load(node, DEMO)
    assert (result.exit_code, result.output) == (
        1, "Error: Index [concepts] does not exist: run `peaks apply`.\n"
    )
