"""Questions about paths that other layers may ask; they open nothing."""

from __future__ import annotations

import os
from pathlib import Path


def exists(path: str) -> bool:
    """Whether something is at `path`; a name that no file can have is not there."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def is_folder(path: str) -> bool:
    """Whether `path` is a folder."""
    try:
        return Path(path).is_dir()
    except (OSError, ValueError):
        return False


def file_size_bytes(path: str) -> int:
    """Size of a file; 0 for what is none."""
    try:
        return Path(path).stat().st_size
    except (OSError, ValueError):
        return 0


def absolute(path: str) -> str:
    """`path` from the root, symbolic links kept: an operator recognises what was typed."""
    if path.startswith("ssh://"):  # on another host
        return path
    return os.path.abspath(path)  # noqa: PTH100 - Path.absolute keeps `..`


def is_root() -> bool:
    """Whether this process may open block devices."""
    return os.geteuid() == 0
