"""The steps of the walk, and what each one needs before it can be entered."""

from __future__ import annotations

from enum import StrEnum

from lvtui.flow.session import Session
from lvtui.message import Message, message


class Step(StrEnum):
    """The pages that exist, in the order of the walk."""

    DEVICE = "device"
    VERSIONS = "versions"
    VOLUMES = "volumes"
    CHECKS = "checks"
    PLAN = "plan"
    COPY = "copy"
    REPORT = "report"


STEPS = tuple(Step)


def missing(session: Session, step: Step) -> Message | None:
    """What the session still lacks to enter `step`; None when it can be entered."""
    if step is not Step.DEVICE and session.source is None:
        return message("Choose the disk first.")
    if step in {Step.CHECKS, Step.PLAN, Step.COPY} and not session.lv_uuids:
        return message("Mark at least one lost volume first.")
    if step is Step.REPORT and not session.job_dirs:
        return message("Nothing was copied yet.")
    return None


def next_step(session: Session) -> Step:
    """Where a resumed session goes on: where it stopped, or the last step that it can enter."""
    wanted = Step(session.step) if session.step in STEPS else Step.DEVICE
    for step in reversed(STEPS[: STEPS.index(wanted) + 1]):
        if missing(session, step) is None:
            return step
    return Step.DEVICE
