"""Who this machine and this process are, and what time it is for a worker."""

from __future__ import annotations

import contextlib
import os
import time
from functools import cache
from pathlib import Path
from typing import Protocol


@cache
def boot_id() -> str:
    """The kernel's id of this boot; empty where /proc is not there."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def process_start(pid: int) -> str:
    """When `pid` was started, in the kernel's ticks: with the pid it names one process of this boot."""
    with contextlib.suppress(OSError, IndexError):
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return text.rpartition(")")[2].split()[19]
    return ""


def boot_seconds() -> float:
    """Seconds since the boot, sleep included: the clock of heartbeats."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Clock(Protocol):
    """Time as the copier sees it; a test gives its own."""

    def now(self) -> float:
        """Seconds that only grow."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The real one."""

    def now(self) -> float:
        """See `Clock`."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """See `Clock`."""
        time.sleep(seconds)


def own_pid() -> int:
    """The pid of this process."""
    return os.getpid()
