"""flock: locks that die with their process, so that none is ever stale."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path


def take_lock(path: Path, *, wait_tries: int = 1, wait_seconds: float = 0.05) -> int | None:
    """Take the flock at `path`; None when another process has it.

    A viewer that looks whether a worker lives holds it for an instant, so a starter tries again.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    for attempt in range(wait_tries):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt + 1 < wait_tries:
                time.sleep(wait_seconds)
        else:
            return descriptor
    os.close(descriptor)
    return None


def is_locked(path: Path) -> bool:
    """Whether a process holds the flock at `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
