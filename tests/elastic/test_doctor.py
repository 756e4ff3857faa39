"""`peaks doctor` on a real node: what a person sees, what its commands mend; no fault hides another."""
from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from loader.commands.operation.cluster_health import format_findings
from loader.elastic.assets import SCRIPTS, read_assets
from loader.elastic.health.finding import Finding
from loader.elastic.models import embed_texts
from tests.conftest import DEMO_CHECKPOINT, Node, call_peaks, invoke
from tests.elastic.fault_proxy import run_proxy
from tests.kibana.fake_kibana import serve_kibana
from tests.session_node import delete_indices, watermarks
from tests.snapshots import check_snapshot

pytestmark = pytest.mark.cluster
SNAPSHOTS = Path(__file__).parent / "snapshots"
# What another machine, line or day tells otherwise.
VARIES = (
    (r"http://[\d.:]+", "http://127.0.0.1:9200"),
    (r"peaks [\d.]+, client [\d.]+, server [\d.]+", "peaks 0.2.0, client 9.5.1, server 9.5.0"),
    (r"until [\d-]+", "until 2030-01-31"),
    (r"[\d,]+ MB and \d+ processors", "4,000 MB and 2 processors"),
    (r"[\d,]+ MB on one", "4,000 MB on one"),
    (r"\d+ at /.*", "21 at /usr/lib/jvm/java-21"),
    (r"^(9|11) as", "11 as"),  # a server before 9.4 does not get two of the search templates
    (r"and (5|7) more", "and 7 more"),
)


def examine(url: str, *arguments: str) -> tuple[int, dict[str, Finding]]:
    """The exit status of `peaks doctor`, and its findings by their subjects."""
    done = invoke("doctor", "--url", url, "--json", *arguments)
    findings = [Finding(**each) for each in json.loads(done.stdout)]
    assert done.exit_code == any(finding.state == "wrong" for finding in findings)
    return done.exit_code, {finding.subject: finding for finding in findings}


def check_table(name: str, findings: dict[str, Finding], monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare what a person sees in a terminal of 110 columns with what is kept."""
    monkeypatch.setenv("COLUMNS", "110")
    shown = []
    for finding in findings.values():
        told = finding.told
        for pattern, usual in VARIES:
            told = re.sub(pattern, usual, told)
        shown.append(replace(finding, told=told))
    check_snapshot(SNAPSHOTS / f"doctor_{name}.txt", format_findings(shown) + "\n")


def wrong(findings: dict[str, Finding]) -> set[str]:
    return {subject for subject, finding in findings.items() if finding.state == "wrong"}


@pytest.fixture(autouse=True)
def disk(client: Elasticsearch) -> Iterator[None]:
    """With room enough, however full this machine's is."""
    with watermarks(client, "1b"):
        yield


@pytest.fixture
def emptied(node: Node, client: Elasticsearch, fresh_indices: str) -> Iterator[None]:
    """The node without model, indices and assets; at the end they are there again."""
    delete_indices(client)
    for asset in reversed(read_assets()):
        client.options(ignore_status=404).perform_request(
            "DELETE", f"/{asset.path}", headers={"accept": "application/json"}
        )
    client.ml.delete_trained_model(model_id=fresh_indices, force=True)
    yield
    call_peaks("model", "deploy", "--checkpoint", DEMO_CHECKPOINT, "--url", node.url)
    call_peaks("apply", "--es-model-id", fresh_indices, "--url", node.url)


@pytest.mark.usefixtures("emptied")
def test_an_empty_cluster(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    status, findings = examine(node.url)
    assert status == 1
    check_table("empty", findings, monkeypatch)


def test_a_healthy_cluster(
    node: Node, client: Elasticsearch, fresh_indices: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed_texts(client, fresh_indices, ["one", "two", "three", "four"])
    status, findings = examine(node.url)
    assert status == 0
    check_table("healthy", findings, monkeypatch)
    assert invoke("doctor", "--url", node.url).stdout.splitlines()[0].split()[:2] == ["connection", "ok"]


def test_a_stopped_deployment_and_an_old_template_are_mended_by_what_it_says(
    node: Node, client: Elasticsearch, fresh_indices: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.ml.stop_trained_model_deployment(model_id=fresh_indices, force=True)
    client.put_script(id="photos-by-text", script={"lang": "mustache", "source": "{}"})
    _, findings = examine(node.url)
    check_table("stopped", findings, monkeypatch)
    assert wrong(findings) == {"deployment", "search templates"}
    method, path = findings["deployment"].mend.split()
    client.perform_request(method, f"/{path}", headers={"accept": "application/json"})
    call_peaks(*findings["search templates"].mend.split()[1:], "--url", node.url)
    assert examine(node.url)[0] == 0


def test_an_index_of_another_model_or_without_a_field_is_named(
    node: Node, client: Elasticsearch, fresh_indices: str
) -> None:
    (index,) = client.indices.get_mapping(index="photos").body.values()
    meta = {**index["mappings"]["_meta"], "checkpoint_fingerprint": "0" * 16}
    client.indices.put_mapping(index="photos", meta=meta)
    (peaks,) = client.indices.get_mapping(index="peaks_catalog").body.values()
    fields = {name: field for name, field in peaks["mappings"]["properties"].items() if name != "label"}
    fields["elev_m"] = {"type": "keyword"}
    client.indices.delete(index=["peaks_catalog-000001", "concepts-000001"])
    client.indices.delete_index_template(name="peaks_catalog")
    mappings = {**peaks["mappings"], "properties": fields}
    client.indices.create(index="peaks_catalog-000001", mappings=mappings, aliases={"peaks_catalog": {}})
    _, findings = examine(node.url)
    delete_indices(client)
    assert wrong(findings) == {"index photos", "index peaks_catalog", "index concepts", "index templates"}
    assert "[photos] holds vectors of model" in findings["index photos"].told
    assert findings["index concepts"].told == "Index [concepts] does not exist: run `peaks apply`."
    assert findings["index templates"].told == "missing: peaks_catalog"
    catalogue = findings["index peaks_catalog"]
    assert "differ from the template's: elev_m" in catalogue.told
    assert catalogue.mend == f"peaks apply --es-model-id {fresh_indices} --next --index peaks_catalog"


@pytest.mark.parametrize(("paths", "faulty"), [
    ("_ml/", {"model", "deployment", "warm-up"}),
    (SCRIPTS, {"search templates"}),
    ("/concepts/_mapping", {"index concepts"}),
    ("^/$", set[str]()),
])
def test_a_right_that_is_missing_is_a_line_of_the_table(
    node: Node, fresh_indices: str, paths: str, faulty: set[str]
) -> None:
    with run_proxy(node.url) as proxy:
        proxy.answer(403, paths=paths)
        _, findings = examine(proxy.url)
    assert wrong(findings) == faulty and len(findings) == 16
    assert all("does not permit this" in findings[subject].told for subject in faulty)
    assert ("does not tell its own" in findings["versions"].told) == (paths == "^/$")


@pytest.mark.parametrize("status", [401, 503])
def test_who_is_not_let_in_is_told_once(node: Node, status: int) -> None:
    with run_proxy(node.url) as proxy:
        proxy.answer(status)
        _, findings = examine(proxy.url)
    assert wrong(findings) == {"connection"} and list(findings) == ["connection", "all others", "JDK"]


def test_objects_that_kibana_lacks_are_named_and_mended(node: Node, fresh_indices: str) -> None:
    with serve_kibana() as kibana:
        _, findings = examine(node.url, "--kibana-url", kibana.url)
        assert findings["Kibana"].told.startswith("missing in the space default: ")
        call_peaks(*findings["Kibana"].mend.split()[1:])
        _, findings = examine(node.url, "--kibana-url", kibana.url)
        assert (findings["Kibana"].state, findings["Kibana"].mend) == ("ok", "")
        _, findings = examine(node.url, "--kibana-url", kibana.url, "--space", "nowhere")
        assert wrong(findings) == {"Kibana"} and "has no space 'nowhere'" in findings["Kibana"].told
