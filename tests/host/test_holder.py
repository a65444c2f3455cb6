"""The storage manager's lock, held by a real process, seen as sm's own code sees it."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path


def hold(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lvtui", "_hold", *argv],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def is_free(lock: Path) -> bool:
    """As sm asks: fcntl's record lock, not flock's."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def test_taken_checked_and_dropped(tmp_path: Path) -> None:
    lock, state = tmp_path / "sm" / "sr", tmp_path / "held"
    asked = ("check", str(state))

    assert hold(*asked).returncode == 1
    assert hold("take", str(lock), str(state)).returncode == 0
    assert (hold(*asked).returncode, is_free(lock)) == (0, False)
    assert hold("take", str(lock), str(state)).returncode == 0
    assert hold("drop", str(state)).returncode == 0
    assert (hold(*asked).returncode, is_free(lock)) == (1, True)
    assert hold("drop", str(state)).returncode == 0


def test_a_holder_that_died_does_not_hold(tmp_path: Path) -> None:
    lock, state = tmp_path / "sr", tmp_path / "held"
    assert hold("take", str(lock), str(state)).returncode == 0
    pid = int(state.read_text().split()[0])
    os.kill(pid, signal.SIGHUP)
    assert hold("check", str(state)).returncode == 0
    os.kill(pid, signal.SIGKILL)
    while Path(f"/proc/{pid}/stat").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text():
        os.sched_yield()

    assert hold("check", str(state)).returncode == 1
    assert is_free(lock)
    assert hold("drop", str(state)).returncode == 0


def test_it_waits_for_the_storage_manager_to_finish(tmp_path: Path) -> None:
    lock, state = tmp_path / "sr", tmp_path / "held"
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT)
    fcntl.lockf(descriptor, fcntl.LOCK_EX)
    with subprocess.Popen(
        [sys.executable, "-m", "lvtui", "_hold", "take", str(lock), str(state)],
        stdout=subprocess.DEVNULL,
    ) as waiting:
        while not state.exists():
            os.sched_yield()
        still = hold("check", str(state)).returncode
        os.close(descriptor)
        taken = waiting.wait(timeout=60)

    assert (still, taken) == (1, 0)
    assert not is_free(lock)
    assert hold("drop", str(state)).returncode == 0


def test_other_words_are_usage(tmp_path: Path) -> None:
    assert hold("frobnicate", str(tmp_path)).returncode == 2
