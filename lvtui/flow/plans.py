"""Plans in a case: stored, found again, and how far each has come by the journal.

plans/01-b/plan.json     the plan; its hash stands in the journal
plans/01-b/plan.sh       the same for a shell
plans/01-b/evidence/     what was kept before anything was changed
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lvtui.errors import FormatError, UserError
from lvtui.host.case import OpenCase, journal_records, plan_folders
from lvtui.host.keep import keep_bytes, read_kept
from lvtui.plan.command import Command
from lvtui.plan.plan import PLAN_SCHEMA, Plan
from lvtui.plan.script import script_of
from lvtui.plan.stored import decode, encode

PLANS = "plans"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a plan has come."""

    approved: bool
    next_line: int
    """The first line that is not known to be done."""
    unknown: bool
    """Whether that line was begun: `started` without an end."""
    failed: bool
    """Whether it ended badly."""
    finished: bool
    after: tuple[str, ...]
    """sha256 of each area when the plan had ended; empty: it has not."""

    @property
    def last_begun(self) -> int:
        """The last line that was begun; -1: none."""
        return self.next_line if self.unknown or self.failed else self.next_line - 1

    def touched(self, plan: Plan) -> bool:
        """Whether a line that writes to the source was begun."""
        return any(number <= self.last_begun for number in plan.writes())


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlan:
    """A plan of a case."""

    folder: Path
    plan: Plan
    progress: Progress

    @property
    def name(self) -> str:
        """`01-b`."""
        return self.folder.name

    @property
    def touched(self) -> bool:
        """Whether a line that writes to the source was begun."""
        return self.progress.touched(self.plan)

    @property
    def has_effects(self) -> bool:
        """Whether anything that can be taken back was begun: on the source, in the kernel, in xapi."""
        return self.touched or any(
            isinstance(step.line, Command) and step.line.undo is not None
            for step in self.plan.steps[: self.progress.last_begun + 1]
        )


def folder_for(case_dir: Path, kind: str) -> Path:
    """Where a new plan goes: behind the others; one of the same kind that was not begun is replaced."""
    folders = plan_folders(case_dir)
    if folders:
        last = folders[-1]
        number, _, was = last.name.partition("-")
        records = journal_records(case_dir)
        begun = any(
            record.get("plan") == last.name and record.get("event") != "planned"
            for record in records
        )
        if was == kind and not begun:
            return last
        return last.parent / f"{int(number) + 1:02}-{kind}"
    return case_dir / PLANS / f"01-{kind}"


def store_plan(case: OpenCase, folder: Path, plan: Plan) -> Path:
    """Keep a plan and its script; the script's path."""
    stored = {"schema": PLAN_SCHEMA, "hash": plan.hash, "plan": encode(plan)}
    keep_bytes(folder / "plan.json", json.dumps(stored, indent=1).encode())
    keep_bytes(folder / "plan.sh", script_of(plan).encode())
    case.note("planned", plan=folder.name, hash=plan.hash)
    return folder / "plan.sh"


def stored_plans(case_dir: Path) -> tuple[StoredPlan, ...]:
    """The plans of a case, oldest first.

    Raises:
        FormatError: a plan that is not as it was stored.
    """
    records = journal_records(case_dir)
    return tuple(_load(folder, records) for folder in plan_folders(case_dir))


def _load(folder: Path, records: tuple[dict[str, Any], ...]) -> StoredPlan:
    mine = [record for record in records if record.get("plan") == folder.name]
    try:
        stored = json.loads(read_kept(str(folder / "plan.json")))
        plan = decode(Plan, stored["plan"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _changed(folder) from None
    noted = [record.get("hash") for record in mine if record.get("event") == "planned"]
    if not noted or noted[-1] != plan.hash:
        raise _changed(folder)
    return StoredPlan(folder=folder, plan=plan, progress=progress_of(plan, mine))


def _changed(folder: Path) -> FormatError:
    return FormatError(
        "LV-PLN-02",
        "The plan in {folder} is not the one that was made. It is not run. Make it again.",
        folder=str(folder),
    )


def progress_of(plan: Plan, records: list[dict[str, Any]]) -> Progress:
    """What the journal's lines of a plan add up to."""
    next_line, unknown, failed, approved = 0, False, False, False
    finished = False
    after: tuple[str, ...] = ()
    for record in records:
        event, line = record.get("event"), record.get("line")
        if event == "planned":
            next_line, unknown, failed, approved, finished, after = (
                0,
                False,
                False,
                False,
                False,
                (),
            )
        elif event == "plan-approved":
            approved = True
        elif event == "line-started" and isinstance(line, int):
            next_line, unknown, failed = line, True, False
        elif event == "line-finished" and isinstance(line, int):
            next_line, unknown, failed = line + 1, False, False
        elif event == "line-failed" and isinstance(line, int):
            next_line, unknown, failed = line, False, True
        elif event == "plan-finished":
            finished = True
            after = tuple(str(item) for item in record.get("after", ()))
    return Progress(
        approved=approved,
        next_line=min(next_line, len(plan.steps)),
        unknown=unknown,
        failed=failed,
        finished=finished,
        after=after,
    )


def undone_by(target: StoredPlan, plans: tuple[StoredPlan, ...]) -> StoredPlan | None:
    """The finished plan that took a plan's changes back and was itself not taken back."""
    for plan in plans:
        if plan.plan.undoes == target.name and plan.progress.finished:
            return plan if undone_by(plan, plans) is None else None
    return None


def plan_to_apply(case_dir: Path) -> StoredPlan:
    """The next plan of a case that has not run to its end.

    Raises:
        UserError: `LV-PLN-03`, there is none.
    """
    plans = stored_plans(case_dir)
    for stored in reversed(plans):
        if stored.plan.kind != "undo" and not stored.progress.finished:
            if not stored.touched or undone_by(stored, plans) is None:
                return stored
            break
    raise UserError(
        "LV-PLN-03",
        "No plan of {case} waits to be run. Make one: lvtui plan SOURCE LV --way b --case {case}",
        case=str(case_dir),
    )
