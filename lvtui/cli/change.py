"""The commands that lead to changes: plans of ways B and C, apply, undo, doctor."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from lvtui.cli import sources
from lvtui.cli.look import emit, emit_lines
from lvtui.flow.answers import Json
from lvtui.flow.apply import Waiting, apply_case, undo_case
from lvtui.flow.cases import find_case
from lvtui.flow.doctor import Finding, examine_host
from lvtui.flow.plans import StoredPlan
from lvtui.flow.ways import plan_way
from lvtui.lvm.merge import Conflict
from lvtui.plan.command import Patch, Save
from lvtui.plan.plan import effect_of, needs_token
from lvtui.plan.script import purpose_of, shown
from lvtui.safe import safe

CHECK_SAYS_STOP = 4


def plan(options: argparse.Namespace) -> int:
    """`lvtui plan SOURCE LV… --way b|c`."""
    discovery = sources.read(options)
    planned = plan_way(discovery, options.lvs, options.way, at=options.at, case=options.case)
    if planned.stored is None:
        if options.json:
            emit(_refused_answer(options.way, planned.conflicts))
        for conflict in planned.conflicts:
            print(
                f"lvtui: {safe(str(conflict.message), limit_chars=600)} [{conflict.code}]",
                file=sys.stderr,
            )
        return CHECK_SAYS_STOP
    if options.json:
        emit(plan_answer(planned.stored, token=None, ran=False))
    else:
        emit_lines(plan_lines(planned.stored))
        case = planned.case_dir
        print(
            f"Nothing was run. To run it: lvtui apply {safe(str(case), limit_chars=400)}",
            file=sys.stderr,
        )
    return 0


def apply(options: argparse.Namespace) -> int:
    """`lvtui apply CASE [--token NNNN]`."""
    case_dir = find_case(options.case_arg)
    return _said(apply_case(case_dir, options.token, watch=_watch), options, "apply")


def undo(options: argparse.Namespace) -> int:
    """`lvtui undo CASE [--token NNNN]`."""
    case_dir = find_case(options.case_arg)
    return _said(undo_case(case_dir, options.token, watch=_watch), options, "undo")


def _watch(number: int, state: str) -> None:
    print(f"line {number + 1} {state}", file=sys.stderr)


def _said(waiting: Waiting, options: argparse.Namespace, name: str) -> int:
    stored = waiting.stored
    if options.json:
        answer = plan_answer(stored, token=waiting.token, ran=waiting.ran)
        emit({**answer, "schema": f"lvtui.{name}/1"})
    elif not waiting.ran:
        emit_lines(plan_lines(stored))
        if waiting.state is not None:
            print(safe(str(waiting.state), limit_chars=400))
    if waiting.ran:
        if not options.json:
            print(f"Done and proven: {safe(str(stored.plan.title), limit_chars=400)}")
        return 0
    case = safe(str(stored.folder.parent.parent), limit_chars=400)
    print(
        f"Nothing was run. To run exactly this: lvtui {name} {case} --token {waiting.token}",
        file=sys.stderr,
    )
    return CHECK_SAYS_STOP


def plan_lines(stored: StoredPlan) -> list[str]:
    """A plan as an operator reads it."""
    plan_value = stored.plan
    lines = [str(safe(str(plan_value.title), limit_chars=400))]
    lines += [f"  {safe(str(note), limit_chars=400)}" for note in plan_value.notes]
    for number, step in enumerate(plan_value.steps, 1):
        effect, target = effect_of(step.line)
        mark = "  TOKEN" if needs_token(step.line) else ""
        lines.append(f"{number:>3} {effect.value}: {target.value}{mark}  {purpose_of(step.line)}")
        lines.append(f"      {safe(shown(step.line), limit_chars=1000)}")
    lines.append(f"Script: {safe(str(stored.folder / 'plan.sh'), limit_chars=400)}")
    return lines


def plan_answer(stored: StoredPlan, *, token: str | None, ran: bool) -> Json:
    """`lvtui.plan/1` of a way that writes; `lvtui.apply/1`, `lvtui.undo/1` have the same keys."""
    value = stored.plan
    return {
        "schema": "lvtui.plan/1",
        "way": value.kind,
        "case": str(stored.folder.parent.parent),
        "plan": stored.name,
        "hash": value.hash,
        "token": token,
        "ran": ran,
        "next_line": stored.progress.next_line + 1,
        "state": _state(stored, ran=ran),
        "title": str(value.title),
        "notes": [str(note) for note in value.notes],
        "undoes": value.undoes,
        "script": str(stored.folder / "plan.sh"),
        "writes_to_source_bytes": _written_bytes(stored),
        "refused": [],
        "lines": [_line_answer(number, stored) for number in range(len(value.steps))],
    }


def _state(stored: StoredPlan, *, ran: bool) -> str:
    progress = stored.progress
    if ran or progress.finished:
        return "finished"
    if progress.unknown:
        return "unknown"
    if progress.failed:
        return "failed"
    return "begun" if progress.approved else "waiting"


def _written_bytes(stored: StoredPlan) -> int:
    """What lvtui itself writes; LVM's own writes are a header and a text an area each time."""
    return sum(step.line.length_bytes for step in stored.plan.steps if isinstance(step.line, Patch))


def _line_answer(number: int, stored: StoredPlan) -> Json:
    line = stored.plan.steps[number].line
    effect, target = effect_of(line)
    answer: dict[str, Any] = {
        "line": number + 1,
        "kind": type(line).__name__.lower(),
        "effect": effect.value,
        "target": target.value,
        "token": needs_token(line),
        "purpose": str(line.purpose),
        "shown": shown(line),
    }
    if isinstance(line, Patch | Save):
        answer["offset_bytes"] = line.offset_bytes
        answer["length_bytes"] = line.length_bytes
    return answer


def _refused_answer(way: str, conflicts: tuple[Conflict, ...]) -> Json:
    return {
        "schema": "lvtui.plan/1",
        "way": way,
        "refused": [{"code": one.code, "message": str(one.message)} for one in conflicts],
        "lines": [],
    }


def doctor(options: argparse.Namespace) -> int:
    """`lvtui doctor`."""
    findings = examine_host()
    if options.json:
        rows = [{"what": f.what, "state": f.state, "fact": str(f.fact)} for f in findings]
        emit({"schema": "lvtui.doctor/1", "checks": rows})
    else:
        emit_lines(
            f"{f.state:<5} {f.what:<16} {safe(str(f.fact), limit_chars=300)}" for f in findings
        )
    return CHECK_SAYS_STOP if any(_stops(f) for f in findings) else 0


def _stops(finding: Finding) -> bool:
    return finding.state == "STOP"
