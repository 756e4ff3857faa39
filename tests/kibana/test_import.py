"""`peaks apply --kibana-url`: a server with Kibana's import API, and all that can answer in its place."""
from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from loader.cli import peaks
from loader.elastic import kibana_server as server
from loader.elastic import kibana_sources as sources
from loader.elastic.connection import Connection
from loader.elastic.kibana_imports import check_space, import_objects, preview_import
from loader.elastic.kibana_server import Kibana
from loader.elastic.kibana_sources import read_objects
from loader.errors import PeaksError
from tests.conftest import Node, must_run_peaks
from tests.kibana.kibana_server import (
    EXPORT,
    IMPORT,
    SPACES,
    KibanaState,
    Misbehaviour,
    basic,
    serve_kibana,
)
from tests.kibana.saved_object_files import ALL, CHART, MAP, SEARCH, write_sources

SNAPSHOTS = Path(__file__).parent / "snapshots"
PROJECTS_OWN = sources.SOURCES
IDS = {one["id"] for one in ALL}
VIEW, MAP_KEY, CHART_KEY = ("index-pattern", "peaks-photos"), ("map", MAP["id"]), ("lens", CHART["id"])


@pytest.fixture(autouse=True)
def small_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A few sources in the place of the project's own, and none of the caller's credentials."""
    for name in ("ES_URL", "CLOUD_ID", "ES_USERNAME", "ES_PASSWORD", "ES_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    folder = write_sources(tmp_path / "kibana", *ALL)
    monkeypatch.setattr(sources, "SOURCES", folder)
    return folder


@pytest.fixture
def kibana() -> Iterator[KibanaState]:
    with serve_kibana(KibanaState()) as state:
        yield state


def run(kibana: KibanaState, *arguments: str) -> Result:
    """`peaks apply` into the Kibana only."""
    address = f"{kibana.url}{kibana.base_path}"
    return CliRunner().invoke(peaks, ["apply", "--kibana-url", address, "--kibana-only", *arguments])


def refusal(result: Result) -> str:
    """The one sentence of a run that failed."""
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1, result.stderr
    assert result.stderr.rstrip().endswith(".")
    return result.stderr.removeprefix("Error: ").strip()


def seen(result: Result, kibana: KibanaState) -> str:
    """What a person sees, at an address that does not change."""
    return result.output.replace(kibana.url, "http://kibana:5601")


def kept(name: str) -> str:
    return (SNAPSHOTS / f"{name}.txt").read_text(encoding="utf-8")


def outcomes(result: Result) -> dict[str, str]:
    """Actions by id."""
    document = json.loads(result.stdout)
    return {outcome["name"]: outcome["action"] for outcome in document["kibana"]["outcomes"]}


# ---------------------------------------------------------------------------------------------- what works


def test_first_import_as_a_person_sees_it(kibana: KibanaState) -> None:
    result = run(kibana)
    assert result.exit_code == 0
    assert seen(result, kibana) == kept("first_import")
    assert kibana.ids() == IDS
    assert kibana.requests == [f"GET {SPACES}", f"POST {IMPORT}?overwrite=true"]


def test_second_import_overwrites_and_makes_nothing_twice(kibana: KibanaState) -> None:
    run(kibana)
    before = dict(kibana.objects)
    result = run(kibana)
    assert result.exit_code == 0
    assert seen(result, kibana) == kept("second_import")
    assert kibana.objects == before
    assert kibana.files[0] == kibana.files[1]


def test_a_persons_changes_are_overwritten(kibana: KibanaState) -> None:
    run(kibana)
    kibana.objects[MAP_KEY]["attributes"] = {"title": "Mine"}
    run(kibana)
    assert kibana.objects[MAP_KEY]["attributes"]["title"] == "Photos and peaks"


def test_dry_run_says_what_would_become_of_each(kibana: KibanaState) -> None:
    assert set(outcomes(run(kibana, "--dry-run", "--json")).values()) == {"created"}
    assert not kibana.objects and not kibana.files
    run(kibana)
    del kibana.objects[MAP_KEY]
    before = dict(kibana.objects)
    result = run(kibana, "--dry-run")
    assert result.exit_code == 0
    assert seen(result, kibana) == kept("dry_run")
    assert kibana.objects == before and len(kibana.files) == 1
    run(kibana)
    assert set(outcomes(run(kibana, "--dry-run", "--json")).values()) == {"overwritten"}


def test_json_is_one_document(kibana: KibanaState) -> None:
    document = json.loads(run(kibana, "--json").stdout)
    assert document["dry_run"] is False and "changes" not in document
    assert document["kibana"]["success"] is True and document["kibana"]["space"] == "default"
    assert document["kibana"]["dashboards"] == [f"{kibana.url}/app/dashboards#/view/peaks-trek"]
    first = document["kibana"]["outcomes"][0]
    assert first == {
        "action": "created", "kind": "data view", "name": "peaks-photos", "note": "Photos",
        "written_id": "peaks-photos",
    }


def test_space(kibana: KibanaState) -> None:
    result = run(kibana, "--space", "trek")
    assert result.exit_code == 0
    assert f"Open {kibana.url}/s/trek/app/dashboards#/view/peaks-trek" in result.output
    assert kibana.ids("trek") == IDS and not kibana.ids()


def test_the_default_space_by_its_name(kibana: KibanaState) -> None:
    assert run(kibana, "--space", "default").exit_code == 0
    assert kibana.ids() == IDS


def test_ids_that_another_space_has(kibana: KibanaState) -> None:
    run(kibana)
    result = run(kibana, "--space", "trek")
    assert result.exit_code == 0
    assert ", for another space has peaks-photos)" in result.output
    copies = kibana.ids("trek")
    assert len(copies) == len(IDS) and not copies & IDS
    page = next(line for line in result.output.splitlines() if line.startswith("Open "))
    assert page.rpartition("/")[2] in copies
    again = run(kibana, "--space", "trek", "--json")
    assert set(outcomes(again).values()) == {"overwritten"}
    assert kibana.ids("trek") == copies


def test_base_path(kibana: KibanaState) -> None:
    kibana.base_path = "/kibana"
    assert run(kibana).exit_code == 0
    assert kibana.requests[-1] == f"POST /kibana{IMPORT}?overwrite=true"


def test_slash_at_the_end(kibana: KibanaState) -> None:
    result = CliRunner().invoke(peaks, ["apply", "--kibana-url", f"{kibana.url}/", "--kibana-only"])
    assert result.exit_code == 0 and kibana.ids() == IDS


def test_warnings_of_kibana(kibana: KibanaState) -> None:
    kibana.warnings = [{"type": "simple", "message": "Rules must be\nenabled \x1b[31magain"}]
    result = run(kibana)
    assert result.exit_code == 0
    assert result.stderr == "Kibana warns: Rules must be enabled �[31magain.\n"


# ---------------------------------------------------------------------------------------------- who asks


def test_credentials_are_those_of_the_cluster(kibana: KibanaState) -> None:
    kibana.users = {"ApiKey a2V5": "write", basic("elastic", "pass:word"): "write"}
    assert run(kibana, "--es-api-key", "a2V5").exit_code == 0
    assert run(kibana, "-u", "elastic", "-p", "pass:word").exit_code == 0
    environment = {"ES_USERNAME": "elastic", "ES_PASSWORD": "pass:word"}
    arguments = ["apply", "--kibana-url", kibana.url, "--kibana-only"]
    assert CliRunner().invoke(peaks, arguments, env=environment).exit_code == 0


def test_passwords_are_utf_8(kibana: KibanaState) -> None:
    kibana.users = {basic("trekker", "पहाड़"): "write"}
    check_space(Kibana(kibana.url, Connection(username="trekker", password="पहाड़")))


def test_a_user_in_the_address_comes_first_and_is_never_shown(kibana: KibanaState) -> None:
    kibana.users = {basic("trekker", "s@cret"): "write"}
    address = kibana.url.replace("//", "//trekker:s%40cret@")
    arguments = ["apply", "--kibana-url", address, "--kibana-only", "--es-api-key", "other"]
    result = CliRunner().invoke(peaks, arguments)
    assert result.exit_code == 0, result.output
    assert f"Open {kibana.url}/app" in result.output and "cret" not in result.output
    kibana.users = {}
    kibana.instead = {IMPORT: Misbehaviour(status=500)}
    assert "cret" not in refusal(CliRunner().invoke(peaks, arguments))


def test_wrong_credentials(kibana: KibanaState) -> None:
    kibana.users = {"ApiKey a2V5": "write"}
    for arguments in ((), ("--es-api-key", "b3RoZXI=")):
        said = refusal(run(kibana, *arguments))
        assert said.startswith(f"Kibana at {kibana.url} refused the credentials: give --es-api-key ")
    assert not kibana.files


def test_missing_privileges_are_named(kibana: KibanaState) -> None:
    kibana.users = {"ApiKey cmVhZA==": "read", "ApiKey bm8=": "nothing"}
    said = refusal(run(kibana, "--es-api-key", "cmVhZA==", "--space", "trek"))
    assert said == (
        "Kibana does not permit this (Unable to bulk_create dashboard,index-pattern,lens,map,search): the "
        'user or API key needs, in the space trek, "Saved Objects Management: All", or "All" on Dashboard, '
        "Discover, Maps, Visualize Library and Data View Management."
    )
    assert "the space default" in refusal(run(kibana, "--es-api-key", "bm8="))


@pytest.mark.parametrize("key", ["ke\ny", "schlüssel"])
def test_a_key_that_is_none(kibana: KibanaState, key: str) -> None:
    assert "--es-api-key (ES_API_KEY) holds a character" in refusal(run(kibana, "--es-api-key", key))


# ------------------------------------------------------------------------------ success false, though 200


def test_missing_reference_as_a_person_sees_it(kibana: KibanaState) -> None:
    """A Kibana that takes no charts and no data views: what needs the data view is refused with it."""
    del kibana.known["index-pattern"]
    result = run(kibana)
    refusal(result)
    assert seen(result, kibana) == kept("missing_references")
    assert not kibana.objects


def test_what_is_counted_as_a_success_is_not_believed(kibana: KibanaState) -> None:
    """Two copies of one object: Kibana lists and counts the other four, and writes none of them."""
    copy = {"space": "default", "originId": "peaks-photos", "attributes": {}, "references": []}
    kibana.objects = {("index-pattern", f"copy-{number}"): dict(copy) for number in range(2)}
    result = run(kibana)
    assert refusal(result).startswith("Kibana refused 1 of 5 objects and wrote none: ")
    assert seen(result, kibana) == kept("ambiguous_conflict")
    assert kibana.ids() == {"copy-0", "copy-1"}
    document = json.loads(run(kibana, "--json").stdout)["kibana"]
    assert document["success"] is False and document["dashboards"] == []
    assert [outcome["action"] for outcome in document["outcomes"]] == ["refused", *["not written"] * 4]


def test_unsupported_type_leaves_the_others(kibana: KibanaState) -> None:
    del kibana.known["lens"]
    result = run(kibana)
    assert refusal(result).startswith("Kibana refused 1 of 5 objects and wrote the other 4: ")
    assert "  peaks-photos-a-day  (Photos a day: this Kibana does not know the type; it is " in result.stdout
    assert kibana.ids() == IDS - {"peaks-photos-a-day"}


def test_conflict_while_writing_leaves_doubt(kibana: KibanaState) -> None:
    kibana.locked = {MAP_KEY}
    result = run(kibana)
    assert refusal(result).startswith("Kibana refused 1 of 5 objects and does not say what became of 4: ")
    assert "unconfirmed  dashboard           peaks-trek  (Trek)" in result.stdout
    assert "delete it in Stack Management, Saved Objects)" in result.stdout and "Open " not in result.stdout


def test_unknown_errors_are_quoted(kibana: KibanaState) -> None:
    kibana.broken = {("search", SEARCH["id"]): "[attributes.colums]: definition for this key is missing"}
    result = run(kibana)
    assert refusal(result).startswith("Kibana refused 1 of 5 objects and wrote the other 4: ")
    assert "(Gallery: [attributes.colums]: definition for this key is missing)" in result.stdout


def test_strings_of_json_that_are_none_would_be_refused(kibana: KibanaState, monkeypatch: Any) -> None:
    """The server is strict where Elasticsearch's mapping is, so packing is tested by every import here."""
    monkeypatch.setattr(sources, "JSON_STRINGS", {**sources.JSON_STRINGS, "map": ()})
    result = run(kibana)
    assert "document_parsing_exception: failed to parse field [map.layerListJSON]" in result.stdout
    assert result.exit_code == 1


def test_kibana_older_than_the_objects(kibana: KibanaState) -> None:
    kibana.known["search"] = "10.2.0"
    said = refusal(run(kibana))
    assert said.startswith('This Kibana is older than 8.19 (Document "peaks-gallery" belongs to a more ')
    assert not kibana.objects


def failing(*errors: dict[str, Any], **more: Any) -> Misbehaviour:
    """An answer that says success false, with these errors."""
    listed = [{"type": "map", "id": MAP["id"], "meta": {}, "error": error} for error in errors]
    document = {"success": False, "successCount": 4, "errors": listed, **more}
    return Misbehaviour(body=json.dumps(document).encode(), headers={"content-type": "application/json"})


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"type": "conflict", "destinationId": "abc"}, "an object abc stands in its place and was not "),
        ({"type": "ambiguous_conflict", "destinations": [{"id": "a"}, {"id": "b"}]}, "come from it (a, b)"),
        ({"type": "missing_references", "references": [{"type": "index-pattern", "id": "x"}]},
         "Kibana has not got what it needs: data view x)"),
        ({"type": "missing_references"}, "Kibana has not got what it needs: another object)"),
        ({"type": "unsupported_type"}, "this Kibana does not know the type"),
        ({"type": "access_control_conflict"}, "another user owns it"),
        ({"type": "unknown", "statusCode": 500, "message": "shard\nfailed \x1b[2J"}, ": shard failed �[2J)"),
        ({"type": "unknown", "message": "m" * 5000}, "mmm…)"),
        ({"type": "unknown", "message": "it belongs to a more recent version of Kibana"}, "older than 8.19"),
        ({"type": "requires_profile_id"}, "Kibana says requires_profile_id"),
        ({}, "Kibana says nothing"),
        ("nonsense", "Kibana says nothing"),
        (None, "Kibana says nothing"),
    ],
    ids=str,
)
def test_every_type_of_error_is_explained(kibana: KibanaState, error: Any, said: str) -> None:
    kibana.instead = {IMPORT: failing(error)}
    result = run(kibana)
    refusal(result)
    line = next(line for line in result.stdout.splitlines() if line.startswith("refused"))
    assert said in line and len(line) < 450


def test_several_errors_of_one_object_are_all_told(kibana: KibanaState) -> None:
    kibana.instead = {IMPORT: failing({"type": "conflict"}, {"type": "missing_references"})}
    result = run(kibana)
    assert result.stdout.count("refused") == 1
    assert "was not overwritten" in result.stdout and "Kibana has not got" in result.stdout


def test_an_error_about_something_else_is_not_lost(kibana: KibanaState) -> None:
    error = {"type": "unknown", "message": "no"}
    stranger = {"type": "legacy-url-alias", "id": "default:map:x", "error": error}
    listed = [{"type": one["type"], "id": one["id"], "meta": {}} for one in ALL]
    kibana.instead = {IMPORT: failing(errors=[stranger], successResults=listed)}
    result = run(kibana)
    assert "refused      legacy-url-alias    default:map:x  (no)" in result.stdout
    assert refusal(result).startswith("Kibana refused 1 of 6 objects and wrote the other 5: ")


@pytest.mark.parametrize(
    "document",
    [
        {"success": False, "successCount": 5, "successResults": [], "errors": []},
        {"success": False, "successCount": 0},
        {"success": True, "successCount": 5},
        {"success": True, "successCount": 5, "successResults": [{"type": "map", "id": "x"}, "y", None]},
        {"success": True, "errors": "none", "successResults": {"type": "map"}, "warnings": 3},
    ],
    ids=str,
)
def test_answers_that_say_too_little_are_no_success(kibana: KibanaState, document: dict[str, Any]) -> None:
    kibana.instead = {IMPORT: Misbehaviour(body=json.dumps(document).encode())}
    result = run(kibana)
    assert refusal(result).startswith("Kibana does not say what became of 5 of 5 objects: see its log, and ")
    assert result.stdout.count("unconfirmed") == 5


# -------------------------------------------------------------------------------- what else can answer

PAGE = b"<!DOCTYPE html><html><body><form>Log in</form></body></html>"
HTML = {"content-type": "text/html; charset=utf-8"}

HOSTILE: dict[str, tuple[Misbehaviour, str]] = {
    "500": (
        Misbehaviour(500, b'{"statusCode":500,"error":"Internal Error","message":"An internal error."}'),
        "answered 500 (An internal error): see its log for the reason",
    ),
    "500 without a word": (Misbehaviour(500), "answered 500: see its log"),
    "500 in a terminal's language": (
        Misbehaviour(500, b'{"message": "\\u001b[2J\\u001b[31m"}'), "answered 500 (�[2J�[31m)",
    ),
    "a login page": (Misbehaviour(200, PAGE, HTML), "answers 200 with a web page"),
    "a page of another type": (Misbehaviour(200, b"\n <HTML>"), "answers 200 with a web page"),
    "a proxy's 403": (Misbehaviour(403, PAGE, HTML), "Kibana does not permit this: the user or API key "),
    "a proxy's 502": (Misbehaviour(502, PAGE, HTML), "not ready or too busy (502): wait a little"),
    "a proxy's 413": (Misbehaviour(413, PAGE, HTML), "client_max_body_size"),
    "an empty body": (Misbehaviour(200), "answers 200, with an empty body"),
    "no JSON": (Misbehaviour(200, b'{"success": tru'), "answers 200, but not as Kibana does"),
    "JSON of another kind": (Misbehaviour(200, b'["success"]'), "answers 200, but not as Kibana does"),
    "another content type": (
        Misbehaviour(200, b"success", {"content-type": "image/png"}), "answers 200, but not as Kibana does",
    ),
    "deep JSON": (Misbehaviour(200, b"[" * 100_000), "answers 200, but not as Kibana does"),
    "not UTF-8": (Misbehaviour(200, b'{"success": "\xff"}'), "answers 200, but not as Kibana does"),
    "cut off": (Misbehaviour(200, b'{"success"', length=5000), "broke off ("),
    "hung up": (Misbehaviour(hang_up=True), "broke off (Remote end closed connection without response)"),
    "starting": (
        Misbehaviour(503, b"Kibana server is not ready yet", {"content-type": "text/plain; charset=utf-8"}),
        "is not ready or too busy (Kibana server is not ready yet): wait a little and run again",
    ),
    "too many": (Misbehaviour(429, b"{}"), "is not ready or too busy (429)"),
    "sent to log in": (
        Misbehaviour(302, b"", {"location": "https://sso.example/login?token=secret#x"}),
        "sends requests on to https://sso.example/login, a login page or another address",
    ),
    "sent to https": (
        Misbehaviour(301, b"", {"location": "https://127.0.0.1/api/spaces/space"}), "give --kibana-url with https://",
    ),
    "sent nowhere": (Misbehaviour(307), "sends requests on to nowhere"),
    "not there": (Misbehaviour(404, b"not found"), "answers 404, not as Kibana does"),
    "not allowed": (Misbehaviour(405, PAGE, HTML), "answers 405, not as Kibana does"),
    "Elasticsearch": (
        Misbehaviour(400, b'{"error":"no handler found"}', {"X-elastic-product": "Elasticsearch"}),
        "Elasticsearch answers at ",
    ),
    "Elasticsearch with security": (
        Misbehaviour(401, b'{"error":{"root_cause":[{"type":"security_exception"}]},"status":401}'),
        "Elasticsearch answers at ",
    ),
}


@pytest.mark.parametrize("path", [SPACES, IMPORT])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answers_are_one_sentence(kibana: KibanaState, name: str, path: str) -> None:
    instead, said = HOSTILE[name]
    kibana.instead = {path: instead}
    refused = refusal(run(kibana))
    assert said in refused and "secret" not in refused
    assert not kibana.objects
    assert path == IMPORT or len(kibana.requests) == 1  # and no redirect is followed


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in ("an empty body", "no JSON")])
def test_hostile_answers_to_a_dry_run(kibana: KibanaState, name: str) -> None:
    kibana.instead = {EXPORT: HOSTILE[name][0]}
    assert HOSTILE[name][1] in refusal(run(kibana, "--dry-run"))


@pytest.mark.parametrize(
    "document",
    [
        {"statusCode": 400, "message": "Error fetching objects to export"},
        {"message": "Error fetching", "attributes": {"objects": []}},
        {"message": "Error fetching", "attributes": {"objects": [{"error": {"statusCode": 403}}]}},
        {"message": "Error fetching", "attributes": {"objects": [{"type": "map", "id": "x"}]}},
        {"message": "Error fetching", "attributes": [1]},
    ],
    ids=str,
)
def test_a_dry_run_guesses_nothing(kibana: KibanaState, document: dict[str, Any]) -> None:
    kibana.instead = {EXPORT: Misbehaviour(400, json.dumps(document).encode())}
    assert "answered 400 (Error fetching" in refusal(run(kibana, "--dry-run"))


def test_a_dry_run_of_a_type_that_kibana_does_not_know(kibana: KibanaState) -> None:
    del kibana.known["lens"]
    said = refusal(run(kibana, "--dry-run"))
    assert "non-exportable types: lens:peaks-photos-a-day" in said


@pytest.mark.parametrize("slow", [Misbehaviour(pause=2), Misbehaviour(body=b" " * 100, trickle=0.05)])
def test_slow_answers_have_an_end(kibana: KibanaState, slow: Misbehaviour) -> None:
    kibana.instead = {IMPORT: slow}
    impatient = Kibana(kibana.url, Connection(), timeout=0.5)
    with pytest.raises(PeaksError, match=r"did not answer within 0\.5 seconds: .* run again"):
        import_objects(impatient, read_objects())


def test_endless_answers_have_an_end(kibana: KibanaState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LONGEST_ANSWER", 2**20)
    kibana.instead = {SPACES: Misbehaviour(body=b"[" + b" " * 2**21)}
    assert "broke off (more than 1 MiB came)" in refusal(run(kibana))


def test_too_large_for_this_kibana(kibana: KibanaState) -> None:
    kibana.limit = 100
    assert "savedObjects.maxImportPayloadBytes" in refusal(run(kibana))


def test_nobody_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        state = KibanaState(url=f"http://127.0.0.1:{unused.getsockname()[1]}")
        said = refusal(run(state))
    assert said == (
        f"Kibana does not answer at {state.url} (Connection refused): start it, or give its address with "
        "--kibana-url; its usual port is 5601."
    )


def test_no_such_host() -> None:
    said = refusal(run(KibanaState(url="http://kibana.invalid:5601")))
    assert said.startswith("Kibana does not answer at http://kibana.invalid:5601 (")


def test_space_that_there_is_not(kibana: KibanaState) -> None:
    """Kibana would take the objects, where nobody would ever see them."""
    assert refusal(run(kibana, "--space", "other")) == (
        f"Kibana at {kibana.url} has no space 'other' for these credentials, which may enter default, trek: "
        "give another --space, or create it in Kibana."
    )
    kibana.spaces = []
    assert "may enter none" in refusal(run(kibana))
    assert not kibana.files


@pytest.mark.parametrize("space", ["Trek", "a/b", "../x", "tr ek", "ä", "trek?x", "trek\n", ""])
def test_no_ids_of_spaces(kibana: KibanaState, space: str) -> None:
    assert "cannot be a space's id" in refusal(run(kibana, "--space", space))
    assert not kibana.requests


def test_another_base_path(kibana: KibanaState) -> None:
    kibana.base_path = "/kibana"
    result = CliRunner().invoke(peaks, ["apply", "--kibana-url", kibana.url, "--kibana-only"])
    assert f"Kibana at {kibana.url} serves another base path" in refusal(result)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("localhost", "'localhost' is no address; give it as http(s)://host:port"),
        ("localhost:5601", "'localhost:5601' is no address"),
        ("ftp://kibana:5601", "is no address"),
        ("http://", "is no address"),
        ("http://kibana:port", "is no address"),
        ("http://me:secret@kibana:port", "'kibana:port' is no address"),
        ("http://[::1", "is no address"),
        ("kib\nana\x1b[2J", "'kib ana�[2J' is no address"),
        ("http://kibana:5601/app/home#/", "is a page inside Kibana; give http://kibana:5601."),
        ("http://me:pass@kibana:5601/base/s/trek/app/maps",
         "is a page inside Kibana; give http://kibana:5601/base and --space trek."),
        ("http://kibana:5601/s/trek", "give http://kibana:5601 and --space trek."),
        ("http://kibana:5601/?x=1", "give http://kibana:5601."),
    ],
)
def test_no_addresses(url: str, said: str) -> None:
    refused = refusal(run(KibanaState(url=url)))
    assert said in refused and "secret" not in refused


# ------------------------------------------------------------------------------------------------- TLS


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "kibana.crt", folder / "kibana.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=kibana",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )
    return str(certificate), str(key)


@pytest.fixture
def secure(certificate: tuple[str, str]) -> Iterator[KibanaState]:
    with serve_kibana(KibanaState(), certificate) as state:
        yield state


def test_tls_with_its_authority(secure: KibanaState, certificate: tuple[str, str]) -> None:
    assert run(secure, "--ca-certs", certificate[0]).exit_code == 0
    assert secure.ids() == IDS


@pytest.mark.filterwarnings("error")
def test_tls_unverified_is_silent(secure: KibanaState) -> None:
    result = run(secure, "--insecure")
    assert result.exit_code == 0 and not result.stderr


def test_tls_that_cannot_be_verified(secure: KibanaState, tmp_path: Path) -> None:
    said = refusal(run(secure))
    assert said.startswith(f"Kibana's certificate at {secure.url} cannot be verified (")
    assert "give its CA with --ca-certs" in said
    (tmp_path / "empty.pem").write_text("nothing", encoding="utf-8")
    assert "cannot be verified" in refusal(run(secure, "--ca-certs", str(tmp_path / "empty.pem")))
    assert "there is no file nowhere.pem" in refusal(run(secure, "--ca-certs", "nowhere.pem"))


def test_tls_where_there_is_none_and_none_where_there_is(kibana: KibanaState, secure: KibanaState) -> None:
    plain = KibanaState(url=kibana.url.replace("http:", "https:"))
    assert "a Kibana without TLS wants http:// in --kibana-url" in refusal(run(plain))
    plain = KibanaState(url=secure.url.replace("https:", "http:"))
    assert "a Kibana with TLS wants https:// in --kibana-url" in refusal(run(plain))


# ------------------------------------------------------------------------------------------- the command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--space", "trek"], "--space and --kibana-only belong to --kibana-url."),
        (["--kibana-only"], "--space and --kibana-only belong to --kibana-url."),
        (["--kibana-url", "http://k", "--kibana-only", "--next"], "--next is Elasticsearch's"),
        (["--kibana-url", "http://k", "--output", "x"], "`peaks kibana build` writes the file"),
    ],
)
def test_flags_that_mean_nothing_together(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(peaks, ["apply", *arguments])
    assert result.exit_code == 2 and said in result.stderr


def test_flags_of_the_connection_are_checked(kibana: KibanaState) -> None:
    assert "belong together" in refusal(run(kibana, "-u", "elastic"))
    assert "not both" in refusal(run(kibana, "-u", "elastic", "-p", "x", "--es-api-key", "y"))


def test_broken_sources_stop_everything(kibana: KibanaState, small_sources: Path) -> None:
    (small_sources / "map" / "x.json").write_text("{", encoding="utf-8")
    assert "kibana/map/x.json, line 1: not JSON" in refusal(run(kibana))
    assert not kibana.requests


def test_a_kibana_that_cannot_be_used_stops_everything_before_elasticsearch_is_asked(
    kibana: KibanaState
) -> None:
    kibana.spaces = ["trek"]
    arguments = ["apply", "--url", "http://127.0.0.1:9", "--kibana-url", kibana.url]
    assert "has no space 'default'" in refusal(CliRunner().invoke(peaks, arguments))


@pytest.mark.skipif(not PROJECTS_OWN.is_dir(), reason="the sources are not in this checkout")
def test_the_projects_own_objects_as_a_process(kibana: KibanaState) -> None:
    said = must_run_peaks("apply", "--kibana-url", kibana.url, "--kibana-only")
    assert f"Open {kibana.url}/app/dashboards#/view/" in said
    assert len(kibana.ids()) == len(read_objects(PROJECTS_OWN))


def test_library_functions_agree(kibana: KibanaState) -> None:
    objects = read_objects()
    client = Kibana(kibana.url, Connection())
    check_space(client)
    preview, report = preview_import(client, objects), import_objects(client, objects)
    assert preview.outcomes == report.outcomes
    assert report.failure() is None
    assert [outcome.name for outcome in report.outcomes] == [one.id for one in objects]


# ------------------------------------------------------------------------------------------ beside a node


@pytest.mark.cluster
def test_elasticsearch_in_kibanas_place(node: Node) -> None:
    said = refusal(run(KibanaState(url=node.url)))
    assert said == (
        f"Elasticsearch answers at {node.url}, not Kibana: give Kibana's address with --kibana-url; its "
        "usual port is 5601."
    )


@pytest.mark.cluster
def test_both_at_once(node: Node, fresh_indices: str, kibana: KibanaState) -> None:
    arguments = ["apply", "--url", node.url, "--es-model-id", fresh_indices, "--kibana-url", kibana.url]
    told = CliRunner().invoke(peaks, arguments).stdout.splitlines()
    assert "left         search template     photos-by-text" in told
    assert "created      dashboard           peaks-trek  (Trek)" in told
    document = json.loads(CliRunner().invoke(peaks, [*arguments, "--json"]).stdout)
    assert {change["action"] for change in document["changes"]} == {"left"}
    assert {outcome["action"] for outcome in document["kibana"]["outcomes"]} == {"overwritten"}
    assert document["model"]["model_id"] == fresh_indices


@pytest.mark.cluster
def test_what_was_done_in_elasticsearch_is_told_though_the_import_fails(
    node: Node, fresh_indices: str, kibana: KibanaState
) -> None:
    kibana.instead = {IMPORT: Misbehaviour(500)}
    arguments = ["apply", "--url", node.url, "--es-model-id", fresh_indices, "--kibana-url", kibana.url]
    result = CliRunner().invoke(peaks, [*arguments, "--json"])
    assert "answered 500" in refusal(result)
    document = json.loads(result.stdout)
    assert document["changes"] and "kibana" not in document


