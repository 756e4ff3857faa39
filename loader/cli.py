"""The root of the `peaks` command.

Commands are imported when they are called: `peaks --help` must not wait for torch.
"""
from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from loader.text import hide_credentials

INTERRUPTED = 130  # 128 + SIGINT

COMMANDS: dict[str, str] = {
    # name: "module:attribute", in the order the help shows them
    "cluster": "cluster.embedded.commands:cluster",
    "keys": "loader.commands.operation.api_keys:keys",
    "model": "loader.commands.text_model:model",
    "apply": "loader.commands.asset_files:apply",
    "doctor": "loader.commands.operation.cluster_health:doctor",
    "reindex": "loader.commands.operation.model_change:reindex",
    "rollback": "loader.commands.operation.model_change:rollback",
    "kibana": "loader.commands.asset_files:kibana",
    "load-peaks": "loader.commands.catalogues:load_peaks",
    "load-concepts": "loader.commands.catalogues:load_concepts",
    "catalog": "loader.commands.catalogues:catalog",
    "load-photos": "loader.commands.photo_library:load_photos",
    "predict": "loader.commands.photo_library:predict",
    "libraries": "loader.commands.loaded_libraries:libraries",
    "forget": "loader.commands.loaded_libraries:forget",
    "search": "loader.commands.questions:search",
    "peak": "loader.commands.questions:peak",
    "identify": "loader.commands.mountains:identify",
    "sight": "loader.commands.mountains:sight",
    "map": "loader.commands.trek_map:draw_trek",
    "similar": "loader.commands.questions:similar",
    "photos": "loader.commands.questions:photos",
    "browse": "loader.commands.pages:browse",
    "confirm": "loader.commands.labelled_photos:confirm",
    "calibrate": "loader.commands.labelled_photos:calibrate",
    "evaluate": "loader.commands.labelled_photos:evaluate",
}


def _say_plainly(said: str) -> str:
    """A refusal of click in words that need no programmer."""
    if said.startswith("Got unexpected extra argument"):
        return f'{said}. Put words that belong together in quotes: "prayer flags".'
    return said.replace("a valid integer range", "a whole number").replace("a valid float range", "a number")


class LazyGroup(click.Group):
    """A click group whose commands live in modules imported on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a mistyped one is refused with those that are spelt much like it."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; Ctrl-C ends with the status that shells expect, unless the command knows better.

        An option that was forgotten leaves its value among the words that click refuses and quotes.
        """
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            said = error.format_message()
            if (plain := hide_credentials(_say_plainly(said))) == said:
                raise
            raise click.UsageError(plain, error.ctx) from None
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="peaks-in-elasticsearch", prog_name="peaks")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def peaks(ctx: click.Context, debug: bool) -> None:
    """Search photos by words inside Elasticsearch, and name the mountains in them."""
    ctx.obj = {"debug": debug}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `peaks`; an error is one sentence on stderr unless ``--debug`` was given."""
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_DISABLE", "1")  # Eland's progress bars; read when tqdm is first imported
    words = list(sys.argv[1:] if arguments is None else arguments)
    if "--debug" in words:
        sys.exit(peaks.main(words, standalone_mode=False))
    peaks.main(words)
