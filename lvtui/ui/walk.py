"""The walk: what a page is given and what it hands on, as one frozen value."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from lvtui.flow.case_hold import CaseHold
from lvtui.flow.devices import DeviceRow
from lvtui.flow.discover import Discovery
from lvtui.flow.judging import LostReport
from lvtui.flow.session import Session
from lvtui.flow.steps import STEPS, Step
from lvtui.lvm.history import History, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The operator's answers (`session`) and what was read from the disk for them."""

    session: Session
    host: str = ""
    """Name of this host; empty where it does not matter (demo)."""
    devices: tuple[DeviceRow, ...] | None = None
    """None: not scanned yet."""
    discovery: Discovery | None = None
    """None: the source was not read yet."""
    reports: tuple[LostReport, ...] = ()
    """The lost volumes as the chosen version has them."""
    is_viewer: bool = False
    """Another lvtui works on the case: it is only looked at."""
    hold: CaseHold | None = field(default=None, compare=False)
    """The lock of the case; None in a walk that no wizard leads."""
    history_index: int = 0
    """Which of the disk's histories the Versions page shows."""

    def to(self, step: str, **answers: Any) -> Walk:  # noqa: ANN401 - fields of Session
        """The walk at another step, with answers changed; what was read is kept."""
        return replace(self, session=replace(self.session, step=step, **answers))

    def back(self) -> Walk:
        """The walk one step earlier, all answers kept."""
        at = STEPS.index(Step(self.session.step)) if self.session.step in STEPS else 0
        return self.to(STEPS[at - 1] if at else "start")

    def lent(self) -> AbstractContextManager[None]:
        """Let the case go while a function of `flow` locks it itself."""
        return self.hold.lent() if self.hold is not None else nullcontext()

    @property
    def may_write(self) -> bool:
        """Whether anything may be written: a case, a copy, a request to a running one."""
        return not (self.is_viewer or self.session.read_only)

    @property
    def why_not(self) -> str:
        """Why nothing may be written."""
        if self.session.read_only:
            return "Started with --read-only: nothing is written, so nothing is started."
        return "Another lvtui works on this case: here it can only be looked at."

    @property
    def history(self) -> History | None:
        """The history that the Versions page shows."""
        histories = self.discovery.histories if self.discovery else ()
        return histories[self.history_index] if self.history_index < len(histories) else None

    @property
    def version(self) -> Version | None:
        """The chosen version, of whatever history."""
        if self.discovery is None or self.session.version_id is None:
            return None
        wanted = self.session.version_id
        every = (version for history in self.discovery.histories for version in history.versions)
        return next((version for version in every if version.id == wanted), None)

    @property
    def marked(self) -> tuple[LostReport, ...]:
        """The volumes that the operator wants, in the order of marking."""
        by_uuid = {report.lost.lv.uuid: report for report in self.reports}
        return tuple(by_uuid[uuid] for uuid in self.session.lv_uuids if uuid in by_uuid)

    @property
    def need_bytes(self) -> int:
        """Size of all marked volumes."""
        return sum(report.size_bytes for report in self.marked)
