"""Step 1, Device: which disk held the lost volume. Opens read-only, in a thread, with a count."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input
from textual.worker import get_current_worker

from lvtui.errors import Cancelled, LvtuiError
from lvtui.flow.devices import DeviceRow
from lvtui.flow.spec import parse_spec
from lvtui.safe import SafeStr
from lvtui.ui import reading
from lvtui.ui.device_rows import (
    detail_rows,
    device_row,
    empty_rows,
    head_row,
    spec_of,
    summary_rows,
)
from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.shown import problem_rows
from lvtui.ui.step import StepScreen
from lvtui.ui.version_detail import reports_at
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, row, say, spoken

CANCEL_SHOWN_AFTER_SECONDS = 5
CALM_SECONDS = 2
"""After a longer wait the operator presses Enter having seen the result."""


class DeviceScreen(StepScreen):
    """The device picker."""

    step: ClassVar[str] = "device"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("insert,i,I,ш,Ш", "add_image", "Image file", show=False),
    ]

    def __init__(self, walk: Walk, *, add_image: bool = False, resume: str = "") -> None:
        super().__init__(walk)
        self._add_image = add_image
        self._resume = resume
        """The step to go on with once the source of an earlier session was read again."""
        self._busy: SafeStr | None = None
        """What a worker is doing, in words."""
        self._since = 0.0
        self._problem: LvtuiError | None = None
        self._found: reading.Discovered | None = None
        """Read after a long wait; Enter goes on with it."""

    def compose_content(self) -> ComposeResult:
        """Question, head, rows, a field for a path, details."""
        yield TextBlock(id="question")
        yield TextBlock(id="head")
        yield RowList(id="devices")
        yield TextBlock(id="path-label")
        yield Input(id="path", compact=True)
        yield TextBlock(id="details")

    def on_mount(self) -> None:
        """Scan the host, or look at the source that was given."""
        super().on_mount()
        self._show_field(shown=self._add_image)
        if self.walk.devices is None and not self._add_image:
            source = self.walk.session.source
            self._begin(say("Looking at the disks of this host."))
            try:
                self._scan_thread(parse_spec(source) if source else ())
            except LvtuiError as error:
                self.on_failed(reading.Failed(error))

    @property
    def devices(self) -> tuple[DeviceRow, ...]:
        """The rows of the list."""
        return self.walk.devices or ()

    @property
    def cursor(self) -> int:
        """The row that the keys act on; -1 for none."""
        return self.query_one("#devices", RowList).cursor

    def draw(self) -> None:
        """Show the rows, or what is being done, or what went wrong."""
        usable = sum(1 for device in self.devices if device.error is None)
        question = say(" Which disk held the lost virtual disk?")
        counts = say("usable {usable} of {all}", all=len(self.devices), usable=usable)
        gap = SafeStr(" " * max(2, self.width - len(question) - len(counts) - 1))
        self.block("question").show(row(question, gap, counts), EMPTY)
        self.block("head").show(head_row(self.width - 80))
        self.block("path-label").show(row(say(" Path of an image file or a device, then Enter:")))
        cursor = self.cursor if 0 <= self.cursor < len(self.devices) else self._first()
        self.query_one("#devices", RowList).show(
            len(self.devices),
            lambda index: device_row(self.devices[index], index, self.width - 80),
            cursor=cursor,
        )
        self._draw_details()

    def _first(self) -> int:
        """Nothing is preselected when more than one disk could be meant."""
        source = self.walk.session.source
        usable = [index for index, device in enumerate(self.devices) if device.error is None]
        for index in usable:
            if source is not None and source.split(",")[0] == self.devices[index].path:
                return index
        return usable[0] if len(usable) == 1 else -1

    def _draw_details(self) -> None:
        self.block("details").show(*self._details())
        self.draw_frame_end()

    def _details(self) -> tuple[Row, ...]:
        if self._busy is not None:
            cancel: tuple[Row, ...] = ()
            if time.monotonic() - self._since > CANCEL_SHOWN_AFTER_SECONDS:
                cancel = (row(say(" Esc cancels. Nothing is written in any case.")),)
            return (EMPTY, row(SafeStr(" "), self._busy), *cancel)
        if self._problem is not None:
            return (
                *problem_rows(self._problem, self.width - 2),
                row(say(" You can: F5 try again / pick another disk / Ins another path.")),
            )
        if self._found is not None:
            return summary_rows(self._found.discovery, self._found.no_case, self.width)
        if not self.devices:
            return empty_rows()
        if not 0 <= self.cursor < len(self.devices):
            return (EMPTY, row(say(" Pick a disk with a digit or the arrows, then press Enter.")))
        return detail_rows(self.devices[self.cursor], self.cursor, self.width)

    # Work

    def _begin(self, words: SafeStr) -> None:
        self._busy, self._since, self._problem, self._found = words, time.monotonic(), None, None
        self._draw_details()

    @work(thread=True, exclusive=True, group="read")
    def _scan_thread(self, paths: tuple[str, ...]) -> None:
        worker = get_current_worker()
        reading.scan(paths, self.post_message, lambda: not worker.is_cancelled)

    @work(thread=True, exclusive=True, group="read")
    def _read_thread(self, spec: str) -> None:
        worker = get_current_worker()
        session = replace(self.walk.session, source=spec)
        reading.read(session, spec, self.post_message, lambda: not worker.is_cancelled)

    def on_counted(self, event: reading.Counted) -> None:
        """Show the count."""
        if self._busy is not None:
            self._busy = event.words
            self._draw_details()

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
        self._problem = None if isinstance(event.error, Cancelled) else event.error
        self._draw_details()

    def on_discovered(self, event: reading.Discovered) -> None:
        """Go on at once after a short wait with nothing to tell, else on Enter."""
        self._busy, self._found = None, event
        calm = time.monotonic() - self._since < CALM_SECONDS and event.no_case is None
        if calm and self.is_current:
            self._go_on(event)
        else:
            self._draw_details()

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

    # Keys

    def on_row_list_moved(self, _event: RowList.Moved) -> None:
        """Another row: its details."""
        if self._busy is None:
            self._found = self._problem = None
            self._draw_details()

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        """Enter on a disk: read it, unless that was done."""
        if self._busy is not None:
            return
        device, known = self.devices[event.index], self.walk.discovery
        if device.error is not None:
            self.notice(spoken(device.error))
            return
        spec = spec_of(self.devices, event.index)
        if self._found is not None:
            self._go_on(self._found)
            return
        if known is not None and known.spec == spec:
            self.dismiss(self.walk.to("versions"))
            return
        self._begin(say("Opening {path}, read-only.", path=device.path))
        self._read_thread(spec)

    def _show_field(self, *, shown: bool) -> None:
        self.query_one("#path-label").display = shown
        field = self.query_one("#path", Input)
        field.display = shown
        if shown:
            field.focus()
        else:
            self.query_one("#devices", RowList).focus()

    def action_add_image(self) -> None:
        """Show the field for a path."""
        self._show_field(shown=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A path was typed: it joins the list."""
        path = event.value.strip()
        self._show_field(shown=False)
        if path and self._busy is None:
            self._begin(say("Looking at {path}.", path=path))
            self._scan_thread((path,))

    def action_reread(self) -> None:
        """Scan again; what was read of a disk is forgotten."""
        if self._busy is None:
            self.walk = replace(self.walk, discovery=None)
            self._begin(say("Looking at the disks of this host."))
            self._scan_thread(())

    async def action_back(self) -> None:
        """Close the field, cancel the reading, or go back."""
        if self.query_one("#path").display:
            self._show_field(shown=False)
        elif self._busy is not None:
            self.workers.cancel_group(self, "read")
            self._busy = None
            self._draw_details()
            self.notice(say("Cancelled. Nothing was changed."))
        else:
            await super().action_back()

    def panel(self) -> Panel:
        """What this page is for."""
        known = 0 <= self.cursor < len(self.devices)
        path = self.devices[self.cursor].path if known else "DISK"
        return Panel(
            why=say("lvtui reads the LVM area of the disk and looks for older versions."),
            writes=say("nothing. The disk is opened read-only."),
            dont=say("trust device letters from memory: compare size and serial."),
            command=say("blockdev --getsize64 {path} ; (the LVM area is read by lvtui)", path=path),
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the device picker."""
        if self._busy is not None:
            return keys(("Esc", "Cancel"), ("F1", "Help"), ("F2", "Log"), ("F10", "Quit"))
        return keys(
            ("1-9", "Pick"),
            ("Enter", "Next"),
            ("F5", "Re-read"),
            ("Ins", "Image file"),
            ("Esc", "Back"),
            ("F1", "Help"),
            ("F10", "Quit"),
        )
