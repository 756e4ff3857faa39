"""Become another user, and run the worker although that user cannot reach its files.

Root's Python and checkout are often in a home that other users cannot read, and a worker that runs uploaded
TorchScript must not be root. So the folders of modules are opened first. Then the rights are given up, and
modules are found through the open descriptors: for a path ``/proc/self/fd/N/…``, Linux does not check the
folders above an open folder.

Usage: ``python -m cluster.embedded.unprivileged UID GID WORKER_ARGUMENTS…``
"""
from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def open_folders(folders: Sequence[str]) -> dict[str, str]:
    """Open every folder that exists. Returns the path through the open descriptor for each path."""
    return {
        folder: f"/proc/self/fd/{os.open(folder, os.O_PATH | os.O_DIRECTORY)}"
        for folder in folders
        if folder and Path(folder).is_dir()
    }


def become(uid: int, gid: int) -> None:
    """Give up this process's rights for good: groups first, for only root may change them.

    Raises:
        PermissionError: the caller has no right to become that user.
    """
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def find_modules_in(opened: Mapping[str, str]) -> None:
    """Let imports, those of packages that are loaded already included, go through the opened folders."""
    sys.path[:] = [opened.get(folder, folder) for folder in sys.path]
    for module in list(sys.modules.values()):
        folders = getattr(module, "__path__", None)
        if isinstance(folders, list):
            folders[:] = [translate(folder, opened) for folder in folders]
    sys.path_importer_cache.clear()


def translate(path: str, opened: Mapping[str, str]) -> str:
    """The same path through the innermost opened folder that holds it; unchanged if none does."""
    holders = [folder for folder in opened if path == folder or path.startswith(f"{folder}/")]
    if not holders:
        return path
    holder = max(holders, key=len)
    return opened[holder] + path[len(holder) :]


def main(arguments: Sequence[str]) -> None:
    """Run the worker as the user and group whose numbers are the first two arguments."""
    uid, gid, *rest = arguments
    importlib.import_module("torch")  # looks for its libraries by their real path
    opened = open_folders(sys.path)
    become(int(uid), int(gid))
    find_modules_in(opened)
    importlib.import_module("cluster.embedded.worker").main(rest)


if __name__ == "__main__":
    main(sys.argv[1:])
