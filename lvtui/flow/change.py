"""What the wizard's Plan page needs of the ways that write: why closed, a preview, a run, an undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from lvtui.errors import CheckStop, LvtuiError, UserError
from lvtui.flow.apply import Waiting, apply_case, undo_case
from lvtui.flow.discover import Discovery
from lvtui.flow.execute import Watcher
from lvtui.flow.plans import StoredPlan, stored_plans, undone_by
from lvtui.flow.preflight import preflight
from lvtui.flow.ways import conflicts_of, plan_way
from lvtui.host.paths import is_folder
from lvtui.message import Message, message
from lvtui.plan.check import Word

WAYS = ("b", "c")
Ask = Callable[[str | None, Watcher | None], Waiting]
"""Without a token: the plan and its token. With it: run."""


def why_closed(
    discovery: Discovery, lv_uuids: Sequence[str], at: str | None, case_dir: str | None
) -> dict[str, Message]:
    """The first reason why each way is closed; a way that is open is not in it.

    Extents, devices and texts come first, then a check that says STOP for the ways that write.
    """
    found: dict[str, Message] = {}
    for way in WAYS:
        try:
            conflicts = conflicts_of(discovery, lv_uuids, way, at=at)
        except LvtuiError as error:
            found[way] = error.message
            continue
        if conflicts:
            found[way] = conflicts[0].message
    if len(found) < len(WAYS):
        checks = preflight(discovery, case_dir)
        stop = next((check for check in checks if check.writes is Word.STOP), None)
        if stop is not None:
            why = message("{fact}. {why}", fact=str(stop.fact), why=str(stop.reason))
            found = {way: found.get(way, why) for way in WAYS}
    return found


def begun(case_dir: str | None) -> StoredPlan | None:
    """A plan of the case that wrote, or began to, and has neither ended nor been taken back."""
    if case_dir is None:
        return None
    plans = stored_plans(Path(case_dir))
    for stored in reversed(plans):
        if stored.touched and not stored.progress.finished:
            return stored if undone_by(stored, plans) is None else None
    return None


def restoring(
    discovery: Discovery, lv_uuids: Sequence[str], way: str, at: str | None, case_dir: str
) -> Ask:
    """Way B or C of these volumes; a plan that was begun goes on instead of a new one."""

    def ask(token: str | None, watch: Watcher | None) -> Waiting:
        if token is None and begun(case_dir) is None:
            planned = plan_way(discovery, lv_uuids, way, at=at, case=case_dir)
            if planned.stored is None:
                first = planned.conflicts[0]
                raise CheckStop(first.code, "{why}", why=str(first.message))
        return apply_case(Path(case_dir), token, watch=watch)

    return ask


def undoing(case_dir: str) -> Ask:
    """What takes the last changes back."""

    def ask(token: str | None, watch: Watcher | None) -> Waiting:
        if not is_folder(case_dir):
            raise UserError(
                "LV-UND-20",
                "There is no case folder yet: nothing was changed, there is nothing to undo.",
            )
        return undo_case(Path(case_dir), token, watch=watch)

    return ask
