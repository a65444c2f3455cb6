"""The work of the Device page: threads that read, and what becomes of what they report."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from textual import work
from textual.worker import get_current_worker

from lvtui.errors import Cancelled, LvtuiError
from lvtui.flow.devices import DeviceRow
from lvtui.flow.session import Session
from lvtui.safe import SafeStr
from lvtui.ui import reading
from lvtui.ui.device_rows import spec_of
from lvtui.ui.step import StepScreen
from lvtui.ui.version_detail import reports_at
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList

CALM_SECONDS = 2
"""After a longer wait the operator presses Enter having seen the result."""


class DeviceWork(StepScreen):
    """Scan the host, read or search a source; one at a time."""

    def __init__(self, walk: Walk, resume: str) -> None:
        super().__init__(walk)
        self._resume = resume
        """The step to go on with once the source of an earlier session was read again."""
        self._busy: SafeStr | None = None
        """What a worker is doing, in words."""
        self._more: SafeStr | None = None
        """What it found so far."""
        self._since = 0.0
        self._problem: LvtuiError | None = None
        self._found: reading.Discovered | None = None
        """Read after a long wait; Enter goes on with it."""

    @property
    def devices(self) -> tuple[DeviceRow, ...]:
        """The rows of the list."""
        return self.walk.devices or ()

    @property
    def cursor(self) -> int:
        """The row that the keys act on; -1 for none."""
        return self.query_one("#devices", RowList).cursor

    def draw_details(self) -> None:
        """Show what is known or done now."""
        raise NotImplementedError

    def _begin(self, words: SafeStr) -> None:
        self._busy, self._more, self._since = words, None, time.monotonic()
        self._problem = self._found = None
        self.draw_details()

    @work(thread=True, exclusive=True, group="read")
    def _scan_thread(self, paths: tuple[str, ...]) -> None:
        worker = get_current_worker()
        reading.scan(paths, self.post_message, lambda: not worker.is_cancelled)

    @work(thread=True, exclusive=True, group="read")
    def _read_thread(self, session: Session, spec: str, *, keep: bool) -> None:
        worker = get_current_worker()
        goes_on = lambda: not worker.is_cancelled  # noqa: E731 - asked from the thread
        reading.read(session, spec, self.post_message, goes_on, keep=keep)

    def _open(self, index: int, words: SafeStr) -> None:
        self._begin(words)
        spec = spec_of(self.devices, index)
        self._read_thread(self.walk.session, spec, keep=self.walk.may_write)

    def on_counted(self, event: reading.Counted) -> None:
        """Show the count."""
        if self._busy is not None:
            self._busy, self._more = event.words, event.more
            self.draw_details()

    def on_scanned(self, event: reading.Scanned) -> None:
        """Show the devices; those that were added by hand are kept."""
        new = {device.path for device in event.devices}
        kept = tuple(device for device in self.devices if device.path not in new)
        self.walk = replace(self.walk, devices=(*kept, *event.devices))
        self._busy = None
        rows = self.query_one("#devices", RowList)
        self.redraw()
        if kept and len(event.devices) == 1:
            rows.cursor = len(kept)
        rows.focus()
        if self._resume and rows.cursor >= 0:
            rows.action_open()

    def on_failed(self, event: reading.Failed) -> None:
        """Show the error; a cancel is none."""
        self._busy = None
        if self.walk.session.deep:
            self._answer(deep=False)
        self._problem = None if isinstance(event.error, Cancelled) else event.error
        self.draw_details()

    def on_discovered(self, event: reading.Discovered) -> None:
        """Go on at once after a short wait with nothing to tell, else on Enter."""
        self._busy, self._found = None, event
        calm = time.monotonic() - self._since < CALM_SECONDS and event.no_case is None
        calm = calm and not event.session.deep
        if calm and self.is_current:
            self._go_on(event)
        else:
            self.draw_details()

    def _go_on(self, read: reading.Discovered) -> None:
        walk = replace(
            self.walk, session=read.session, discovery=read.discovery, reports=read.discovery.lost
        )
        version = walk.version
        if version is None:
            walk = walk.to("versions", version_id=None)
        else:
            walk = replace(walk, reports=reports_at(walk, version))
        self.dismiss(walk.to(self._resume or "versions"))

    def _answer(self, **answers: Any) -> None:  # noqa: ANN401 - fields of Session
        """Another way to read: what was read before does not count."""
        self.walk = replace(self.walk.to("device", **answers), discovery=None)
