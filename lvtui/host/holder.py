"""The small detached holder of the storage manager's lock of an SR.

sm locks with fcntl record locks (core/lock.py: `/var/lock/sm/<sr>/sr`), which flock(1) does not meet and
which a process loses with the first descriptor of the file that it closes: so one process opens it once
and does nothing else. Its own flock on a state file tells whether it lives.

    take LOCK STATE    start it; done when it holds the lock
    check STATE        exit 0 while it holds
    drop STATE         end it
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from lvtui.host.copy.jobs import self_argv
from lvtui.host.locks import is_locked, take_lock
from lvtui.host.machine import process_start

_TAKE_SECONDS = 330.0
"""sm's own calls hold it for seconds, a collector's step for minutes: it gives up after 300 s."""
_DROP_SECONDS = 10.0
_POLL_SECONDS = 0.05
_TRY_SECONDS = 0.2


def main(argv: Sequence[str]) -> int:
    """`_hold take|keep|check|drop …`; the exit code."""
    match list(argv):
        case ["take", lock, state]:
            return _take(lock, Path(state))
        case ["keep", lock, state]:
            return _keep(Path(lock), Path(state))
        case ["check", state]:
            return 0 if _holds(Path(state)) else 1
        case ["drop", state]:
            return _drop(Path(state))
    return 2


def _take(lock: str, state: Path) -> int:
    """Start the holder and wait until it says that it holds."""
    if _holds(state):
        return 0
    state.unlink(missing_ok=True)
    holder = subprocess.Popen(
        [*self_argv(), "_hold", "keep", lock, str(state)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
    )
    end = time.monotonic() + _TAKE_SECONDS
    while time.monotonic() < end:
        if holder.poll() is not None:
            return 1
        if _holds(state):
            return 0
        time.sleep(_POLL_SECONDS)
    holder.kill()
    holder.wait()
    return 1


def _keep(lock: Path, state: Path) -> int:
    """Hold until told to end. The lock's file is opened once and closed by the process's end alone."""
    mine = take_lock(state, wait_tries=40)
    if mine is None:
        return 1
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    for ignored in (signal.SIGHUP, signal.SIGINT):
        signal.signal(ignored, signal.SIG_IGN)
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    end = time.monotonic() + _TAKE_SECONDS
    while True:
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            if time.monotonic() > end or signal.sigtimedwait({signal.SIGTERM}, _TRY_SECONDS):
                return 1
    pid = os.getpid()
    os.pwrite(mine, f"{pid} {process_start(pid)}\n".encode(), 0)
    os.fsync(mine)
    signal.sigwait({signal.SIGTERM})
    return 0


def _holds(state: Path) -> bool:
    """Whether a holder lives and has said that it holds the lock."""
    return is_locked(state) and _process(state) is not None


def _process(state: Path) -> int | None:
    """Its pid, if that is still the process that wrote it."""
    with contextlib.suppress(OSError, ValueError):
        pid, started = state.read_text(encoding="ascii").split()
        if process_start(int(pid)) == started:
            return int(pid)
    return None


def _drop(state: Path) -> int:
    """End it; nothing to do where it is gone already."""
    pid = _process(state) if is_locked(state) else None
    if pid is None:
        return 0
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    end = time.monotonic() + _DROP_SECONDS
    while time.monotonic() < end:
        if not is_locked(state):
            return 0
        time.sleep(_POLL_SECONDS)
    return 1
