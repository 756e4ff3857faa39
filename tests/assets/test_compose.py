"""cluster/compose: its files fit one another. No container runs here."""
from __future__ import annotations

import re
from typing import Any

import yaml

from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "cluster" / "compose"
TEXT = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load(TEXT)["services"]
EXAMPLE = dict(re.findall(r"(?m)^(\w+)=(.*)$", (FOLDER / "env.example").read_text(encoding="utf-8")))
# ${NAME:-default} and ${NAME:?message}; $$ is a dollar for the shell.
USED = re.findall(r"(?<!\$)\$\{(\w+):([-?])(.*?)\}", TEXT)


def test_every_setting_is_in_the_example_with_its_default_and_no_secret() -> None:
    assert {name for name, _, _ in USED} == set(EXAMPLE)
    for name, mark, text in USED:
        assert EXAMPLE[name] == (text if mark == "-" else ""), name
    assert len(re.findall(r"(?<!\$)\$(?!\$)", TEXT)) == len(USED), "another form is not looked at"


def test_waiting_ends_when_every_service_answers() -> None:
    """One without a health check counts as ready once it runs; for one that ends another waits."""
    ending = {name for service in SERVICES.values() for name, wait in service.get("depends_on", {}).items()
              if wait["condition"] == "service_completed_successfully"}
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == ending


def test_kibana_makes_up_no_key() -> None:
    """For each of these it warns, and cannot read after a restart what it encrypted."""
    keys = {f"XPACK_{plugin}_ENCRYPTIONKEY" for plugin in ("ENCRYPTEDSAVEDOBJECTS", "SECURITY", "REPORTING")}
    assert keys <= SERVICES["kibana"]["environment"].keys()


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(ports) == 2 and all(port.startswith("127.0.0.1:") for port in ports)
