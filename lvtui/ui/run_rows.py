"""Rows of a plan that waits for its token, runs, or has run. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from lvtui.flow.apply import Waiting
from lvtui.flow.plans import StoredPlan
from lvtui.plan.command import Effect, Target
from lvtui.plan.plan import effect_of, needs_token
from lvtui.plan.script import purpose_of, shown
from lvtui.safe import SafeStr, safe
from lvtui.ui.widgets.text import EMPTY, Row, bold, columns, row, say, spoken, wrapped

STATES = {"started": "now", "done": "OK", "failed": "failed", "wait": "wait"}
CHANGES = {
    Target.NOTHING: "nothing",
    Target.CASE: "case folder",
    Target.DESTINATION: "destination",
    Target.KERNEL: "kernel only",
    Target.XAPI: "XenServer",
    Target.SOURCE: "THE DISK",
}


def head_rows(waiting: Waiting, width: int) -> tuple[Row, ...]:
    """Title, what must be known, where it stopped."""
    plan = waiting.stored.plan
    rows: list[Row] = [row(SafeStr(" "), bold(spoken(plan.title)))]
    for note in plan.notes:
        rows += wrapped(say("- {note}", note=str(note)), width - 2)
    if waiting.state is not None:
        rows += wrapped(spoken(waiting.state), width - 2)
    return tuple(rows)


def line_rows(stored: StoredPlan, states: Mapping[int, str], width: int) -> tuple[Row, ...]:
    """Each line with its state, what it changes and why it is there."""
    rows: list[Row] = []
    for number, step in enumerate(stored.plan.steps):
        effect, target = effect_of(step.line)
        changes = "nothing" if effect is Effect.READS else CHANGES[target]
        done = number < stored.progress.next_line
        state = states.get(number, "done" if done else "wait")
        head = columns((SafeStr(str(number + 1)), -3), (say(STATES[state]), 6), (say(changes), 11))
        words = wrapped(safe(purpose_of(step.line), limit_chars=400), width - len(head) - 3, 0)
        blank = SafeStr(" " * len(head))
        for index, line in enumerate(words):
            begin = head if index == 0 else blank
            text = SafeStr("".join(part.text for part in line))
            rows.append(row(begin, SafeStr(" "), bold(text) if needs_token(step.line) else text))
    return tuple(rows)


def command_rows(stored: StoredPlan) -> tuple[Row, ...]:
    """Every command as it will run, and the script that does the same without lvtui."""
    rows: list[Row] = []
    for number, step in enumerate(stored.plan.steps, 1):
        rows.append(row(say(" {n}. ", n=number), bold(safe(purpose_of(step.line)))))
        rows.append(row(SafeStr("    "), safe(shown(step.line), limit_chars=2000)))
    script = say(" The same for a shell: {path}", path=str(stored.folder / "plan.sh"))
    return (*rows, EMPTY, row(script))


def token_rows(token: str, typed: str, *, writes: bool) -> tuple[Row, ...]:
    """Where the four digits go."""
    field = typed.ljust(4, "_")
    head = (
        say(" From here lvtui writes to the damaged disk.")
        if writes
        else say(" This plan does not write to the damaged disk.")
    )
    ask = say(
        " To run it, type the four digits {token} and press F8:  [{field}]",
        token=token,
        field=field,
    )
    return (row(head), row(bold(ask)), row(say(" Enter or Esc goes back: nothing happens.")))
