"""`apply` and `undo`: what waits in a case is shown with its token, and run with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lvtui.errors import (
    CommandFailed,
    LvtuiError,
    NeedsRootError,
    VerifyError,
    WriteNotUndone,
    WriteUndone,
)
from lvtui.flow.execute import Watcher, run_plan
from lvtui.flow.plans import StoredPlan, plan_to_apply, stored_plans
from lvtui.flow.undo import make_undo, plan_to_undo
from lvtui.host.case import OpenCase
from lvtui.host.paths import is_root
from lvtui.host.runner import SystemRunner
from lvtui.message import Message, message
from lvtui.plan.command import Runner
from lvtui.plan.plan import approve


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A plan that waits for its token, or has run."""

    stored: StoredPlan
    token: str
    ran: bool
    state: Message | None
    """Where it stopped, if it was begun before."""


def apply_case(
    case_dir: Path,
    token: str | None,
    *,
    runner: Runner | None = None,
    watch: Watcher | None = None,
) -> Waiting:
    """Show the next plan of a case, or run it.

    Raises:
        LvtuiError: a guard, a line, or its proof; 8 and 9 where something was written.
    """
    with OpenCase(case_dir) as case:
        stored = plan_to_apply(case_dir)
        return _show_or_run(case, stored, token, runner or SystemRunner(), watch)


def undo_case(
    case_dir: Path,
    token: str | None,
    *,
    runner: Runner | None = None,
    watch: Watcher | None = None,
) -> Waiting:
    """Show the plan that takes the last changes back, or run it.

    Raises:
        LvtuiError: as `apply_case`.
    """
    runner = runner or SystemRunner()
    with OpenCase(case_dir) as case:
        stored = _undo_under_way(case_dir)
        if stored is None:
            stored = make_undo(case, plan_to_undo(case_dir), runner)
        return _show_or_run(case, stored, token, runner, watch)


def _undo_under_way(case_dir: Path) -> StoredPlan | None:
    """An undo that was begun and has not ended goes on before another one is made."""
    plans = stored_plans(case_dir)
    last = plans[-1] if plans else None
    begun = last is not None and last.plan.kind == "undo" and last.touched
    return last if begun and last is not None and not last.progress.finished else None


def _show_or_run(
    case: OpenCase,
    stored: StoredPlan,
    token: str | None,
    runner: Runner,
    watch: Watcher | None,
) -> Waiting:
    progress = stored.progress
    position = progress.next_line
    if token is None:
        return Waiting(
            stored=stored,
            token=stored.plan.token(position),
            ran=False,
            state=_state(stored),
        )
    approval = approve(stored.plan, token, position)
    if not is_root():
        raise NeedsRootError(
            "LV-PLN-04", "This plan changes devices of this host. Start lvtui as root."
        )
    try:
        run_plan(stored, runner, case, approval, *(() if watch is None else (watch,)))
    except LvtuiError as error:
        _after_failure(case, stored.name, error, runner)
        raise
    return Waiting(stored=stored, token=token, ran=True, state=None)


def _state(stored: StoredPlan) -> Message | None:
    progress = stored.progress
    if not progress.approved:
        return None
    if progress.unknown:
        return message(
            "Line {line} was begun, and its end is not known. What it did is looked at first; it is "
            "not run again blindly.",
            line=progress.next_line + 1,
        )
    if progress.failed:
        return message("Line {line} failed.", line=progress.next_line + 1)
    return message("Goes on at line {line}.", line=progress.next_line + 1)


def _after_failure(case: OpenCase, name: str, error: LvtuiError, runner: Runner) -> None:
    """A write of a restore plan that failed is taken back at once.

    Raises:
        WriteUndone: 8. WriteNotUndone: 9.
    """
    stored = next(one for one in stored_plans(case.path) if one.name == name)
    failed = stored.progress.next_line
    wrote = failed in set(stored.plan.writes()) or isinstance(error, VerifyError)
    if stored.plan.kind == "undo":
        if stored.touched and stored.progress.failed:
            raise _not_undone(error, error) from error
        return
    if not stored.touched or not wrote or not stored.progress.failed:
        return
    try:
        undo = make_undo(case, stored, runner)
        if not any(True for _ in undo.plan.writes()):
            # Nothing differs from before: the tool refused and wrote nothing.
            case.note("nothing-written", plan=name)
            return
        run_plan(undo, runner, case, approve(undo.plan, undo.plan.token()))
    except LvtuiError as second:
        raise _not_undone(error, second) from second
    raise WriteUndone(
        "LV-PLN-05",
        "A write failed and was undone: the disk holds the old bytes again. {why}",
        changed=False,
        why=str(error),
    ) from error


def _not_undone(error: LvtuiError, second: LvtuiError) -> WriteNotUndone:
    why = str(error) if second is error else f"{error} / {second}"
    return WriteNotUndone(
        "LV-PLN-06",
        "A write failed and was not undone. The bytes from before are in the case folder, under "
        "plans: go on with lvtui undo, or write them back by its script. {why}",
        changed=True,
        why=why,
    )


__all__ = ["CommandFailed", "Waiting", "apply_case", "undo_case"]
