"""The short child that a worker starts when the volume group changed: `lvtui _recheck JOB`.

It parses, which the worker must not, and leaves its answer in the job directory.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from lvtui.errors import FormatError
from lvtui.host.copy.folder import JobFolder
from lvtui.host.copy.jobs import open_private_log, self_argv
from lvtui.host.files import Files, unlink_if_there
from lvtui.plan.recheck import Recheck

SECONDS_MAX = 300.0
_POLL_SECONDS = 0.2


def run_recheck(folder: JobFolder, files: Files, tick: Callable[[], None]) -> Recheck | None:
    """What the child says; None: it failed, and nothing is known.

    `tick` is called while it runs, so that the worker does not look hung.
    """
    with contextlib.suppress(OSError):
        unlink_if_there(files, folder.recheck_path)
    try:
        errors = open_private_log(folder.path / "stderr.log")
        try:
            child = subprocess.Popen(
                (*self_argv(), "_recheck", str(folder.path)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                # where the package is, for one that runs from its own source tree
                cwd=Path(__file__).parents[3],
            )
        finally:
            os.close(errors)
    except OSError:
        return None
    if not _ended_well(child, tick):
        return None
    try:
        return folder.recheck()
    except FormatError:
        return None


def _ended_well(child: subprocess.Popen[bytes], tick: Callable[[], None]) -> bool:
    waited = 0.0
    while waited < SECONDS_MAX:
        try:
            return child.wait(_POLL_SECONDS) == 0
        except subprocess.TimeoutExpired:
            waited += _POLL_SECONDS
            tick()
    child.kill()
    child.wait()
    return False
