"""The plugin is built when its sources changed, and installed when another one was built."""
from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from cluster.embedded.distribution import require_space, unpack
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home
from cluster.embedded.java import Java
from cluster.embedded.plugin_package import (
    NAME,
    ZIP_NAME,
    build_plugin,
    fingerprint_sources,
    install_plugin,
    remove_plugin,
)

# Stands in for Maven: packages the one source file, and keeps count.
MAVEN = f"""#!/bin/sh
echo built >> "$COUNT"
cd "$(dirname "$4")" || exit 1
grep -q broken Source.java && {{ echo "[ERROR] Source.java: cannot find symbol"; exit 1; }}
python3 -c "import zipfile; zipfile.ZipFile('target/{ZIP_NAME}', 'w').write('Source.java')"
"""


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "pom.xml").write_text("<project/>")
    (folder / "Source.java").write_text("one")
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    program.write_text(MAVEN.replace("$4", "$5"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("COUNT", str(tmp_path / "count"))
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.logs.mkdir(parents=True)
    (home.elasticsearch / "plugins").mkdir(parents=True)
    return home


@pytest.fixture
def java(tmp_path: Path) -> Java:
    compiler = tmp_path / "jdk" / "bin" / "javac"
    compiler.parent.mkdir(parents=True)
    compiler.touch()
    return Java(tmp_path / "jdk", 17)


def build(sources: Path, home: Home, java: Java) -> bool:
    return build_plugin(home, java=java, announce=lambda _: None, sources=sources)


def test_nothing_is_built_when_nothing_changed(sources: Path, home: Home, java: Java, tmp_path: Path) -> None:
    assert build(sources, home, java) is True
    assert build(sources, home, java) is False
    (sources / "Source.java").write_text("two")
    assert build(sources, home, java) is True
    assert (tmp_path / "count").read_text() == "built\nbuilt\n"


def test_a_build_that_fails_leaves_no_old_plugin(sources: Path, home: Home, java: Java) -> None:
    build(sources, home, java)
    (sources / "Source.java").write_text("broken")
    with pytest.raises(ClusterError, match=r"could not build the plugin: Source\.java: cannot find symbol"):
        build(sources, home, java)
    assert not (sources / "target" / ZIP_NAME).exists()


def test_a_jre_is_not_enough(sources: Path, home: Home, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="has no Java compiler"):
        build(sources, home, Java(tmp_path / "jre", 17))


def test_install_replaces_another_plugin_whole(sources: Path, home: Home, java: Java) -> None:
    build(sources, home, java)
    install_plugin(home, sources)
    installed = home.elasticsearch / "plugins" / NAME
    assert (installed / "Source.java").read_text() == "one"
    (installed / "left-over").touch()
    (sources / "Source.java").write_text("two")
    build(sources, home, java)
    install_plugin(home, sources)
    assert [path.name for path in installed.iterdir()] == ["Source.java"]
    assert (installed / "Source.java").read_text() == "two"
    remove_plugin(home)
    assert not installed.exists()


def test_the_fingerprint_sees_names_and_bytes_but_not_target(sources: Path) -> None:
    first = fingerprint_sources(sources)
    (sources / "target").mkdir()
    (sources / "target" / "junk").touch()
    assert fingerprint_sources(sources) == first
    (sources / "Source.java").rename(sources / "Other.java")
    assert fingerprint_sources(sources) != first


def test_unpack_keeps_permissions(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        entry = zipfile.ZipInfo("bin/tool")
        entry.external_attr = 0o755 << 16
        file.writestr(entry, "#!/bin/sh\n")
    unpack(archive, tmp_path / "out")
    assert (tmp_path / "out" / "bin" / "tool").stat().st_mode & 0o777 == 0o755


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"half a download")
    with pytest.raises(ClusterError, match=r"a\.zip is damaged"):
        unpack(tmp_path / "a.zip", tmp_path)


def test_too_little_space_is_said_in_numbers(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"MB free, and 1125899906842624 MB are needed to grow.*--home"):
        require_space(tmp_path, 2**70, "grow")
