"""`peaks apply --kibana-url`: one import, what became of each object, and one sentence about what failed."""
from __future__ import annotations

import json
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from loader.elastic.kibana_sources import SOURCES, pack_objects, read_objects
from tests.conftest import NOWHERE, invoke
from tests.kibana.fake_kibana import IMPORT, SPACES, FakeKibana, serve_kibana

OBJECTS = read_objects()
CHART = next(one for one in OBJECTS if one.type == "lens")


@pytest.fixture
def kibana() -> Iterator[FakeKibana]:
    with serve_kibana() as running:
        yield running


def run(url: str, *arguments: str) -> Result:
    """`peaks apply` into a Kibana only."""
    return invoke("apply", "--kibana-url", url, "--kibana-only", *arguments)


def refusal(result: Result) -> str:
    """The one sentence of a run that failed."""
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1, result.stderr
    assert "secret" not in result.stderr
    return result.stderr.removeprefix("Error: ").strip()


# What works


@pytest.mark.parametrize("action", ["created", "overwritten"])
def test_import_tells_what_became_of_each_object(kibana: FakeKibana, action: str) -> None:
    if action == "overwritten":
        run(kibana.url)
    result = run(kibana.url + "/")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        *(f"{action:<12}  {one.kind:<18}  {one.id}  ({one.title})" for one in OBJECTS),
        f"Open {kibana.url}/app/dashboards#/view/peaks-trek",
    ]
    assert set(kibana.files) == {pack_objects(OBJECTS)}
    assert kibana.requests[-2:] == [f"GET {SPACES}", f"POST {IMPORT}"]


def test_space_and_json(kibana: FakeKibana) -> None:
    result = run(kibana.url, "--space", "trek", "--json")
    assert kibana.requests[-1] == f"POST /s/trek{IMPORT}"
    written = json.loads(result.stdout)["kibana"]
    assert written["success"] is True and len(written["changes"]) == len(OBJECTS)
    assert written["dashboard"] == f"{kibana.url}/s/trek/app/dashboards#/view/peaks-trek"


def test_dry_run_imports_nothing(kibana: FakeKibana) -> None:
    result = run(kibana.url, "--dry-run")
    assert result.output.splitlines() == [
        f"would import  {one.kind:<18}  {one.id}  ({one.title})" for one in OBJECTS]
    assert kibana.requests == [f"GET {SPACES}"]


@pytest.mark.parametrize(
    ("arguments", "user", "sent"),
    [
        ((), "", None),
        (("--es-api-key", "a2V5"), "", "ApiKey a2V5"),
        (("-u", "elastic", "-p", "pass:word"), "", "Basic " + b64encode(b"elastic:pass:word").decode()),
        (("--es-api-key", "a2V5"), "me:s%40cret@", "Basic " + b64encode(b"me:s@cret").decode()),
    ],
)
def test_credentials_are_the_clusters_or_the_addresss(
    kibana: FakeKibana, arguments: tuple[str, ...], user: str, sent: str | None
) -> None:
    result = run(kibana.url.replace("//", f"//{user}"), *arguments)
    assert result.exit_code == 0 and "cret" not in result.output
    assert kibana.headers.get("authorization") == sent


# Refused, though Kibana answers 200


def refuse_chart(error: dict[str, Any]) -> tuple[int, Any]:
    """Kibana's answer: it counts the others as written, whatever became of them."""
    others = [{"type": one.type, "id": one.id, "meta": {}} for one in OBJECTS if one != CHART]
    errors = [{"type": CHART.type, "id": CHART.id, "meta": {}, "error": error}]
    return 200, {"success": False, "successCount": 8, "successResults": others, "errors": errors}


@pytest.mark.parametrize(
    ("error", "others", "said"),
    [
        ({"type": "unsupported_type"}, "created", "unsupported_type"),
        ({"type": "unknown", "statusCode": 400, "message": "bad\n\x1b[2Jmapping."}, "created",
         "unknown bad �[2Jmapping"),
        ({"type": "unknown", "output": {"payload": {"message": "[attributes.x]: unknown"}}}, "created",
         "[attributes.x]: unknown"),
        ({"type": "missing_references", "references": [{"type": "map", "id": "lost"}]}, "unconfirmed",
         'missing_references {"references": [{"type": "map", "id": "lost"}]}'),
        ({"type": "conflict"}, "unconfirmed", "conflict"),
    ],
    ids=str,
)
def test_refused_object_is_named_with_kibanas_reason(
    kibana: FakeKibana, error: dict[str, Any], others: str, said: str
) -> None:
    kibana.instead[IMPORT] = refuse_chart(error)
    result = run(kibana.url)
    assert "did not take every object" in refusal(result)
    actions = {line.split()[0] for line in result.stdout.splitlines() if CHART.id not in line}
    assert actions - {"Open"} == {others}
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("refused"))
    assert CHART.id in line and said in line


def test_a_success_that_leaves_an_object_out_is_none(kibana: FakeKibana) -> None:
    kibana.instead[IMPORT] = 200, {"success": True, "successResults": []}
    result = run(kibana.url)
    assert "did not take every object" in refusal(result)
    assert result.stdout.count("unconfirmed") == len(OBJECTS)


def test_an_id_that_another_space_has_becomes_a_new_one(kibana: FakeKibana) -> None:
    written = [{"type": one.type, "id": one.id, "destinationId": f"new-{one.id}"} for one in OBJECTS]
    kibana.instead[IMPORT] = 200, {"success": True, "successResults": written}
    assert f"Open {kibana.url}/app/dashboards#/view/new-peaks-trek" in run(kibana.url).output


# Other answers, and none


@pytest.mark.parametrize("path", [SPACES, IMPORT])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, b""), "refused the credentials: give --es-api-key (ES_API_KEY), or"),
        ((403, {"message": "Unable to bulk_create map"}), "(Unable to bulk_create map): the user or "),
        ((403, b"<html>"), 'in the space default, the privilege "Saved Objects Management: All"'),
        ((404, {"message": "Not Found"}), "does not answer as Kibana does: give --kibana-url as"),
        ((400, {"error": "no handler found", "status": 400}), "does not answer as Kibana does"),
        ((302, b""), "does not answer as Kibana does"),
        ((200, b"<html>Log in</html>"), "does not answer as Kibana does"),
        ((200, {"success": True, "errors": [1]}), "does not answer as Kibana does"),
        ((400, {"message": 'Document "x" belongs to a more recent version'}), "need Kibana 8.19 or later"),
        ((503, b"Kibana server is not ready yet"), "answered 503: its log says why"),
    ],
    ids=str,
)
def test_other_answers_are_one_sentence(
    kibana: FakeKibana, path: str, answer: tuple[int, Any], said: str
) -> None:
    kibana.instead[path] = answer
    assert said in refusal(run(kibana.url))
    assert kibana.requests[-1].endswith(path), "no redirect is followed"


def test_unknown_space_is_refused_for_kibana_would_take_it(kibana: FakeKibana) -> None:
    assert "has no space 'other' for these credentials, only default, trek" in refusal(
        run(kibana.url, "--space", "other"))
    assert not kibana.files


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (NOWHERE, "Connection refused): start it, or give its address with"),
        ("localhost:5601", "cannot be used: give http(s)://host:port with a port"),
        ("http://me:secret@kibana:port", "with a port up to 65535; in its password write"),
    ],
)
def test_nobody_there_is_one_sentence(url: str, said: str) -> None:
    assert said in refusal(run(url))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = str(folder / "kibana.crt"), str(folder / "kibana.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=kibana",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )
    return certificate, key


@pytest.mark.filterwarnings("error")
def test_certificates_are_verified_unless_told_otherwise(
    kibana: FakeKibana, certificate: tuple[str, str]
) -> None:
    with serve_kibana(certificate) as secure:
        assert run(secure.url, "--ca-certs", certificate[0]).exit_code == 0
        assert run(secure.url, "--insecure").stderr == ""
        assert "cannot be verified" in refusal(run(secure.url))
        assert "wants https://" in refusal(run(secure.url.replace("https:", "http:")))
    assert "wants http:// in --kibana-url" in refusal(run(kibana.url.replace("http:", "https:")))


# The command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--space", "trek"], "--space and --kibana-only belong to --kibana-url."),
        (["--kibana-only"], "--space and --kibana-only belong to --kibana-url."),
        (["--kibana-url", "http://k", "--kibana-only", "--next"], "--next is Elasticsearch's"),
        (["--kibana-url", "http://k", "--output", "x"], "`peaks kibana build` writes the file"),
        (["--output", "x", "--dry-run"], "--output only writes files: give it without --next, --dry-run and"),
        (["--output", "x", "--next"], "--output only writes files"),
        (["--output", "x", "--json"], "--output only writes files"),
    ],
)
def test_flags_that_mean_nothing_together(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke("apply", *arguments)
    assert result.exit_code == 2 and said in result.stderr
    assert not list(tmp_path.iterdir())


def test_what_stops_the_import_is_found_before_elasticsearch_is_asked(
    kibana: FakeKibana, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = ("apply", "--url", NOWHERE, "--kibana-url", kibana.url)
    assert "has no space" in refusal(invoke(*nowhere, "--space", "other"))
    shutil.copytree(SOURCES, tmp_path / "kibana")
    (tmp_path / "kibana" / "map" / "x.json").write_text("{", encoding="utf-8")
    monkeypatch.setattr("loader.elastic.kibana_sources.SOURCES", tmp_path / "kibana")
    assert "kibana/map/x.json, line 1: not JSON" in refusal(invoke(*nowhere))
