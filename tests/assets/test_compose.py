"""cluster/compose: its files fit one another, and its scripts run for real. No container runs here."""
from __future__ import annotations

import os
import re
import shutil
import ssl
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY, Node

FOLDER = REPOSITORY / "cluster" / "compose"
TEXT = (FOLDER / "compose.yaml").read_text(encoding="utf-8")
SERVICES: dict[str, Any] = yaml.safe_load(TEXT)["services"]
# ${NAME:-default} and ${NAME:?message}; $$ is a dollar for the shell.
USED = re.findall(r"(?<!\$)\$\{(\w+):([-?])(.*?)\}", TEXT)
CERTIFICATES = {
    "elasticsearch": "/usr/share/elasticsearch/config/certificates",
    "kibana-password": "/usr/share/elasticsearch/config/certificates",
    "kibana": "/usr/share/kibana/config/certificates",
}
NAMES = ("localhost", "127.0.0.1", "elasticsearch", "kibana")


def read_settings(file: Path) -> dict[str, str]:
    return dict(re.findall(r"(?m)^(\w+)=(.*)$", file.read_text(encoding="utf-8")))


EXAMPLE = read_settings(FOLDER / "env.example")


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


def test_nothing_speaks_plain_http_and_every_request_verifies_the_certificate() -> None:
    assert "http://" not in TEXT
    assert SERVICES["elasticsearch"]["environment"]["xpack.security.http.ssl.enabled"] == "true"
    assert SERVICES["kibana"]["environment"]["SERVER_SSL_ENABLED"] == "true"
    assert TEXT.count("curl ") == TEXT.count("--cacert config/certificates/ca.crt") == 3
    assert "--insecure" not in TEXT


def test_every_service_finds_its_certificates_where_they_are_mounted_and_cannot_change_them() -> None:
    for service, folder in CERTIFICATES.items():
        assert f"certificates:{folder}:ro" in SERVICES[service]["volumes"]
    node = SERVICES["elasticsearch"]["environment"]  # paths in the folder config
    assert node["xpack.security.http.ssl.certificate"] == "certificates/node.crt"
    assert node["xpack.security.http.ssl.key"] == "certificates/node.key"
    kibana = SERVICES["kibana"]["environment"]  # paths in Kibana's home
    assert kibana["SERVER_SSL_CERTIFICATE"] == "config/certificates/node.crt"
    assert kibana["SERVER_SSL_KEY"] == "config/certificates/node.key"
    assert kibana["ELASTICSEARCH_SSL_CERTIFICATEAUTHORITIES"] == "config/certificates/ca.crt"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    without_secrets = shutil.ignore_patterns(".env")
    return Path(shutil.copytree(FOLDER, tmp_path / "compose with blanks", ignore=without_secrets))


def make_secrets(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([folder / "make-secrets.sh"], cwd="/", capture_output=True, text=True, check=False)


def test_one_command_makes_every_secret_in_a_file_for_its_owner_that_git_ignores(copied: Path) -> None:
    assert make_secrets(copied).returncode == 0
    assert stat.S_IMODE((copied / ".env").stat().st_mode) == 0o600
    made = read_settings(copied / ".env")
    secrets = [made.pop(name) for name, value in EXAMPLE.items() if not value]
    assert made == {name: value for name, value in EXAMPLE.items() if value}
    assert len(set(secrets)) == 3 and all(re.fullmatch(r"[0-9a-f]{32}", secret) for secret in secrets)
    assert {".env", "ca.crt"} <= set((FOLDER / ".gitignore").read_text(encoding="utf-8").split())
    assert not (copied / ".env.new").exists()


def test_secrets_that_are_there_are_never_replaced(copied: Path) -> None:
    """The passwords are those of the cluster's first start."""
    (copied / ".env").write_text("ELASTIC_PASSWORD=the first one\n", encoding="utf-8")
    refused = make_secrets(copied)
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1 and "remove it" in refused.stderr
    assert (copied / ".env").read_text(encoding="utf-8") == "ELASTIC_PASSWORD=the first one\n"


@pytest.mark.cluster
def test_elastic_s_tool_makes_certificates_for_every_name(node: Node, tmp_path: Path) -> None:
    """The script runs in the distribution of the session's node, which has Elastic's own certutil."""
    make_certificates(node, tmp_path)
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert set(files) == {"ca.crt", "node.crt", "node.key"}, "the CA's key is not kept"
    assert stat.S_IMODE((tmp_path / "node.key").stat().st_mode) == 0o640
    for name in NAMES:
        shake_hands(tmp_path, name)
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for"):
        shake_hands(tmp_path, "photos.example")
    make_certificates(node, tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == files, "others at a second start"


def make_certificates(node: Node, folder: Path) -> None:
    from cluster.embedded.choice import choose_stack
    from cluster.embedded.home import Home
    from cluster.embedded.java import find_javas

    if node.home is None:
        pytest.skip("PEAKS_TEST_URL names a node whose files are not here")
    home = Home(node.home)
    choice = choose_stack(home, None, find_javas())
    subprocess.run(
        [FOLDER / "make-certificates.sh", folder],
        cwd=home.elasticsearch(choice.stack),
        env={**os.environ, "ES_JAVA_HOME": str(choice.java.home)},
        check=True,
    )


def shake_hands(folder: Path, name: str) -> None:
    """A TLS handshake, in memory, of a client that trusts the CA alone with a server by the certificate."""
    trusting = ssl.create_default_context(cafile=str(folder / "ca.crt"))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "node.crt", folder / "node.key")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        trusting.wrap_bio(to_client, to_server, server_hostname=name),
        serving.wrap_bio(to_server, to_client, server_side=True),
    ]
    for side in sides * 3:
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert sides[0].version() == sides[1].version() == "TLSv1.3"
