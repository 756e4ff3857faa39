"""`make demo`: from a prepared checkout to answers, by the commands that anyone would type."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from elasticsearch import Elasticsearch

from demo.questions import Question, load_questions, table
from loader.elastic.connection import Connection
from loader.elastic.error_sentences import explained_errors
from loader.elastic.indices import ALIASES, CONCEPTS, PEAKS, PHOTOS, index_behind
from loader.elastic.models import index_model, read_deployed_model
from loader.elastic.photo_index import read_libraries
from loader.errors import PeaksError
from loader.peaks.catalogue import Concept, Entry, Peak
from loader.peaks.catalogue_file import read_catalogue
from loader.peaks.catalogue_index import read_all
from loader.peaks.siglip import SiglipSigmoid
from loader.search.template_call import format_curl
from loader.text import list_words

ROOT = Path(__file__).resolve().parent.parent
CHECKPOINT = "demo/siglip2-trek-tiny"
MODEL_ID = "siglip2-trek-tiny"
LIBRARY = "demo"
ANOTHER_CLUSTERS = {"CLOUD_ID", "ES_API_KEY", "ES_USERNAME", "ES_PASSWORD"}
CATALOGUES = {PEAKS: "demo/peaks.yaml", CONCEPTS: "demo/concepts.yaml"}


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=9200, show_default=True,
              envvar="PEAKS_DEMO_PORT",
              help="Port of the Elasticsearch node that the demo starts [env PEAKS_DEMO_PORT].")
@click.option("--count", type=click.IntRange(min=8), default=60, show_default=True, help="Photos to draw.")
@click.option("--seed", type=int, default=7, show_default=True, help="Seed of the photos.")
@click.option("--output", default="demo/output", show_default=True, help="Folder for photos and pages.")
@click.option("--skip-cluster", is_flag=True, help="Use the node that already listens on the port.")
def main(port: int, count: int, seed: int, output: str, skip_cluster: bool) -> None:
    """Start a node, deploy the demo's model, load peaks, concepts and drawn photos, ask seven questions."""
    started = time.monotonic()
    connection = Connection(url=f"http://127.0.0.1:{port}")
    environment = step_environment(connection, os.environ)
    if not skip_cluster:
        run_step(["peaks", "cluster", "start", "--port", str(port)], environment)
    with explained_errors():
        refuse_other_data(connection)
    for words in steps(count, seed, output):
        run_step(words, environment)
    questions = load_questions()
    with explained_errors():
        ask_all(connection.client(), questions)
    for words in pictures(output):
        run_step(words, environment)
    close(connection, questions[0], output, time.monotonic() - started)


def step_environment(connection: Connection, around: Mapping[str, str]) -> dict[str, str]:
    """The environment of the commands: the demo's node must not be sent the keys of another cluster."""
    own = {name: value for name, value in around.items() if name not in ANOTHER_CLUSTERS}
    return {**own, "ES_URL": connection.address}


def refuse_other_data(connection: Connection) -> None:
    """Refuse a node whose indices hold what the demo did not put there, before anything is written.

    Raises:
        PeaksError: it holds documents for another model, another library, or other peaks or concepts.
    """
    other = find_other_data(connection.client())
    if other is not None:
        raise PeaksError(
            f"The node at {connection.address} holds {other}, which the demo did not load and might write "
            "over: give the demo a node of its own with `PEAKS_CLUSTER_HOME=/tmp/peaks-demo make demo "
            "PORT=9391`, or, if an earlier demo loaded it, remove it with `peaks forget LIBRARY`."
        )


def find_other_data(client: Elasticsearch) -> str | None:
    """What the indices hold that the demo did not put there, in words; None: nothing."""
    for alias in ALIASES:
        index = index_behind(client, alias)
        if index is None or not client.count(index=alias)["count"]:
            continue
        model_id = index_model(index.name, index.mappings).model_id
        if model_id != MODEL_ID:
            return f"{alias} of the model {model_id}"
        if alias == PHOTOS:
            names = [str(each.library) for each in read_libraries(client) if each.library != LIBRARY]
        else:
            names = _other_entries(client, Peak if alias == PEAKS else Concept)
        if names:
            return f"{list_words(names, 3)} in {alias}"
    return None


def _other_entries(client: Elasticsearch, kind: type[Entry]) -> list[str]:
    """Names of the entries of an index that are not in the demo's catalogue as they are there."""
    own = {entry.id: set(entry.names) for entry in read_catalogue(ROOT / CATALOGUES[kind.index], kind)}
    return [entry.name for entry in read_all(client, kind) if set(entry.names) != own.get(entry.id)]


def steps(count: int, seed: int, output: str) -> list[list[str]]:
    """The commands from the running node to the questions, as a person would type them in the checkout."""
    photos = f"{output}/photos"
    return [
        ["peaks", "model", "deploy", "--checkpoint", CHECKPOINT, "--precision", "fp32"],
        ["peaks", "apply", "--es-model-id", MODEL_ID],
        ["peaks", "load-peaks", CATALOGUES[PEAKS]],
        ["peaks", "load-concepts", CATALOGUES[CONCEPTS]],
        ["python", "-m", "demo.render", "--output", photos, "--count", str(count), "--seed", str(seed)],
        ["peaks", "load-photos", photos, "--library", LIBRARY, "--checkpoint", CHECKPOINT],
    ]


def pictures(output: str) -> list[list[str]]:
    """The commands whose answers are looked at: a contact sheet, one photo's mountain and sight lines."""
    photo = min((ROOT / output / "photos").glob("*.JPG")).name
    return [
        ["peaks", "search", "prayer flags", "--size", "12", "--html", f"{output}/contact-sheet.html"],
        ["peaks", "identify", photo],
        ["peaks", "sight", f"{output}/photos/{photo}", "--output", f"{output}/sight.png"],
        ["peaks", "map", "--output", f"{output}/map.html"],
    ]


def run_step(words: Sequence[str], environment: dict[str, str]) -> None:
    """Print a command and run it; ends the demo with the command's own exit code when it fails."""
    click.secho(f"\n$ {shlex.join(words)}", bold=True)
    started = time.monotonic()
    result = subprocess.run(executable(words), cwd=ROOT, env=environment, check=False)
    if result.returncode:
        click.echo(f"The demo stopped: `{shlex.join(words)}` ended with code {result.returncode}.", err=True)
        sys.exit(result.returncode)
    click.secho(f"({time.monotonic() - started:.0f} s)", dim=True)


def executable(words: Sequence[str]) -> list[str]:
    """The command with this very Python: `peaks` and `python` need not be on the PATH."""
    program, *arguments = words
    return [sys.executable, *(["-m", "loader"] if program == "peaks" else []), *arguments]


def ask_all(client: Elasticsearch, questions: Sequence[Question]) -> None:
    """Ask the questions through their stored templates and print the answers."""
    model = read_deployed_model(client, MODEL_ID)
    assert model.logit_scale is not None and model.logit_bias is not None, "the demo's model has both"
    siglip = SiglipSigmoid(model.logit_scale, model.logit_bias)
    for question in questions:
        click.secho(f"\n{question.title}", bold=True)
        click.echo(f"  {question.template} {question.params}")
        click.echo(table(question, question.ask(client), siglip))


def close(connection: Connection, question: Question, output: str, seconds: float) -> None:
    """Say where the pictures are, how to ask the next question and, at last, how to look at it all."""
    url, photos = connection.address, f"{output}/photos/*.JPG"
    home = os.environ.get("PEAKS_CLUSTER_HOME")  # of a node beside the usual one
    stop = f"PEAKS_CLUSTER_HOME={shlex.quote(home)} make stop" if home else "make stop"
    version = connection.client().info()["version"]["number"]
    curl = format_curl(connection, question.template, question.params)
    pages = ", ".join(f"{output}/{name}" for name in ("contact-sheet.html", "sight.png", "map.html"))
    click.secho(f"\nDone in {seconds:.0f} seconds on Elasticsearch {version}.", bold=True, nl=False)
    click.secho(f" The node keeps running; `{stop}` stops it.", bold=True)
    click.echo(f"""Look at the answers' pictures: {pages}

Ask the next question:
  ES_URL={url} .venv/bin/peaks search 'stupa under the stars'
  ES_URL={url} .venv/bin/peaks identify {photos}

The same without Python; the vector is made inside Elasticsearch:
  {curl}

The demo's checkpoint was trained on drawn scenes and shows the plumbing only.
For real photos use google/siglip2-base-patch16-224: README.md says how.

Look at the trek in a browser; Ctrl-C ends the page:
  ES_URL={url} .venv/bin/peaks browse --checkpoint {CHECKPOINT}""")


if __name__ == "__main__":
    main()
