"""Copy jobs of a case: start, watch, ask, find again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lvtui.host.case import jobs_dir_of, make_private
from lvtui.host.copy import jobs
from lvtui.host.copy.folder import JobFolder
from lvtui.host.copy.target import refuse_strangers
from lvtui.host.ssh import open_line
from lvtui.plan.facts import CopyProgress
from lvtui.plan.job import JobSpec
from lvtui.plan.remote import is_remote, parse_remote


def start_job(case_dir: Path, spec: JobSpec, *, terminal: bool = True) -> Path:
    """Make (or find again) the job's directory and start its detached worker; returns the directory.

    The same source identity, LV, version, format and destination is the same job: unfinished, it
    resumes; finished, the destination is verified, or copied again if it is gone.

    With `terminal` ssh may ask there for what a line to another host needs; the wizard's is taken.

    Raises:
        DestinationError: refused, exists without a job, no space. LockedError: a worker runs.
    """
    make_private(case_dir)
    folder = jobs.make(jobs_dir_of(case_dir), spec)
    _open_line(folder, spec, terminal=terminal)
    if not is_remote(spec.to):
        refuse_strangers(folder, Path(spec.to))
    jobs.start(folder)
    return folder.path


def _open_line(folder: JobFolder, spec: JobSpec, *, terminal: bool) -> None:
    if is_remote(spec.to):
        log = folder.path / "stderr.log"
        open_line(parse_remote(spec.to), folder.path / "line", log, terminal=terminal)


def run_job(
    case_dir: Path, spec: JobSpec, *, on_progress: Callable[[CopyProgress], bool]
) -> CopyProgress:
    """The same in the foreground: watches until it ends; False from `on_progress` stops it."""
    return watch_job(start_job(case_dir, spec), on_progress)


def watch_job(job_dir: Path, on_progress: Callable[[CopyProgress], bool]) -> CopyProgress:
    """Watch until no worker has the job; False from `on_progress` asks it to stop."""
    return jobs.follow(JobFolder(job_dir), on_progress)


def leave_or_watch(job_dir: Path, on_progress: Callable[[CopyProgress], bool]) -> CopyProgress:
    """Watch until no worker has the job, or `on_progress` answers False: then it goes on alone."""
    return jobs.follow(JobFolder(job_dir), on_progress, stop=False)


def progress_of(job_dir: Path) -> CopyProgress:
    """What the job directory says now; cheap enough for once a second."""
    return jobs.progress(JobFolder(job_dir))


def spec_of(job_dir: Path) -> JobSpec:
    """What a job copies.

    Raises:
        UserError: it is no job directory.
    """
    return JobFolder(job_dir).spec()


def ask(
    job_dir: Path, want: str, *, rate_bytes_per_s: int | None = None, retries: int | None = None
) -> None:
    """Ask the worker to `run`, `pause`, `stop` or `finish`, or for another rate; it echoes the number.

    A rate of 0 lifts the limit; None keeps what was asked for before.
    """
    jobs.ask(JobFolder(job_dir), want, rate_bytes_per_s=rate_bytes_per_s, retries=retries)


def resume_job(job_dir: Path, *, terminal: bool = True) -> None:
    """Let a job go on: a worker that waits is asked to, else one is started.

    Raises:
        LockedError: one was started by somebody else at the same time.
    """
    folder = JobFolder(job_dir)
    _open_line(folder, folder.spec(), terminal=terminal)
    if jobs.is_alive(folder):
        jobs.ask(folder, "run")
    else:
        jobs.start(folder)


def find_jobs(case_dir: Path) -> tuple[Path, ...]:
    """The jobs of a case, oldest first."""
    return jobs.find(jobs_dir_of(case_dir))
