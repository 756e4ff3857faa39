"""A wrong address of the cluster or of Kibana: one sentence from every command, and never the password."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from loader.cli import COMMANDS, peaks
from tests.conftest import DEMO_CHECKPOINT, REPOSITORY, free_port

PASSWORD = "s3cret"

# Every mistake leaves the password where it was; what the address means is anybody's guess.
MALFORMED = [
    f"http://elastic:{PASSWORD}@127.0.0.1:99999",
    f"http://elastic:{PASSWORD}@127.0.0.1:port",
    f"http://elastic:{PASSWORD}@127.0.0.1:9200:9200",
    f"http://elastic:{PASSWORD}@127.0.0.1",
    f"http://elastic:{PASSWORD}@",
    f"http://elastic:{PASSWORD}",
    f"http://elastic:{PASSWORD}@[::1",
    f"http://elastic:{PASSWORD}@[::1]9200",
    f"http://elastic:{PASSWORD}@[nonsense]:9200",
    f"http://elastic:{PASSWORD}@..:9200",
    f"http://elastic:{PASSWORD}@a host:9200",
    f"http://elastic:a/{PASSWORD}@127.0.0.1:9200",
    f"http://elastic:{PASSWORD}#a@127.0.0.1:9200",
    f"http://elastic:{PASSWORD}?a@127.0.0.1:9200",
    f"https://elastic/{PASSWORD}@127.0.0.1:9200",
    f"https://elastic:12/{PASSWORD}@127.0.0.1:9200",
    f"https://elastic?{PASSWORD}@127.0.0.1:9200",
    f"elastic:{PASSWORD}@127.0.0.1:9200",
    f"http//elastic:{PASSWORD}@127.0.0.1:9200",
    f"http:/elastic:{PASSWORD}@127.0.0.1:9200",
    f"ftp://elastic:{PASSWORD}@127.0.0.1:9200",
    f"127.0.0.1:9200@elastic:{PASSWORD}",
]

IMAGE = "IMAGE.png"
PEAKS, CONCEPTS = (str(REPOSITORY / "demo" / name) for name in ("peaks.yaml", "concepts.yaml"))
MODEL = ["--checkpoint", str(DEMO_CHECKPOINT)]
# What a command that asks the cluster needs to get there; the others need a word for each argument, or none.
WORDS = {
    "calibrate": ["--labels", "sight"],
    "confirm": [IMAGE, "--none"],
    "catalog import": [PEAKS, "--around-photos", "40km"],
    "evaluate": ["--labels", "sight"],
    "identify": [IMAGE, *MODEL],
    "keys create": ["search"],
    "load-concepts": [CONCEPTS],
    "load-peaks": [PEAKS],
    "load-photos": [".", *MODEL, "--patience", "0"],
    "map": ["--output", "map.html"],
    "model deploy": MODEL,
    "reindex": ["--es-model-id", "other"],
    "sight": [IMAGE],
    "similar": [IMAGE, *MODEL],
}


def leaves(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by the words that call it."""
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for part in command.list_commands(context):
        under = command.get_command(context, part)
        assert under is not None
        yield from leaves(under, f"{name} {part}".strip())


def words_of(name: str, command: click.Command) -> list[str]:
    """The words that call a command, each argument given."""
    needed = [each for each in command.params if isinstance(each, click.Argument) and each.required]
    return [*name.split(), *WORDS.get(name, ["x" for _ in needed])]


ASKING = {
    name: words_of(name, command)
    for name, command in leaves(peaks) if any("--url" in each.opts for each in command.params)
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (32, 32)).save(IMAGE)


def call(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(peaks, words, env=environment)


def assert_one_sentence(result: Result) -> None:
    assert PASSWORD not in result.output
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    said = [line for line in result.output.splitlines() if line.startswith("Error: ")]
    assert result.exit_code in (1, 2) and len(said) <= 1
    assert "Traceback" not in result.output


def test_every_word_of_the_table_is_used() -> None:
    assert len(ASKING) > 12 and WORDS.keys() <= ASKING.keys()


@pytest.mark.parametrize("command", ASKING)
@pytest.mark.parametrize("address", MALFORMED)
def test_malformed_address_is_one_sentence_of_every_command(command: str, address: str) -> None:
    result = call(*ASKING[command], ES_URL=address)
    assert_one_sentence(result)
    assert "The address in --url (ES_URL) cannot be used: give http(s)://host:port with" in result.output


# The page of `browse` waits for the cluster and says so itself: tests/browse/test_page.py.
@pytest.mark.parametrize("command", ASKING.keys() - {"browse"})
def test_nobody_at_the_address_is_one_sentence_of_every_command(command: str) -> None:
    address = f"http://elastic:{PASSWORD}@127.0.0.1:{free_port()}"
    result = call(*ASKING[command], ES_URL=address)
    assert_one_sentence(result)
    assert "Elasticsearch does not answer at 127.0.0.1:" in result.output


@pytest.mark.parametrize("address", MALFORMED)
def test_debug_does_not_show_the_password_either(address: str) -> None:
    """With --debug Python prints the whole chain of exceptions."""
    result = CliRunner().invoke(peaks, ["--debug", "search", "yak", "--url", address], standalone_mode=False)
    error: BaseException | None = result.exception
    assert isinstance(error, click.ClickException)
    while error is not None:
        assert PASSWORD not in "".join(map(str, (error, *error.args)))
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize("address", MALFORMED)
def test_curl_does_not_show_the_password_either(address: str) -> None:
    assert_one_sentence(call("search", "yak", "--curl", "--url", address))


@pytest.mark.parametrize("address", [one for one in MALFORMED if not one.endswith("127.0.0.1")])
def test_address_of_kibana_too(address: str) -> None:
    result = call("apply", "--kibana-only", "--kibana-url", address)
    assert_one_sentence(result)
    assert "The address in --kibana-url cannot be used: give http(s)://host:port with" in result.output


@pytest.mark.parametrize("words", [
    ["ADDRESS"], ["search", "yak", "ADDRESS"], ["catalog", "ADDRESS"], ["load-photos", "ADDRESS"],
    ["load-peaks", "ADDRESS"], ["search", "yak", "--recipe", "ADDRESS"],
])
@pytest.mark.parametrize("address", [
    f"{scheme}elastic:{password}@node:9200" for scheme in ("http://", "")
    for password in (PASSWORD, *(f"a{sign}{PASSWORD}" for sign in " '\"@/"))
])
def test_address_in_a_wrong_place_is_quoted_without_its_password(words: list[str], address: str) -> None:
    result = call(*[address if word == "ADDRESS" else word for word in words])
    assert_one_sentence(result)
    assert "…@node:9200" in result.output


@pytest.mark.parametrize(("typed", "meant"), [
    (["serch", "yak"], "'search'"), (["loadphotos"], "'load-photos'"), (["catalogue"], "'catalog'"),
    (["cluster", "strat"], "'start'"), (["model", "deplyo"], "'deploy'"),
    (["search", "yak", "--ulr"], "'--url'"),
])
def test_mistyped_word_gets_the_right_one(typed: list[str], meant: str) -> None:
    result = call(*typed)
    assert result.exit_code == 2
    assert meant in result.output.splitlines()[-1]


def test_every_command_stands_in_the_table() -> None:
    assert {name.partition(" ")[0] for name, _ in leaves(peaks)} == set(COMMANDS)


@pytest.mark.parametrize(("words", "fix"), [
    (["search", "prayer", "flags"], "Put words that belong together in quotes"),
    (["search", "yak", "--min-probability", "20%"], "'20%' is no number between 0 and 1: write 0.2 for"),
    (["search", "yak", "--min-probability", "1"], "'1' is no number between 0 and 1"),
    (["search", "yak", "--size", "few"], "'few' is not a whole number."),
    (["search", "yak", "--html", "out.pdf"], "give --html out.html."),
    (["map", "--output", "map.png"], "give --output map.html."),
    (["model", "deploy"], "PEAKS_CHECKPOINT"),
])
def test_a_refusal_names_the_fix(words: list[str], fix: str) -> None:
    result = CliRunner().invoke(peaks, words, env={"PEAKS_CHECKPOINT": None})
    assert result.exit_code in (1, 2) and fix in result.output


def test_every_command_is_described_on_one_line() -> None:
    listed = CliRunner().invoke(peaks, ["--help"], terminal_width=80).output.split("Commands:")[1]
    assert "..." not in listed
