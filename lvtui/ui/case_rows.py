"""How a case stands in the list of the start page. Pure."""

from __future__ import annotations

from lvtui.flow.case_list import CaseLine
from lvtui.plan.facts import CopyProgress, CopyState
from lvtui.safe import SafeStr, safe
from lvtui.ui.shown import when
from lvtui.ui.widgets.text import columns, cut_middle, joined, say
from lvtui.units import human_percent

STATES = {
    CopyState.WAITING: "copy is starting",
    CopyState.RUNNING: "copying {part}",
    CopyState.PAUSED: "paused at {part}",
    CopyState.VERIFYING: "comparing {part}",
    CopyState.STALLED: "copy is slow {part}",
    CopyState.STOPPED: "stopped at {part}",
    CopyState.FAILED: "copy failed at {part}",
    CopyState.DONE: "copied",
}
_TO_MINUTES = len("2026-11-22 02:51")


def case_row(case: CaseLine, wide: int) -> SafeStr:
    """What Enter does, name, source, how far it is, when it was last touched."""
    more = wide // 2
    return columns(
        (_word(case), 9),
        (safe(case.name), 10),
        (cut_middle(safe(case.session.source or "?", limit_chars=400), 14 + more), 14 + more),
        (_state(case), 22 + more),
        (SafeStr(when(int(case.changed_seconds))[:_TO_MINUTES]), _TO_MINUTES),
    )


def _word(case: CaseLine) -> SafeStr:
    if case.is_locked or case.session.read_only:
        return say("Look only")
    return say("Watch") if case.copies else say("Continue")


def _state(case: CaseLine) -> SafeStr:
    if case.is_finished:
        return say("finished, report ready")
    progress = case.progress
    if progress is None:
        return say("stopped at {step}", step=case.step.capitalize())
    pid = say(", pid {pid}", pid=progress.pid) if progress.pid is not None else SafeStr("")
    return joined(say(STATES[progress.state], part=_part(progress)), pid)


def _part(progress: CopyProgress) -> str:
    return human_percent(progress.done_bytes, progress.size_bytes)
