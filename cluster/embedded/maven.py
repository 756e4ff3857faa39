"""Runs Maven: its output goes to a log, and its failure becomes one sentence."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home
from cluster.embedded.java import Java

# Messages of Maven and its transport when a repository does not deliver a file
_DOWNLOAD_SIGNS = re.compile(
    r"Could not transfer|Could not find artifact|Unknown host|Connection refused|Connect timed out"
    r"|cannot access .* in offline mode|Network is unreachable|Could not resolve dependencies"
    r"|or one of its dependencies could not be resolved|Non-resolvable|PKIX path"
)
# Maven resets the terminal's style even in batch mode
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
# Maven runs plugins and tests of others, and no setting of it needs these of ours
_SECRETS = frozenset(("ES_API_KEY", "ES_PASSWORD", "HF_TOKEN"))


def run_maven(
    arguments: Sequence[str], *, purpose: str, java: Java, home: Home, log_name: str, folder: Path
) -> None:
    """Run ``mvn`` in batch mode with `java`.

    Args:
        arguments: goals and options.
        purpose: what is being done, as a verb phrase for the error sentence ("fetch …", "build …").
        log_name: of the home's log that receives everything that Maven prints.
        folder: working directory of Maven.

    Raises:
        ClusterError: Maven is missing, could not download, or failed.
    """
    program = shutil.which("mvn")
    if program is None:
        raise ClusterError(
            f"Maven is needed to {purpose} and was not found on PATH: install it"
            " (Debian and Ubuntu: apt-get install maven)."
        )
    command = [program, "--batch-mode", "-Dstyle.color=never", *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in _SECRETS}
    environment["JAVA_HOME"] = str(java.home)
    with home.new_log(log_name) as output:
        done = subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    if done.returncode != 0:
        log = home.logs / log_name
        raise ClusterError(explain_failure(log.read_text(encoding="utf-8", errors="replace"), purpose, log))


def explain_failure(output: str, purpose: str, log: Path) -> str:
    """The sentence for a failed run, from what Maven printed."""
    lines = _STYLE.sub("", output).splitlines()
    errors = [line[len("[ERROR]") :].strip() for line in lines if line.startswith("[ERROR]")]
    first = next((line for line in errors if line), "no reason given")
    if any(_DOWNLOAD_SIGNS.search(line) for line in errors):
        return (
            f"Maven could not download what is needed to {purpose}: check the network, or the proxy"
            f" and mirror in Maven's settings.xml ({_shorten(first)}; the whole output is in {log})."
        )
    return f"Maven could not {purpose}: {_shorten(first)} (the whole output is in {log})."


def _shorten(line: str, limit: int = 200) -> str:
    return line if len(line) <= limit else line[: limit - 1] + "…"
