"""Jobs as viewers see them: make, find, start, watch, ask. Nothing here copies.

A worker lives as long as its lock is held; its heartbeat is the age of `progress.json`. Both are read
from the job directory, so any number of viewers may watch.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lvtui.errors import LockedError
from lvtui.host.copy.folder import JobFolder
from lvtui.host.files import PRIVATE_FILE, Files, SystemFiles
from lvtui.host.locks import is_locked, take_lock
from lvtui.host.machine import boot_id, boot_seconds
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.plan.job import JobSpec
from lvtui.plan.stored import encode

STALLED_SECONDS = 10.0
LOCK_TRIES = 20
FOLLOW_SECONDS = 0.25

_ENDED = {CopyState.STOPPED, CopyState.FAILED, CopyState.DONE}


def self_argv() -> tuple[str, ...]:
    """How to start this lvtui again: `python -m lvtui`, or the one file that holds everything."""
    package = str(Path(__file__).parents[2])
    if package.startswith(sys.executable + os.sep):
        return (sys.executable,)
    return (sys.executable, "-m", "lvtui")


def job_id(spec: JobSpec) -> str:
    """The same source identity, LV, version, format and destination is the same job."""
    sources = [
        (
            source.identity.kind,
            source.identity.size_bytes,
            source.pv_uuid or source.identity.rdev or source.identity.inode,
        )
        for source in spec.sources
    ]
    identity: list[object] = [sources, spec.vg_uuid, spec.lv_uuid, spec.version_id]
    identity += [spec.format, spec.to]
    if spec.layers:  # with other parents it is another disk
        layers = [encode((layer.name, layer.size_bytes, layer.pieces[:1])) for layer in spec.layers]
        identity += [layers, spec.partial]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:12]


def make(jobs_dir: Path, spec: JobSpec, files: Files | None = None) -> JobFolder:
    """The folder of a job, made or found again; what is known of it now is kept in it."""
    files = files or SystemFiles()
    if not jobs_dir.exists():
        files.mkdir(jobs_dir)
        files.fsync_folder(jobs_dir.parent)
    folder = JobFolder(jobs_dir / f"job-{job_id(spec)}")
    if not folder.path.exists():
        files.mkdir(folder.path)
        files.fsync_folder(jobs_dir)
    if not (folder.path / "job.json").exists() or folder.spec() != spec:
        folder.write_spec(files, spec)
    return folder


def find(jobs_dir: Path) -> tuple[Path, ...]:
    """The jobs in a folder, oldest first."""
    found = [path for path in jobs_dir.glob("job-*") if (path / "job.json").exists()]
    return tuple(sorted(found, key=lambda path: (path.lstat().st_ctime_ns, path.name)))


def start(folder: JobFolder, *, argv: tuple[str, ...] | None = None) -> None:
    """Start a worker for a job.

    Raises:
        LockedError: `LV-JOB-02`, one runs.
    """
    lock = take_lock(folder.lock_path, wait_tries=LOCK_TRIES)
    if lock is None:
        raise LockedError(
            "LV-JOB-02", "A worker copies this job already: {path}.", path=str(folder.path)
        )
    try:
        ask(folder, "run")
        command = (*(argv or (*self_argv(), "_worker")), str(folder.path))
        errors = open_private_log(folder.path / "stderr.log")
        try:
            worker = subprocess.Popen(
                command,
                stdin=lock,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
                # where the package is, for one that runs from its own source tree
                cwd=Path(__file__).parents[3],
            )
        finally:
            os.close(errors)
        worker.wait()  # it forks, and the child goes on
    finally:
        os.close(lock)


def open_private_log(path: Path) -> int:
    """A log that only root reads, opened to append."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, PRIVATE_FILE)


def ask(
    folder: JobFolder,
    want: str,
    *,
    rate_bytes_per_s: int | None = None,
    retries: int | None = None,
) -> int:
    """Ask the worker for something; returns the number that it will echo.

    A rate of 0 lifts the limit; None (of retries, too) keeps what was asked for before.
    """
    lock = take_lock(folder.path / "want.lock", wait_tries=LOCK_TRIES)
    try:
        for torn in folder.path.glob("want.*.new") if lock is not None else ():
            torn.unlink(missing_ok=True)
        before = folder.want()
        rate = before.rate_bytes_per_s if rate_bytes_per_s is None else rate_bytes_per_s
        asked = replace(
            before,
            want=want,
            rate_bytes_per_s=rate,
            retries=before.retries if retries is None else retries,
            n=before.n + 1,
        )
        folder.write_want(SystemFiles(), asked)
    finally:
        if lock is not None:
            os.close(lock)
    return asked.n


def is_alive(folder: JobFolder) -> bool:
    """Whether a worker has this job."""
    return is_locked(folder.lock_path)


def progress(folder: JobFolder) -> CopyProgress:
    """What the job directory says now."""
    alive = is_alive(folder)
    heartbeat = folder.heartbeat()
    if heartbeat is None:
        state = CopyState.WAITING if alive else CopyState.STOPPED
        return _unstarted(folder.spec(), state)
    said = heartbeat.progress
    if not alive:
        ended = said.state if said.state in _ENDED else CopyState.STOPPED
        return replace(said, state=ended, pid=None, rate_now_bytes_per_s=0.0, eta_seconds=None)
    age_seconds = boot_seconds() - heartbeat.boot_seconds
    if heartbeat.boot_id != boot_id() or said.state in _ENDED:
        # what an earlier worker said; the new one has not spoken yet
        return replace(said, state=CopyState.WAITING, problem=None)
    if age_seconds > STALLED_SECONDS:
        return replace(said, state=CopyState.STALLED)
    return said


def follow(
    folder: JobFolder, on_progress: Callable[[CopyProgress], bool], *, stop: bool = True
) -> CopyProgress:
    """Watch until no worker has the job.

    False from `on_progress` asks it to stop, once; without `stop` the viewer leaves instead.
    """
    asked = False
    while True:
        alive = is_alive(folder)
        seen = progress(folder)
        if not alive:
            on_progress(seen)
            return seen
        if not on_progress(seen) and not asked:
            if not stop:
                return seen
            ask(folder, "stop")
            asked = True
        time.sleep(FOLLOW_SECONDS)


def _unstarted(spec: JobSpec, state: CopyState) -> CopyProgress:
    return CopyProgress(
        state=state,
        size_bytes=spec.size_bytes,
        done_bytes=0,
        holes_bytes=0,
        unreadable_bytes=0,
        read_errors=0,
        rate_now_bytes_per_s=0.0,
        rate_average_bytes_per_s=0.0,
        eta_seconds=None,
        running_seconds=0.0,
        last_good_read_seconds=None,
        pid=None,
        rate_limit_bytes_per_s=spec.rate_bytes_per_s,
        problem=None,
        result=None,
    )
