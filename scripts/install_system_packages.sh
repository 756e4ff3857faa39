#!/bin/sh
# Checks for what pip cannot install: Python's venv support, a JDK >= 17 and Maven. On Debian and Ubuntu installs
# what is missing with apt-get, after saying so; elsewhere says what to install. Nothing missing: no work, no output.
#
# Usage: install_system_packages.sh [PYTHON]      PYTHON defaults to python3
set -eu

python=${1:-python3}
lowest_java=17

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# venv alone is not enough: Debian's python3 has the module, but not the ensurepip that it calls.
has_venv() { "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; }

python_version() { "$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])'; }

python_fits() { "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

# The JDK that the launcher would choose: JAVA_HOME's, else the one on PATH; a compiler makes it a JDK.
has_jdk() {
    if [ -n "${JAVA_HOME:-}" ]; then compiler=$JAVA_HOME/bin/javac; else compiler=javac; fi
    version=$("$compiler" -version 2>&1) || return 1
    version=${version#javac }   # 1.8.0_402 or 17.0.15 or 21
    version=${version%%[.-]*}
    case $version in '' | *[!0-9]*) return 1 ;; esac
    [ "$version" -ge "$lowest_java" ]
}

# Sets $packages to the Debian names of what is missing, $things to what a person calls it.
find_missing() {
    packages='' things=''
    has "$python" || miss "python3 python3-venv" "Python 3.10 to 3.13 with venv"
    ! has "$python" || has_venv || miss "python$(python_version)-venv" "Python's venv package"
    has_jdk || miss "openjdk-$lowest_java-jdk-headless" "a JDK $lowest_java or later"
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

# Debian 13 has no OpenJDK 17 and Debian 12 no 21: default-jdk is what every release has.
choose_jdk() {
    case $packages in
    *"openjdk-$lowest_java"*)
        apt-cache show "openjdk-$lowest_java-jdk-headless" >/dev/null 2>&1 && return
        packages=$(printf '%s' "$packages" | sed "s/openjdk-$lowest_java-jdk-headless/default-jdk-headless/")
        ;;
    esac
}

install() {
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

if has "$python" && ! python_fits; then
    fail "Python $(python_version) ($python) is not supported: name one from 3.10 to 3.13, as in make PYTHON=python3.12"
fi
find_missing
if [ -n "$packages" ]; then
    has apt-get || fail "Please install $things, then run this again."
    install
    find_missing
    [ -z "$packages" ] || fail "Still missing after the installation: $things. Check JAVA_HOME and PATH."
fi
