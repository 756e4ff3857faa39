#!/bin/sh
# Checks for what pip cannot install: Python's venv support, a JDK >= 17 and Maven. On Debian and Ubuntu installs
# what is missing with apt-get, after saying so; elsewhere says what to install. Nothing missing: no work, no output.
#
# Usage: install_system_packages.sh [PYTHON]      PYTHON defaults to python3
set -eu

python=${1:-python3}
jdk=openjdk-17-jdk-headless

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# venv alone is not enough: Debian's python3 has the module, but not the ensurepip that it calls.
has_venv() { "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; }

python_version() { "$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

python_fits() { "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

# A JDK anywhere on this machine, found as the launcher finds it.
has_jdk() { PYTHONPATH="$(dirname "$0")/.." "$python" -m cluster.embedded.java; }

# Sets $packages to the Debian names of what is missing, $things to what a person calls it.
find_missing() {
    packages='' things=''
    has "$python" || miss "python3 python3-venv" "Python 3.10 to 3.13 with venv"
    ! has "$python" || has_venv || miss "python$(python_version)-venv" "Python's venv package"
    ! has "$python" || has_jdk || miss "$jdk" "a JDK 17 or later"
    has mvn || miss maven "Maven"
}

miss() {
    packages="$packages${packages:+ }$1"
    things="$things${things:+, }$2"
}

become_root() {
    if [ "$(id -u)" -eq 0 ]; then
        as_root=''
    elif has sudo; then
        as_root=sudo
    else
        fail "Missing: $things. Ask an administrator to run: apt-get install $packages"
    fi
}

# Elasticsearch 9.5 needs JDK 21, which Debian 12 does not have; 8.19 is content with the 17 that it has.
choose_jdk() {
    case $packages in *"$jdk"*) ;; *) return 0 ;; esac
    for candidate in openjdk-21-jdk-headless "$jdk" default-jdk-headless; do
        ! apt-cache show "$candidate" >/dev/null 2>&1 || break
    done
    packages=$(printf '%s' "$packages" | sed "s/$jdk/$candidate/")
}

install() {
    has apt-get || fail "Please install $things, then run this again."
    become_root
    say "Missing: $things."
    say "Running: ${as_root:+$as_root }apt-get update"
    $as_root apt-get update -qq >&2 || say "apt-get update failed; trying with the lists that are here."
    choose_jdk
    say "Running: ${as_root:+$as_root }apt-get install $packages"
    # shellcheck disable=SC2086  # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >&2 ||
        fail "apt-get could not install $packages: install $things by other means, then run this again."
}

if ! has "$python"; then   # first of all, because it looks for a JDK
    find_missing
    install
fi
if has "$python" && ! python_fits; then
    fail "Python $(python_version) ($python) is not supported: name one from 3.10 to 3.13, as in make PYTHON=python3.12"
fi
find_missing
if [ -n "$packages" ]; then
    install
    find_missing
    [ -z "$packages" ] || fail "Still missing after the installation: $things. Check JAVA_HOME and PATH."
fi
