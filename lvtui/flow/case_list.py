"""The cases of this user as the start page lists them: where each stopped, and what its copy does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lvtui.errors import LvtuiError
from lvtui.flow.cases import list_cases, session_of
from lvtui.flow.jobs import find_jobs, progress_of, spec_of
from lvtui.flow.session import Session
from lvtui.flow.steps import Step, next_step
from lvtui.host.case import CaseFacts
from lvtui.plan.facts import CopyProgress, CopyState

COPIES = frozenset(
    {CopyState.WAITING, CopyState.RUNNING, CopyState.PAUSED, CopyState.VERIFYING, CopyState.STALLED}
)
"""States in which a worker lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """One case."""

    name: str
    session: Session
    changed_seconds: float
    is_locked: bool
    """Another lvtui works on it."""
    progress: CopyProgress | None
    """Of its last copy."""

    @property
    def step(self) -> Step:
        """Where it goes on."""
        return next_step(self.session)

    @property
    def copies(self) -> bool:
        """Whether a copy of it is under way."""
        return self.progress is not None and self.progress.state in COPIES

    @property
    def is_finished(self) -> bool:
        """Whether it ended with verified images and a report."""
        done = self.progress is not None and self.progress.state is CopyState.DONE
        return done and self.step is Step.REPORT


def case_lines(home: Path | None = None) -> tuple[CaseLine, ...]:
    """The cases that can be gone on with, newest first."""
    found = (_line(facts) for facts in list_cases(home))
    return tuple(line for line in found if line is not None)


def _line(facts: CaseFacts) -> CaseLine | None:
    jobs = find_jobs(facts.path)
    session = session_of(facts)
    if session is None or session.source is None:
        session = _of_command(facts.path, jobs)
    if session is None:
        return None
    return CaseLine(
        name=facts.name,
        session=session,
        changed_seconds=facts.changed_seconds,
        is_locked=facts.is_locked,
        progress=_progress(jobs[-1]) if jobs else None,
    )


def _progress(job_dir: Path) -> CopyProgress | None:
    try:
        return progress_of(job_dir)
    except LvtuiError:  # a job that cannot be read: its page says why
        return None


def _of_command(case_dir: Path, jobs: tuple[Path, ...]) -> Session | None:
    """A case that `lvtui extract` made has no answers, only its copies: those can be watched."""
    if not jobs:
        return None
    try:
        spec = spec_of(jobs[-1])
    except LvtuiError:
        return None
    return Session(
        case_dir=str(case_dir),
        source=",".join(source.path for source in spec.sources),
        lv_uuids=(spec.lv_uuid,),
        format=spec.format,
        destination=str(Path(spec.to).parent),
        job_dirs=tuple(str(job) for job in jobs),
        step=Step.COPY.value,
    )
