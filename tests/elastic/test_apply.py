"""`peaks apply` on a real node with the demo's model: idempotent, careful with models, enough for curl."""
from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from elasticsearch import Elasticsearch, NotFoundError

from loader.elastic.assets import LOOKUP_TEMPLATES, read_assets
from loader.elastic.connection import has_lookup
from loader.elastic.indices import ALIASES
from loader.elastic.models import embed_texts, read_deployed_model, read_index_model
from loader.errors import PeaksError
from tests.conftest import Node, analyzers, call_peaks, invoke
from tests.kibana.fake_kibana import IMPORT, serve_kibana

pytestmark = pytest.mark.cluster


def run(node: Node, *arguments: str) -> Result:
    return invoke("apply", "--url", node.url, *arguments)


def changes(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["changes"]
    return found


def send(method: str, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """A plain HTTP request, as curl sends it."""
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}, method=method
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        answered: dict[str, Any] = json.load(answer)
    return answered


def actions(found: list[dict[str, Any]]) -> set[str]:
    """What was done, but for templates that a server before 9.4 does not get."""
    return {change["action"] for change in found} - {"skipped"}


def test_second_run_changes_nothing(node: Node, client: Elasticsearch, fresh_indices: str) -> None:
    again = changes(run(node, "--es-model-id", fresh_indices, "--json"))
    assert actions(again) == {"left"}
    names = ", ".join(change["name"] for change in again)
    assert all(asset.name in names for asset in read_assets()) and all(alias in names for alias in ALIASES)
    lines = run(node, "--es-model-id", fresh_indices, "--dry-run").output.splitlines()
    assert "would leave   search template     photos-by-text" in lines
    assert "would leave   index               photos-000001  (alias photos)" in lines
    model = read_deployed_model(client, fresh_indices)
    for alias in ALIASES:
        index = read_index_model(client, alias)
        assert (index.model_id, index.dims) == (model.model_id, model.dims)
        assert index.model_fingerprint == model.model_fingerprint
        assert index.checkpoint_fingerprint == model.checkpoint_fingerprint


def test_changed_template_is_put_back(node: Node, client: Elasticsearch, fresh_indices: str) -> None:
    client.put_script(id="photos-by-text", script={"lang": "mustache", "source": "{}"})
    dry = changes(run(node, "--es-model-id", fresh_indices, "--dry-run", "--json"))
    real = changes(run(node, "--es-model-id", fresh_indices, "--json"))
    assert dry == real
    assert [change["name"] for change in real if change["action"] == "changed"] == ["photos-by-text"]
    assert not any(change["difference"] for change in real if change["action"] == "left")


def test_a_dry_run_shows_the_lines_that_would_change_and_says_so_by_its_exit_status(
    node: Node, client: Elasticsearch, fresh_indices: str
) -> None:
    words = ("--es-model-id", fresh_indices, "--dry-run", "--exit-code")
    same = run(node, *words)
    assert same.exit_code == 0 and "would change" not in same.stdout

    source = client.get_script(id="photos-by-text")["script"]["source"]
    other = source.replace('"size"', '"size\x1b"', 1)
    client.put_script(id="photos-by-text", script={"lang": "mustache", "source": other})
    pretend_other_model(client, "photos", model_fingerprint="0" * 16)
    lines = (changed := run(node, *words)).stdout.splitlines()
    assert changed.exit_code == 1
    before, after = lines[lines.index("would change  search template     photos-by-text") + 1 :][:2]
    assert before.startswith("    - ") and after == before.replace("- ", "+ ", 1).replace("size�", "size")
    place = lines.index("would change  index               photos-000001  (alias photos)")
    told = f'    -     "model_fingerprint": "{"0" * 16}",'
    fingerprint = read_deployed_model(client, fresh_indices).model_fingerprint
    assert lines[place + 1 :][:2] == [told, told.replace("- ", "+ ", 1).replace("0" * 16, fingerprint)]
    assert not [line for line in lines if line.startswith("    ")][4:]
    call_peaks("apply", "--url", node.url, "--es-model-id", fresh_indices)
    assert run(node, *words).exit_code == 0
    assert "belongs to --dry-run" in run(node, "--exit-code").stderr


def test_templates_that_look_a_vector_up_are_for_servers_that_do(
    node: Node, client: Elasticsearch, fresh_indices: str, tmp_path: Path
) -> None:
    model = ("--es-model-id", fresh_indices)
    lines = run(node, *model, "--dry-run").stdout.splitlines()
    written = run(node, *model, "--output", str(tmp_path))
    version = [int(part) for part in client.info()["version"]["number"].split(".")[:2]]
    assert has_lookup(client) == (version >= [9, 4])
    assert written.stderr.splitlines() == [
        f"search template {name} needs Elasticsearch 9.4 or later" for name in LOOKUP_TEMPLATES
    ]
    for name in LOOKUP_TEMPLATES:
        assert (tmp_path / "_scripts" / f"{name}.json").is_file() == has_lookup(client)
        if has_lookup(client):
            assert f"would leave   search template     {name}" in lines
            continue
        assert f"would skip    search template     {name}  (needs Elasticsearch 9.4 or later)" in lines
        with pytest.raises(NotFoundError):
            client.get_script(id=name)


def pretend_other_model(client: Elasticsearch, alias: str, **changed: object) -> None:
    (index,) = client.indices.get_mapping(index=alias).body.values()
    client.indices.put_mapping(index=alias, meta={**index["mappings"]["_meta"], **changed})


def test_other_model_is_refused_until_the_next_index(
    node: Node, client: Elasticsearch, fresh_indices: str
) -> None:
    pretend_other_model(client, "peaks_catalog", model_fingerprint="0" * 16)
    refused = run(node, "--es-model-id", fresh_indices)
    assert refused.exit_code == 1
    assert "[peaks_catalog] holds" in refused.output and "--next --index peaks_catalog" in refused.output
    assert refused.output.count("\n") == 1

    only = ("--next", "--index", "peaks_catalog", "--json")
    renewed = changes(run(node, "--es-model-id", fresh_indices, *only))
    assert [change["name"] for change in renewed if change["action"] == "created"] == ["peaks_catalog-000002"]
    assert list(client.indices.get_alias(name="peaks_catalog")) == ["peaks_catalog-000002"]
    assert client.indices.exists(index="peaks_catalog-000001")
    assert list(client.indices.get_alias(name="photos")) == ["photos-000001"]


def test_photos_and_what_a_calibration_wrote_stay_valid_when_only_the_recipes_changed(
    node: Node, client: Elasticsearch, fresh_indices: str
) -> None:
    measured = {"threshold": 0.5, "seed": 7}
    pretend_other_model(client, "photos", calibration=measured)
    found = changes(run(node, "--es-model-id", fresh_indices, "--json"))
    assert actions(found) == {"left"}

    pretend_other_model(client, "photos", model_fingerprint="0" * 16)
    found = changes(run(node, "--es-model-id", fresh_indices, "--json"))
    assert [change["name"] for change in found if change["action"] == "changed"] == ["photos-000001"]
    (index,) = client.indices.get_mapping(index="photos").body.values()
    assert index["mappings"]["_meta"]["calibration"] == measured
    model = read_deployed_model(client, fresh_indices)
    assert read_index_model(client, "photos").model_fingerprint == model.model_fingerprint


def test_a_cluster_of_an_older_version_is_brought_up(
    node: Node, client: Elasticsearch, fresh_indices: str
) -> None:
    """Before there were concepts: no such index, no such fields, and photos that must stay."""
    added = ("predictions", "peaks_in_sight", "predicted_concepts", "bearing_true")
    (index,) = client.indices.get_mapping(index="photos").body.values()
    mappings = index["mappings"]
    older = {name: field for name, field in mappings["properties"].items() if name not in added}
    client.indices.delete(index=["photos-000001", "concepts-000001"])
    client.indices.delete_index_template(name="photos")  # which would give the index today's fields
    client.indices.create(
        index="photos-000001", mappings={**mappings, "properties": older}, settings=analyzers(),
        aliases={"photos": {}},
    )
    vector = [1.0] * read_index_model(client, "photos").dims
    client.index(index="photos", id="old", document=photo("old.jpg", vector), refresh=True)
    brought_up = changes(run(node, "--es-model-id", fresh_indices, "--json"))
    found = {change["name"]: change for change in brought_up}
    assert found["concepts-000001"]["action"] == "created"
    assert found["photos-000001"]["action"] == "changed"
    for name in added:
        assert name in found["photos-000001"]["note"]
    assert client.count(index="photos")["count"] == 1
    again = changes(run(node, "--es-model-id", fresh_indices, "--json"))
    assert actions(again) == {"left"}


def test_fields_that_differ_want_the_next_index(
    node: Node, client: Elasticsearch, fresh_indices: str
) -> None:
    """An index of before the analyzers stays as it is, and a person hears how its words are folded too."""
    (index,) = client.indices.get_mapping(index="photos").body.values()
    for field in index["mappings"]["properties"].values():
        field.pop("analyzer", None)
    client.indices.delete(index="photos-000001")
    client.indices.delete_index_template(name="photos")
    client.indices.create(index="photos-000001", mappings=index["mappings"], aliases={"photos": {}},
                          settings=analyzers())
    found = {one["name"]: one for one in changes(run(node, "--es-model-id", fresh_indices, "--json"))}
    note = found["photos-000001"]["note"]
    assert found["photos-000001"]["action"] == "left"
    assert "differ from the template's: path_words, " in note and "--next --index photos" in note


def test_next_builds_all(node: Node, client: Elasticsearch, fresh_indices: str) -> None:
    found = changes(run(node, "--es-model-id", fresh_indices, "--next", "--json"))
    created = [change["name"] for change in found if change["action"] == "created"]
    assert created == [f"{alias}-000002" for alias in ALIASES]


def test_unknown_model_is_one_sentence_that_names_the_one_in_the_cluster(
    node: Node, deployed_model: str
) -> None:
    refused = run(node, "--es-model-id", "no-such-model")
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: Model [no-such-model] is not in the cluster, but [")
    assert f"[{deployed_model}]" in refused.output and ": give --es-model-id " in refused.output


def test_index_in_the_alias_place_is_refused(node: Node, client: Elasticsearch, fresh_indices: str) -> None:
    client.indices.delete(index="photos-000001")
    client.indices.create(index="photos")
    try:
        refused = run(node, "--es-model-id", fresh_indices)
        assert refused.exit_code == 1 and "[photos] is an index of its own" in refused.output
    finally:
        client.indices.delete(index="photos")


def test_elasticsearch_and_kibana_in_one_run(node: Node, fresh_indices: str) -> None:
    with serve_kibana() as kibana:
        arguments = ("--es-model-id", fresh_indices, "--kibana-url", kibana.url)
        reported = run(node, *arguments).stdout.splitlines()
        assert "left          search template     photos-by-text" in reported
        assert "created       dashboard           peaks-trek  (Trek)" in reported
        kibana.instead[IMPORT] = 500, b""
        result = run(node, *arguments, "--json")
    assert result.exit_code == 1 and "answered 500" in result.stderr
    document = json.loads(result.stdout)
    assert document["changes"] and "kibana" not in document, "changes are reported though the import fails"
    result = run(node, "--kibana-url", node.url, "--kibana-only")
    assert result.exit_code == 1 and "does not answer as Kibana does" in result.stderr


def test_missing_index_is_one_sentence(client: Elasticsearch) -> None:
    with pytest.raises(PeaksError, match=r"\[nothing\] does not exist: run `peaks apply`"):
        read_index_model(client, "nothing")


def test_peak_put_by_plain_http_is_found_by_words(node: Node, fresh_indices: str) -> None:
    """No Python of this project between the request and the answer."""
    peak = {"id": "ama-dablam", "names": ["Ama Dablam"], "latlon": {"lat": 27.8612, "lon": 86.8614}}
    send("PUT", f"{node.url}/peaks_catalog/_doc/ama-dablam?refresh=true", peak)
    question = {"id": "peaks-by-text", "params": {"text": "Ama Dablam"}}
    hits = send("POST", f"{node.url}/peaks_catalog/_search/template", question)["hits"]["hits"]
    assert hits[0]["_id"] == "ama-dablam"
    assert hits[0]["_score"] == pytest.approx(1.0, abs=1e-3)  # the same recipe over the same name


def photo(path: str, vector: list[float], **fields: Any) -> dict[str, Any]:
    return {"path": path, "clip_image": vector, **fields}


def test_hybrid_templates_find_by_words_and_by_vector(client: Elasticsearch, fresh_indices: str) -> None:
    dims = read_index_model(client, "photos").dims
    text = "prayer flags"
    (alike,) = embed_texts(client, fresh_indices, [f"photo: {text}"])
    apart = [-number for number in alike]
    assert len(alike) == dims
    client.index(index="photos", id="seen", document=photo("seen.jpg", alike))
    client.index(index="photos", id="named", document=photo("named.jpg", apart, path_words="prayer flags"))
    client.index(index="photos", id="both", document=photo("both.jpg", alike, description="Prayer flags"))
    client.index(
        index="photos", id="concept",
        document=photo("concept.jpg", apart, predicted_concept_names=["stupa", "prayer flags"]),
    )
    client.index(index="photos", id="neither", document=photo("neither.jpg", apart, path_words="lunch"))
    client.indices.refresh(index="photos")
    ready = {"text": text, "vector": alike}
    basic = "photos-hybrid-basic"
    for template, given in (("photos-hybrid", {"text": text}), (basic, {"text": text}), (basic, ready)):
        asked = {**given, "min_similarity": 0.5}
        hits = client.search_template(index="photos", id=template, params=asked)["hits"]["hits"]
        assert hits[0]["_id"] == "both"
        assert {hit["_id"] for hit in hits} == {"both", "seen", "named", "concept"}
        assert all("_source" not in hit for hit in hits)
        for lists in ("predicted_peaks", "predicted_concepts", "peaks_in_frame"):
            elsewhere = {**asked, lists: ["nowhere"]}
            assert not client.search_template(index="photos", id=template, params=elsewhere)["hits"]["hits"]


def test_a_name_of_a_file_comes_before_a_photo_near_its_vector(
    client: Elasticsearch, fresh_indices: str
) -> None:
    name = "IMG_20231005"
    (alike,) = embed_texts(client, fresh_indices, [f"photo: {name}"])
    apart = [-number for number in alike]
    client.index(index="photos", id="half", document=photo("IMG_1.jpg", alike, path_words="IMG 1"))
    client.index(index="photos", id="whole", document=photo(f"{name}.jpg", apart, path_words="IMG 20231005"))
    client.indices.refresh(index="photos")
    hits = client.search_template(index="photos", id="photos-hybrid", params={"text": name})["hits"]["hits"]
    assert [hit["_id"] for hit in hits] == ["whole", "half"]
