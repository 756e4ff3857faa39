"""Security of the node: the password of the user `elastic`, made at random and kept in the home.

It never stands in a log, a command line or an environment. Elasticsearch takes it from its keystore.
"""
from __future__ import annotations

import os
import secrets
import subprocess

from cluster.embedded.accounts import Account
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home
from cluster.embedded.java import Java
from cluster.embedded.node import last_words, node_environment
from cluster.embedded.stacks import Stack


def ensure_password(home: Home, stack: Stack, *, java: Java, account: Account) -> None:
    """Give the user `elastic` a password, unless the home has one.

    Raises:
        ClusterError: Elasticsearch's keystore cannot be written.
    """
    with home.acting():
        home.config.chmod(0o700)  # for the keystore, which Elasticsearch opens to its group
    if home.password.exists():
        return
    password = secrets.token_urlsafe(24)
    _keep(home, password, stack, java, account)
    with home.acting():
        descriptor = os.open(home.password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode=0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(password)


def _keep(home: Home, password: str, stack: Stack, java: Java, account: Account) -> None:
    """Put the password into the keystore; it is in force until a person changes it through the API."""
    tool = home.elasticsearch(stack) / "bin" / "elasticsearch-keystore"
    stored = subprocess.run(
        [str(tool), "add", "--force", "--stdin", "bootstrap.password"],
        cwd=home.path,
        env=node_environment(home, java),
        input=password,
        text=True,
        capture_output=True,
        **account.identity,
    )
    if stored.returncode != 0:
        raise ClusterError(
            f"Elasticsearch's keystore in {home.config} cannot be written ({last_words(stored.stderr)}):"
            " `peaks cluster reset` makes a new one."
        )
