"""Step 1, Device: which disk held the lost volume. Opens read-only, in a thread, with a count."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message as Event
from textual.widgets import Input
from textual.worker import get_current_worker

from lvtui.errors import Cancelled, LvtuiError
from lvtui.flow.devices import DeviceRow, scan_devices
from lvtui.flow.discover import Discovery, discover
from lvtui.safe import SafeStr, safe
from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.shown import problem_rows, size
from lvtui.ui.step import StepScreen
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import (
    EMPTY,
    Row,
    TextBlock,
    bold,
    columns,
    cut_middle,
    row,
    say,
    spoken,
    wrapped,
)
from lvtui.units import MiB

CANCEL_SHOWN_AFTER_SECONDS = 5
CALM_SECONDS = 2
"""After a longer wait the operator presses Enter having seen the result."""


@dataclass
class Scanned(Event):
    """The devices are known."""

    devices: tuple[DeviceRow, ...]


@dataclass
class Counted(Event):
    """How far the reading is."""

    words: SafeStr

    def can_replace(self, message: Event) -> bool:
        """Only the newest count matters."""
        return isinstance(message, Counted)


@dataclass
class Discovered(Event):
    """The chosen source was read."""

    discovery: Discovery


@dataclass
class Failed(Event):
    """A worker met an error that an operator can read."""

    error: LvtuiError


class DeviceScreen(StepScreen):
    """The device picker."""

    step: ClassVar[str] = "device"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("insert,i,I,ш,Ш", "add_image", "Image file", show=False),
    ]

    def __init__(self, walk: object, *, add_image: bool = False) -> None:
        super().__init__(walk)  # type: ignore[arg-type]
        self._add_image = add_image
        self._busy: SafeStr | None = None
        """What a worker is doing, in words."""
        self._since = 0.0
        self._problem: LvtuiError | None = None
        self._found: Discovery | None = None
        """Read after a long wait; Enter goes on with it."""

    # Content

    def compose_content(self) -> ComposeResult:
        """Question, head, rows, a field for a path, details."""
        yield TextBlock(id="question")
        yield TextBlock(id="head")
        yield RowList(id="devices")
        yield Input(id="path", compact=True, placeholder="path of an image file or device")
        yield TextBlock(id="details")

    def on_mount(self) -> None:
        """Scan, or read the source that was given."""
        super().on_mount()
        self.query_one("#path").display = False
        if self.walk.devices is None:
            self._scan()
        if self._add_image:
            self.action_add_image()

    @property
    def devices(self) -> tuple[DeviceRow, ...]:
        """The rows of the list."""
        return self.walk.devices or ()

    def draw(self) -> None:
        """Show the rows, or what is being done, or what went wrong."""
        usable = sum(1 for device in self.devices if device.error is None)
        self.block("question").show(
            row(
                say(" Which disk held the lost virtual disk?"),
                SafeStr("   "),
                say("{all} disks, {usable} usable", all=len(self.devices), usable=usable),
            ),
            EMPTY,
        )
        wide = self.width - 80
        self.block("head").show(
            columns(
                (say(""), 3),
                (say("#"), 2),
                (say("Device"), 14 + wide // 2),
                (say("Size"), -10),
                (say("Disk"), 16),
                (say("Holds"), 20 + wide // 2),
                (say("Vers"), -5),
            )
        )
        rows = self.query_one("#devices", RowList)
        cursor = rows.cursor if rows.cursor >= 0 else self._first()
        rows.show(len(self.devices), self._row, cursor=cursor)
        self._draw_details()

    def _first(self) -> int:
        """Nothing is preselected when more than one disk could be meant."""
        if self.walk.session.source:
            paths = self.walk.session.source.split(",")
            for index, device in enumerate(self.devices):
                if device.path in paths:
                    return index
        usable = [index for index, device in enumerate(self.devices) if device.error is None]
        return usable[0] if len(usable) == 1 else -1

    def _row(self, index: int) -> Row:
        device, wide = self.devices[index], self.width - 80
        number = "-" if device.error is not None else str(index + 1)
        return row(
            columns(
                (safe(number), 2),
                (cut_middle(safe(device.path), 14 + wide // 2), 14 + wide // 2),
                (size(device.size_bytes), -10),
                (safe(device.disk), 16),
                (safe(device.holds), 20 + wide // 2),
                (safe(str(device.versions)), -5),
            )
        )

    def _draw_details(self) -> None:
        self.block("details").show(*self._details())
        self.draw_frame_end()

    def _details(self) -> tuple[Row, ...]:
        if self._busy is not None:
            rows: tuple[Row, ...] = (EMPTY, row(SafeStr(" "), self._busy))
            if time.monotonic() - self._since > CANCEL_SHOWN_AFTER_SECONDS:
                rows += (row(say(" Esc cancels. Nothing is written in any case.")),)
            return rows
        if self._problem is not None:
            return (
                *problem_rows(self._problem, self.width - 2),
                row(say(" You can: F5 try again / pick another disk / Ins another path.")),
            )
        if self._found is not None:
            return self._summary(self._found)
        cursor = self.query_one("#devices", RowList).cursor
        if not self.devices:
            return self._nothing()
        if not 0 <= cursor < len(self.devices):
            return (EMPTY, row(say(" Pick a disk with a digit or the arrows, then press Enter.")))
        return self._device_details(self.devices[cursor], cursor)

    def _device_details(self, device: DeviceRow, index: int) -> tuple[Row, ...]:
        lines = [EMPTY, row(bold(say(" Details of {n}", n=index + 1)))]
        lines.append(row(say("   Path     {path}", path=device.path)))
        if device.vg_name is not None:
            lines.append(row(say("   VG       {name}", name=device.vg_name)))
        if device.sr_uuid is not None:
            lines.append(row(say("   SR uuid  {uuid}", uuid=device.sr_uuid)))
        if device.current_seqno is not None:
            lines.append(row(say("   LVM now  version {n}", n=device.current_seqno)))
        lines.append(row(say("   Label    {label}", label=device.label)))
        if device.lost:
            lines.append(
                row(
                    say(
                        "   Lost     {n} volumes are in older versions and not in it", n=device.lost
                    )
                )
            )
        if device.error is not None:
            lines += wrapped(spoken(device.error), self.width - 2, 3)
        return tuple(lines)

    def _nothing(self) -> tuple[Row, ...]:
        return (
            EMPTY,
            row(say(" No disk of this host could be listed.")),
            row(say(" Next: F5 looks again / Ins takes a path / run lvtui as root to see disks.")),
        )

    def _summary(self, found: Discovery) -> tuple[Row, ...]:
        versions = sum(len(history.versions) for history in found.histories)
        rows: list[Row] = [
            EMPTY,
            row(
                SafeStr(" "),
                bold(
                    say(
                        "Read: {n} versions, {lost} lost volumes.", n=versions, lost=len(found.lost)
                    )
                ),
                say("  Press Enter to go on."),
            ),
        ]
        for warning in found.warnings[:3]:
            rows += wrapped(say("[!] {warning}", warning=str(warning)), self.width - 2)
        return tuple(rows)

    # Work

    def _spec(self, index: int) -> str:
        """The chosen path, and the other PVs of its volume group."""
        chosen = self.devices[index]
        others = [
            device.path
            for device in self.devices
            if chosen.vg_uuid is not None
            and device.vg_uuid == chosen.vg_uuid
            and device.pv_uuid != chosen.pv_uuid
            and device.error is None
        ]
        return ",".join((chosen.path, *others))

    def _begin(self, words: SafeStr) -> None:
        self._busy, self._since, self._problem, self._found = words, time.monotonic(), None, None
        self._draw_details()

    def _scan(self, extra: tuple[str, ...] = ()) -> None:
        self._begin(say("Looking at the disks of this host."))
        self._scan_thread(extra)

    @work(thread=True, exclusive=True, group="read")
    def _scan_thread(self, extra: tuple[str, ...]) -> None:
        worker = get_current_worker()
        count = 0

        def progress(path: str) -> bool:
            nonlocal count
            count += 1
            self.post_message(
                Counted(say("Looking at {path}, {count} disks so far.", path=path, count=count))
            )
            return not worker.is_cancelled

        try:
            devices = scan_devices(progress=progress) if not extra else scan_devices(extra)
        except LvtuiError as error:
            self.post_message(Failed(error))
            return
        if not worker.is_cancelled:
            self.post_message(Scanned(devices))

    @work(thread=True, exclusive=True, group="read")
    def _discover_thread(self, spec: str) -> None:
        worker = get_current_worker()

        def progress(done_bytes: int, all_bytes: int, versions: int) -> bool:
            self.post_message(
                Counted(
                    say(
                        "Reading {done} of {all} MiB of LVM metadata, {n} versions so far.",
                        done=f"{done_bytes / MiB:.1f}",
                        all=f"{all_bytes / MiB:.1f}",
                        n=versions,
                    )
                )
            )
            return not worker.is_cancelled

        try:
            discovery = discover(spec, progress=progress)
        except LvtuiError as error:
            self.post_message(Failed(error))
            return
        if not worker.is_cancelled:
            self.post_message(Discovered(discovery))

    def on_counted(self, event: Counted) -> None:
        """Show the count."""
        if self._busy is not None:
            self._busy = event.words
            self._draw_details()

    def on_scanned(self, event: Scanned) -> None:
        """Show the devices, those added by hand kept."""
        new = {device.path for device in event.devices}
        kept = tuple(device for device in self.devices if device.path not in new)
        self.walk = replace(self.walk, devices=(*kept, *event.devices))
        self._busy = None
        self.redraw()
        rows = self.query_one("#devices", RowList)
        if len(event.devices) == 1 and kept:
            rows.cursor = len(self.devices) - 1
        rows.focus()

    def on_failed(self, event: Failed) -> None:
        """Show the error; a cancel is none."""
        self._busy = None
        self._problem = None if isinstance(event.error, Cancelled) else event.error
        self._draw_details()

    def on_discovered(self, event: Discovered) -> None:
        """Go on at once after a short wait, else on Enter."""
        self._busy = None
        self._found = event.discovery
        if time.monotonic() - self._since < CALM_SECONDS and self.is_current:
            self._go_on(event.discovery)
        else:
            self._draw_details()

    def _go_on(self, found: Discovery) -> None:
        self.dismiss(
            replace(
                self.walk.to("versions", source=found.spec),
                discovery=found,
                reports=found.lost,
                history_index=0,
            )
        )

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
        device, known = self.devices[event.index], self._found or self.walk.discovery
        if device.error is not None:
            self.notice(spoken(device.error))
            return
        spec = self._spec(event.index)
        if known is not None and known.spec == spec:
            self._go_on(known)
            return
        self._begin(say("Opening {path}, read-only.", path=device.path))
        self._discover_thread(spec)

    def action_add_image(self) -> None:
        """Show the field for a path."""
        field = self.query_one("#path", Input)
        field.display = True
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A path was typed: it joins the list."""
        event.input.display = False
        if event.value.strip():
            self._scan((event.value.strip(),))
        self.query_one("#devices", RowList).focus()

    def action_reread(self) -> None:
        """Scan again; what was read of a disk is forgotten."""
        if self._busy is None:
            self.walk = replace(self.walk, discovery=None)
            self._scan()

    def action_back(self) -> None:
        """Close the field, cancel the reading, or go back."""
        field = self.query_one("#path", Input)
        if field.display:
            field.display = False
            self.query_one("#devices", RowList).focus()
        elif self._busy is not None:
            self.workers.cancel_group(self, "read")
            self._busy = None
            self.notice(say("Cancelled. Nothing was changed."))
            self._draw_details()
        else:
            super().action_back()

    def panel(self) -> Panel:
        """What this page is for."""
        cursor = self.query_one("#devices", RowList).cursor
        path = self.devices[cursor].path if 0 <= cursor < len(self.devices) else "DISK"
        return Panel(
            why=say("lvtui reads the LVM area of the disk and looks for older versions."),
            writes=say("nothing. The disk is opened read-only."),
            dont=say("trust device letters from memory: compare size and serial."),
            command=say(
                "blockdev --getsize64 {path}; (the first MiBs are read by lvtui)", path=path
            ),
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
