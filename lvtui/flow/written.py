"""What the plans of a case have written to the damaged disk, in sentences: report, crash, leaving."""

from __future__ import annotations

from pathlib import Path

from lvtui.errors import LvtuiError
from lvtui.flow.plans import StoredPlan, stored_plans, undone_by
from lvtui.message import Message, message


def writes_of(case_dir: str | None) -> tuple[Message, ...]:
    """One sentence a plan that wrote, or began to; nothing where none did."""
    if case_dir is None:
        return ()
    try:
        plans = stored_plans(Path(case_dir))
    except LvtuiError as error:
        return (message("The plans of this case cannot be read: {why}", why=str(error.message)),)
    return tuple(_sentence(stored, plans) for stored in plans if stored.touched)


def _sentence(stored: StoredPlan, plans: tuple[StoredPlan, ...]) -> Message:
    undo = undone_by(stored, plans)
    if undo is not None:
        state = message("taken back by {name}, byte for byte", name=undo.name)
    elif stored.progress.finished:
        state = message(
            "done and proven; lvtui undo takes it back while nobody else changes the VG"
        )
    else:
        state = message("begun and not ended: lvtui undo takes it back")
    return message(
        "{name}: {title} ({state})",
        name=stored.name,
        title=str(stored.plan.title),
        state=str(state),
    )
