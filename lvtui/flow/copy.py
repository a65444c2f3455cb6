"""From a lost volume to a verified image: the job, its destination, its start and its watching."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from lvtui.flow.discover import Discovery, LostReport
from lvtui.message import Message
from lvtui.plan.facts import CopyProgress
from lvtui.plan.job import JobSpec


class Severity(StrEnum):
    """Word of a check."""

    OK = "OK"
    WARN = "WARN"
    STOP = "STOP"
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check of a destination, with its code (`LV-DST-03`)."""

    severity: Severity
    code: str
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class DestinationRow:
    """A place that the Copy page offers."""

    path: str
    """A folder on a mounted file system."""
    filesystem: str
    free_bytes: int
    finding: Finding
    """Why it is not offered (STOP), or what to know (WARN), or OK."""


def suggest_destinations(discovery: Discovery, need_bytes: int) -> tuple[DestinationRow, ...]:
    """Mounted file systems with their free space; those that hold the source are STOP."""
    raise NotImplementedError


def check_destination(discovery: Discovery, to: str, need_bytes: int) -> tuple[Finding, ...]:
    """Everything that speaks against `to`, worst first; empty space needed is sparse-aware."""
    raise NotImplementedError


def default_file_name(report: LostReport, fmt: str) -> str:
    """`VHD-1b2c9f04-….lv`: safe for any file system."""
    raise NotImplementedError


def make_job(
    discovery: Discovery,
    report: LostReport,
    *,
    to: str,
    fmt: str = "lv",
    rate_bytes_per_s: int | None = None,
) -> JobSpec:
    """The job as a value.

    Raises:
        UserError, CheckStop: an unsupported segment type, an unknown format.
    """
    raise NotImplementedError


def dd_lines(discovery: Discovery, report: LostReport, *, to: str) -> tuple[str, ...]:
    """Way A by hand: `dd` lines, one a run of extents, that give the same image."""
    raise NotImplementedError


def start_job(case_dir: Path, spec: JobSpec) -> Path:
    """Make (or find again) the job's directory and start its detached worker; returns the directory.

    The same source identity, LV, version, format and destination is the same job: unfinished, it
    resumes; finished, the destination is verified.

    Raises:
        DestinationError: refused, exists without a job, no space. LockedError: a worker runs.
    """
    raise NotImplementedError


def run_job(
    case_dir: Path, spec: JobSpec, *, on_progress: Callable[[CopyProgress], bool]
) -> CopyProgress:
    """The same in the foreground: watches until it ends; False from `on_progress` stops it."""
    raise NotImplementedError


def progress_of(job_dir: Path) -> CopyProgress:
    """What the job directory says now; cheap enough for once a second."""
    raise NotImplementedError


def ask(job_dir: Path, want: str, *, rate_bytes_per_s: int | None = None) -> None:
    """Ask the worker to `run`, `pause` or `stop`, or for another rate; it echoes the number."""
    raise NotImplementedError


def resume_job(job_dir: Path) -> None:
    """Start a worker again for a stopped or failed job."""
    raise NotImplementedError


def find_jobs(case_dir: Path) -> tuple[Path, ...]:
    """The jobs of a case, oldest first."""
    raise NotImplementedError
