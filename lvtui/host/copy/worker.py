"""The worker: a process of its own that copies one job, whatever happens to the terminal.

Started by `jobs.start` as `lvtui _worker JOBDIR` in a new session, with the job's lock as its standard
input: the lock is held before the starter lets go, and dies with the worker. It must stay small: no
textual, rich, pyparsing or humanize (a test looks).
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from lvtui.errors import LockedError, LvtuiError
from lvtui.host.copy.control import Control
from lvtui.host.copy.folder import JobFolder
from lvtui.host.copy.run import run
from lvtui.host.files import SystemFiles
from lvtui.host.locks import take_lock
from lvtui.host.machine import SystemClock
from lvtui.plan.facts import CopyState
from lvtui.plan.job import exit_code

INTERRUPTED = 130


def main(job_dir: str) -> int:
    """Copy the job of `job_dir`; returns an exit code of commands.md."""
    os.umask(0o077)
    folder = JobFolder(Path(job_dir).resolve())
    os.chdir("/")
    try:
        _hold_lock(folder)
        progress = run(folder, SystemFiles(), SystemClock(), ready=_heed_signals)
    except LvtuiError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        return error.exit_code
    if progress.state is CopyState.STOPPED:
        return INTERRUPTED
    if progress.problem_exit is not None:
        return progress.problem_exit
    assert progress.result is not None, "a copy that neither stopped nor failed has a result"
    return exit_code(folder.spec(), progress.result)


def _hold_lock(folder: JobFolder) -> None:
    """Keep the lock that came as standard input, or take it; leave the starter if it waits."""
    try:
        is_given = os.path.samestat(os.fstat(0), folder.lock_path.stat())
    except OSError:
        is_given = False
    if not is_given:
        if take_lock(folder.lock_path) is None:
            raise LockedError(
                "LV-JOB-02", "A worker copies this job already: {path}.", path=str(folder.path)
            )
        return
    os.dup(0)  # the lock stays with this descriptor
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.close(null)
    if os.fork():
        os._exit(0)


def _heed_signals(control: Control) -> None:
    """A closed terminal is nothing to a worker; a request to end is a checkpoint and an end."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: control.signal())
