"""A plugin is built when its sources changed, and installed when another one was built."""
from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from cluster.embedded.distribution import opened_archive, require_space, unpack
from cluster.embedded.errors import ClusterError
from cluster.embedded.home import Home
from cluster.embedded.java import Java
from cluster.embedded.plugin_package import (
    ESQL,
    OWN,
    Package,
    build_plugin,
    fingerprint_sources,
    install_plugin,
    remove_plugin,
)
from cluster.embedded.stacks import STACKS, Stack

STACK = STACKS[0]
# Stands in for Maven: packages the one source file for the line of the profile, and keeps count.
MAVEN = """#!/bin/sh
echo built >> "$COUNT"
cd "$(dirname "$5")" || exit 1
grep -q broken Source.java && { echo "[ERROR] Source.java: cannot find symbol"; exit 1; }
folder=${8#-Dtarget.folder=}/${6#-Pstack-}
mkdir -p "$folder"
python3 -c "import zipfile; zipfile.ZipFile('$folder/some-plugin.zip', 'w').write('Source.java')"
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "pom.xml").write_text("<project/>")
    (folder / "Source.java").write_text("one")
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    program.write_text(MAVEN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("COUNT", str(tmp_path / "count"))
    return Package("some", "some plugin", folder, folder / "target")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.logs.mkdir(parents=True)
    (home.elasticsearch(STACK) / "plugins").mkdir(parents=True)
    return home


@pytest.fixture
def java(tmp_path: Path) -> Java:
    return Java(tmp_path / "jdk", 17)


def build(package: Package, home: Home, java: Java, stack: Stack = STACK) -> bool:
    return build_plugin(home, package, stack, java=java, announce=lambda _: None)


def test_nothing_is_built_when_nothing_changed(
    package: Package, home: Home, java: Java, tmp_path: Path
) -> None:
    assert build(package, home, java) is True
    assert build(package, home, java) is False
    (package.sources / "Source.java").write_text("two")
    assert build(package, home, java) is True
    assert (tmp_path / "count").read_text() == "built\nbuilt\n"


def test_each_line_has_a_build_of_its_own(package: Package, home: Home, java: Java) -> None:
    assert [build(package, home, java, stack) for stack in STACKS * 2] == [True, True, False, False]
    (package.sources / "Source.java").write_text("two")
    assert build(package, home, java) is True
    for stack, text in zip(STACKS, ("two", "one"), strict=True):
        with zipfile.ZipFile(package.archive(stack)) as archive:
            assert archive.read("Source.java").decode() == text


def test_a_build_that_fails_leaves_no_old_plugin(package: Package, home: Home, java: Java) -> None:
    build(package, home, java)
    (package.sources / "Source.java").write_text("broken")
    with pytest.raises(ClusterError, match=r"could not build some plugin: Source\.java: cannot find symbol"):
        build(package, home, java)
    assert not package.archive(STACK).exists()


def test_a_build_leaves_sources_that_pip_installed_as_they_are(
    package: Package, home: Home, java: Java, tmp_path: Path
) -> None:
    installed = replace(package, target=tmp_path / "cache" / "of plugins")
    before = sorted(package.sources.rglob("*"))
    assert [build(installed, home, java) for _ in range(2)] == [True, False]
    assert installed.archive(STACK).exists() and sorted(package.sources.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_named(
    package: Package, home: Home, java: Java, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClusterError, match=r"file/target cannot be written .*`peaks cluster prepare`"):
        build(replace(package, target=tmp_path / "file" / "target"), home, java)


def test_install_replaces_a_plugin_whole_and_leaves_others_alone(
    package: Package, home: Home, java: Java
) -> None:
    build(package, home, java)
    install_plugin(home, package, STACK)
    installed = home.elasticsearch(STACK) / "plugins" / "some"
    assert (installed / "Source.java").read_text() == "one"
    (installed / "left-over").touch()
    (package.sources / "Source.java").write_text("two")
    build(package, home, java)
    install_plugin(home, package, STACK)
    assert [path.name for path in installed.iterdir()] == ["Source.java"]
    assert (installed / "Source.java").read_text() == "two"
    other = Package("other", "another plugin", package.sources, package.target)
    other.archive(STACK).write_bytes(package.archive(STACK).read_bytes())
    install_plugin(home, other, STACK)
    remove_plugin(home, package, STACK)
    assert [path.name for path in installed.parent.iterdir()] == ["other"]


def test_the_fingerprint_sees_names_and_bytes_but_not_target(package: Package) -> None:
    first = fingerprint_sources(package.sources)
    (package.sources / "target").mkdir()
    (package.sources / "target" / "junk").touch()
    assert fingerprint_sources(package.sources) == first
    (package.sources / "Source.java").rename(package.sources / "Other.java")
    assert fingerprint_sources(package.sources) != first


def test_nothing_of_elastic_is_in_the_checkout() -> None:
    """Its jars are for its users to fetch, not for others to hand on."""
    for package in (OWN, ESQL):
        found = (path.relative_to(package.sources) for path in package.sources.rglob("*.jar"))
        assert [path for path in found if path.parts[0] != "target"] == []


def test_unpack_keeps_permissions(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        entry = zipfile.ZipInfo("bin/tool")
        entry.external_attr = 0o755 << 16
        file.writestr(entry, "#!/bin/sh\n")
    with opened_archive(archive) as packed:
        unpack(packed, tmp_path / "out")
    assert (tmp_path / "out" / "bin" / "tool").stat().st_mode & 0o777 == 0o755


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"half a download")
    damaged = pytest.raises(ClusterError, match=r"a\.zip is damaged")
    with damaged, opened_archive(tmp_path / "a.zip") as packed:
        unpack(packed, tmp_path)


def test_too_little_space_is_said_in_numbers(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"MB free, and 1125899906842624 MB are needed to grow.*--home"):
        require_space(tmp_path, 2**70, "grow")
