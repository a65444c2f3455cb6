"""run_plan: the only way in which lvtui changes a host.

Guards are asked again right before their line; the journal knows of a line before it begins and after
it has ended; the first surprise stops. A line whose end is not known is looked at, never simply run
again: what it did stands on the disk.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from lvtui.errors import (
    CommandFailed,
    LvtuiError,
    Refused,
    SourceChangedError,
    VerifyError,
)
from lvtui.flow.areas import areas_now, check_stage, hashes
from lvtui.flow.plans import StoredPlan
from lvtui.host.case import OpenCase, journal_records
from lvtui.host.keep import holds, note_sums, put, save
from lvtui.host.patch import apply_patch, group_lock
from lvtui.lvm.releases import meanings
from lvtui.plan.command import (
    ByteGuard,
    Check,
    Command,
    FileEffect,
    Outcome,
    Patch,
    Prove,
    Runner,
    Save,
)
from lvtui.plan.plan import AnyGuard, Approval, Guard, Line, Plan, StageGuard, needs_token
from lvtui.plan.script import shown
from lvtui.safe import safe

_TAIL_BYTES = 2000

Watcher = Callable[[int, str], None]
"""(line number, `started`, `done`): for a screen."""


def _silent(_number: int, _state: str) -> None:
    pass


def run_plan(
    stored: StoredPlan,
    runner: Runner,
    case: OpenCase,
    approval: Approval,
    watch: Watcher = _silent,
) -> None:
    """Run the lines that are left.

    Raises:
        LvtuiError: the line that stopped it; the journal holds which, and what it said.
    """
    plan, progress = stored.plan, stored.progress
    case.note("plan-approved", plan=stored.name, hash=plan.hash, line=progress.next_line)
    sums = _sums_so_far(case, stored.name)
    for number, step in enumerate(plan.steps[progress.next_line :], progress.next_line):
        resumed = number == progress.next_line and (progress.unknown or progress.failed)
        if resumed and is_done(plan, number):
            case.note("line-finished", plan=stored.name, line=number, probed=True)
            continue
        try:
            for guard in step.guards:
                check_guard(plan, guard, runner)
        except LvtuiError as error:
            case.note(
                "guard-failed", plan=stored.name, line=number, code=error.code, why=str(error)
            )
            raise
        case.note(
            "line-started", plan=stored.name, line=number, what=shown(step.line)[:_TAIL_BYTES]
        )
        watch(number, "started")
        try:
            told = _run(plan, step.line, runner, approval, sums, resumed=resumed)
        except LvtuiError as error:
            case.note("line-failed", plan=stored.name, line=number, code=error.code, why=str(error))
            raise
        case.note("line-finished", plan=stored.name, line=number, **told)
        if isinstance(step.line, Save):
            note_sums(stored.folder / "evidence", _sums_of(stored.folder, sums))
        watch(number, "done")
    case.note("plan-finished", plan=stored.name, after=list(hashes(plan)))


def _sums_so_far(case: OpenCase, name: str) -> dict[str, str]:
    """What earlier runs of the plan kept."""
    return {
        str(record["file"]): str(record["sha256"])
        for record in journal_records(case.path)
        if record.get("plan") == name and record.get("sha256") and record.get("file")
    }


def _sums_of(folder: Path, sums: dict[str, str]) -> dict[str, str]:
    inside = f"{folder}/evidence/"
    return {
        name.removeprefix(inside): digest
        for name, digest in sums.items()
        if name.startswith(inside)
    }


def check_guard(plan: Plan, guard: AnyGuard, runner: Runner) -> None:
    """What must hold right before a line.

    Raises:
        SourceChangedError: the disk is not as planned. Refused: a tool answers otherwise.
    """
    if isinstance(guard, StageGuard):
        check_stage(plan, guard.stage)
    elif isinstance(guard, ByteGuard):
        if not holds(guard):
            raise SourceChangedError(
                "LV-EXE-01",
                "{path} changed at byte {offset} since the plan was made. Nothing was changed by "
                "lvtui there. Make the plan again.",
                path=guard.path,
                offset=guard.offset_bytes,
            )
    else:
        _ask(guard, runner)


def _ask(guard: Guard, runner: Runner) -> None:
    outcome = runner.run(guard.command)
    text = outcome.stdout.decode("utf-8", "replace")
    if (
        outcome.exit_code != 0
        or (guard.must is not None and not re.search(guard.must, text, re.MULTILINE))
        or (guard.must_not is not None and re.search(guard.must_not, text, re.MULTILINE))
    ):
        raise Refused(
            "LV-EXE-02",
            "Not run: {purpose}. Asked: {command} - answer {answer}: {said}",
            purpose=str(guard.purpose),
            command=shown(guard.command),
            answer=str(outcome.exit_code),
            said=_said(outcome),
        )


def _run(
    plan: Plan,
    line: Line,
    runner: Runner,
    approval: Approval,
    sums: dict[str, str],
    *,
    resumed: bool,
) -> dict[str, object]:
    """Do one line; what the journal keeps of it."""
    match line:
        case Command():
            return _command(line, runner)
        case Patch():
            with group_lock(plan.lock_file):
                apply_patch(line, approval, resumed=resumed)
        case FileEffect():
            put(line)
        case Save():
            digest = save(line)
            if digest is not None:
                sums[line.to_file] = digest
            return {"sha256": digest, "file": line.to_file}
        case Prove():
            _prove(plan, line)
        case Check():
            _check(line)
    return {}


def _command(line: Command, runner: Runner) -> dict[str, object]:
    outcome = runner.run(line)
    said = outcome.stdout.decode("utf-8", "replace")
    expected = line.expect is None or line.expect in said
    refused = [str(one) for one in meanings((outcome.stderr, outcome.stdout))]
    # 2.02 answers 0 to a rehearsal and to a restore that its configuration forbids.
    if outcome.exit_code != 0 or not expected or (refused and line.argv[0] == "vgcfgrestore"):
        raise CommandFailed(
            "LV-EXE-03",
            "{command} did not do what the plan expects (answer {answer}). {meaning}It said: {said}",
            command=shown(line),
            answer=str(outcome.exit_code),
            meaning="".join(f"Meaning: {one}. " for one in refused),
            said=_said(outcome),
        )
    return {
        "exit": outcome.exit_code,
        "seconds": round(outcome.seconds, 3),
        "stdout": said[-_TAIL_BYTES:],
        "stderr": outcome.stderr.decode("utf-8", "replace")[-_TAIL_BYTES:],
    }


def _said(outcome: Outcome) -> str:
    """The last words of a tool."""
    text = (outcome.stderr.strip() or outcome.stdout.strip()).decode("utf-8", "replace")
    return safe(" / ".join(text.splitlines()[-3:]), limit_chars=300) or "nothing"


def _prove(plan: Plan, line: Prove) -> None:
    try:
        check_stage(plan, line.stage)
    except SourceChangedError as error:
        raise VerifyError(
            "LV-EXE-04",
            "The metadata areas do not hold what LVM was to write. {why}",
            changed=True,
            why=str(error),
        ) from error


def _check(line: Check) -> None:
    for guard in line.guards:
        if not holds(guard):
            raise VerifyError(
                "LV-EXE-05",
                "{path} does not hold the expected bytes at {offset}.",
                path=guard.path,
                offset=guard.offset_bytes,
            )


def is_done(plan: Plan, number: int) -> bool:
    """Whether a line whose end is not known was done; False: nothing of it was, or it may run again.

    Raises:
        CommandFailed: `LV-EXE-06`, it was done in part: only undo is left.
    """
    line = plan.steps[number].line
    if not isinstance(line, Command) or not needs_token(line):
        return False
    stages = [guard.stage for guard in plan.steps[number].guards if isinstance(guard, StageGuard)]
    stage = stages[0] if stages else 0
    # A restore that was left alone may still be at work: it holds the group's lock.
    with group_lock(plan.lock_file):
        states = [area.state for area in areas_now(plan)]
    if all(state.clean and state.stage == stage + 1 for state in states):
        return True
    if all(state.clean and state.stage == stage for state in states):
        return False
    raise CommandFailed(
        "LV-EXE-06",
        "Line {line} was cut off in the middle: the metadata areas are neither as before nor as "
        "planned. Take it back: lvtui undo.",
        changed=True,
        line=number + 1,
    )
