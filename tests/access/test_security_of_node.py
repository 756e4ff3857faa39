"""What `peaks cluster start --security` keeps secret, and how `status` and `stop` get along with it."""
from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from cluster.embedded.calls import Server, read_password
from cluster.embedded.control import StartOptions, choose_settings
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home
from cluster.embedded.node import NodeSettings, write_settings
from cluster.embedded.processes import PROC, find_members, is_node, is_worker
from tests.access.conftest import Secured
from tests.conftest import call_peaks, invoke


@pytest.mark.cluster
def test_status_tells_how_to_use_it_and_shows_no_password(secured: Secured) -> None:
    said = call_peaks("cluster", "status", "--home", secured.home.path)
    assert f'ES_USERNAME=elastic ES_PASSWORD="$(cat {secured.home.password})"' in said
    assert read_password(secured.home.password) not in said
    document = json.loads(call_peaks("cluster", "status", "--json", "--home", secured.home.path))
    assert (document["state"], document["security"], document["health"]) == ("running", True, "yellow")
    answer = Server(secured.url).call("/")
    assert answer is not None and answer[0] == 401


@pytest.mark.cluster
def test_no_process_and_no_file_but_its_own_shows_the_password(secured: Secured) -> None:
    password = read_password(secured.home.password).encode()
    assert len(password) == 32
    assert stat.S_IMODE(secured.home.password.stat().st_mode) == 0o600
    assert stat.S_IMODE(secured.home.config.stat().st_mode) == 0o700
    for process in (*find_members(secured.home, is_node), *find_members(secured.home, is_worker)):
        for name in ("cmdline", "environ"):
            assert password not in (PROC / str(process.pid) / name).read_bytes()
    for folder in (secured.home.logs, secured.home.config, secured.home.temporary):
        for file in filter(Path.is_file, folder.rglob("*")):
            assert password not in file.read_bytes(), file


@pytest.mark.cluster
def test_another_start_needs_no_option_and_a_bare_one_is_refused(secured: Secured) -> None:
    call_peaks("cluster", "start", "--home", secured.home.path)
    refused = invoke("cluster", "start", "--bare", "--home", secured.home.path)
    assert refused.exit_code == 1 and "runs already" in refused.stderr


def test_security_is_off_unless_it_was_asked_for(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.config.mkdir()
    for security in (False, True):
        write_settings(home, NodeSettings(9200, "1g", with_plugins=True, security=security))
        settings = (home.config / "elasticsearch.yml").read_text()
        assert f"\nxpack.security.enabled: {str(security).lower()}\n" in settings


def test_a_bare_node_with_security_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with pytest.raises(ClusterError, match="leave out --bare"):
        choose_settings(home, StartOptions(bare=True, security=True))
    home.write_state({"security": True})  # as its last start was
    with pytest.raises(ClusterError, match="leave out --bare"):
        choose_settings(home, StartOptions(bare=True))
    assert choose_settings(home, StartOptions()).security


def test_a_password_behind_a_link_or_of_another_user_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    for file in (tmp_path / "link", tmp_path / "none"):
        with pytest.raises(ClusterError, match="run this as the user who started the cluster"):
            read_password(file)
