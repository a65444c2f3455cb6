"""Step 1, Device: which disk held the lost volume. Opens read-only, in a thread, with a count."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from lvtui.errors import LvtuiError
from lvtui.flow.devices import text_folders
from lvtui.flow.spec import parse_spec
from lvtui.safe import SafeStr
from lvtui.ui import reading
from lvtui.ui.device_rows import (
    busy_rows,
    detail_rows,
    device_row,
    empty_rows,
    head_row,
    pick_rows,
    problem_with_choices,
    spec_of,
    summary_rows,
    texts_row,
)
from lvtui.ui.device_work import DeviceWork
from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.search_page import Choice, SearchPage
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.path_field import PathField
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, row, say, spoken

CANCEL_SHOWN_AFTER_SECONDS = 5


class DeviceScreen(DeviceWork):
    """The device picker."""

    step: ClassVar[str] = "device"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("insert,i,I,ш,Ш", "add_image", "Image file", show=False),
        Binding("s,S,ы,Ы", "search", "Search all of it", show=False),
        Binding("t,T,е,Е", "texts", "Backup files", show=False),  # noqa: RUF001 - Russian layout
    ]

    def __init__(self, walk: Walk, *, add_image: bool = False, resume: str = "") -> None:
        super().__init__(walk, resume)
        self._add_image = add_image

    def compose_content(self) -> ComposeResult:
        """Question, head, rows, a field for a path, details."""
        yield TextBlock(id="question")
        yield TextBlock(id="head")
        yield RowList(id="devices")
        yield PathField(id="field")
        yield TextBlock(id="details")

    def on_mount(self) -> None:
        """Scan the host, or look at the source that was given."""
        super().on_mount()
        if self._add_image:
            self.action_add_image()
        if self.walk.devices is None and not self._add_image:
            source = self.walk.session.source
            self._begin(say("Looking at the disks of this host."))
            try:
                self._scan_thread(parse_spec(source) if source else ())
            except LvtuiError as error:
                self.on_failed(reading.Failed(error))

    def draw(self) -> None:
        """Show the rows, or what is being done, or what went wrong."""
        usable = sum(1 for device in self.devices if device.error is None)
        question = say(" Which disk held the lost virtual disk?")
        counts = say("usable {usable} of {all}", all=len(self.devices), usable=usable)
        gap = SafeStr(" " * max(2, self.width - len(question) - len(counts) - 1))
        self.block("question").show(row(question, gap, counts), EMPTY)
        self.block("head").show(head_row(self.width - 80))
        cursor = self.cursor if 0 <= self.cursor < len(self.devices) else self._first()
        self.query_one("#devices", RowList).show(
            len(self.devices),
            lambda index: device_row(self.devices[index], index, self.width - 80),
            cursor=cursor,
        )
        self.draw_details()

    def _first(self) -> int:
        """Nothing is preselected when more than one disk could be meant."""
        source = self.walk.session.source
        usable = [
            index
            for index, device in enumerate(self.devices)
            if device.error is None or device.is_blank
        ]
        for index in usable:
            if source is not None and source.split(",")[0] == self.devices[index].path:
                return index
        return usable[0] if len(usable) == 1 else -1

    def draw_details(self) -> None:
        """Show the details, and what the keys do now."""
        self.block("details").show(*self._details())
        self.draw_frame_end()

    def _details(self) -> tuple[Row, ...]:
        if self._busy is not None:
            shown = time.monotonic() - self._since > CANCEL_SHOWN_AFTER_SECONDS
            return busy_rows(self._busy, self._more, can_cancel=shown or self._more is not None)
        if self._problem is not None:
            return problem_with_choices(self._problem, self.width)
        if self._found is not None:
            return summary_rows(self._found.discovery, self._found.no_case, self.width)
        if not self.devices:
            return empty_rows()
        beside = texts_row(self.walk.session.texts, self.width)
        if not 0 <= self.cursor < len(self.devices):
            return (*pick_rows(self.devices), *beside)
        return (*detail_rows(self.devices[self.cursor], self.cursor, self.width), *beside)

    # Keys

    def on_row_list_moved(self, _event: RowList.Moved) -> None:
        """Another row: its details."""
        if self._busy is None:
            self._found = self._problem = None
            self.draw_details()

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        """Enter on a disk: read it, unless that was done."""
        if self._busy is not None:
            return
        device, known = self.devices[event.index], self.walk.discovery
        session = self.walk.session
        if self._found is not None:
            self._go_on(self._found)
        elif device.is_blank and not session.texts and not session.deep:
            self.action_search()
        elif device.error is not None and not device.is_blank:
            self.notice(spoken(device.error))
        elif known is not None and (known.spec, known.texts) == (
            spec_of(self.devices, event.index),
            session.texts,
        ):
            self.dismiss(self.walk.to("versions"))
        else:
            self._open(event.index, say("Opening {path}, read-only.", path=device.path))

    @work
    async def action_search(self) -> None:
        """S, or Enter on a blank disk: what else can be tried with it."""
        if self._busy is not None or not 0 <= self.cursor < len(self.devices):
            return
        index, device = self.cursor, self.devices[self.cursor]
        if device.error is not None and not device.is_blank:
            self.notice(spoken(device.error))
            return
        choice = await self.app.push_screen_wait(SearchPage(self.walk, device))
        if choice is Choice.SEARCH:
            self._answer(deep=True)
            self._open(index, say("Searching all of {path}, read-only.", path=device.path))
        elif choice is Choice.IMAGE:
            self.action_add_image()
        elif choice is Choice.TEXTS:
            self.action_texts()

    def action_add_image(self) -> None:
        """Ask for a path."""
        self._ask("image", say("Path of an image file or a device, then Enter:"))

    def action_texts(self) -> None:
        """Ask for files whose texts join those of the disk."""
        at_hand = ", ".join(text_folders())
        hint = say(" (here: {folders})", folders=at_hand) if at_hand else SafeStr("")
        self._ask("texts", say("Backup file, folder or lvmdump tarball; nothing: none{h}", h=hint))

    def _ask(self, purpose: str, question: SafeStr) -> None:
        if self._busy is None:
            self.query_one("#field", PathField).ask(purpose, question)

    def _close_field(self) -> None:
        self.query_one("#field", PathField).close()
        self.query_one("#devices", RowList).focus()

    def on_path_field_given(self, event: PathField.Given) -> None:
        """A path was typed: it joins the list, or the files beside the disk."""
        self._close_field()
        if event.purpose == "texts":
            texts = self.walk.session.texts
            self._problem = self._found = None
            self._answer(texts=tuple(dict.fromkeys((*texts, event.path))) if event.path else ())
            self.redraw()
        elif event.path and self._busy is None:
            self._begin(say("Looking at {path}.", path=event.path))
            self._scan_thread((event.path,))

    def action_reread(self) -> None:
        """Scan again; what was read of a disk is forgotten."""
        if self._busy is None:
            self._answer(deep=False)
            self._begin(say("Looking at the disks of this host."))
            self._scan_thread(())

    async def action_back(self) -> None:
        """Close the field, cancel the reading, or go back."""
        if self.query_one("#field", PathField).is_open:
            self._close_field()
        elif self._busy is not None:
            self.workers.cancel_group(self, "read")
            self._busy = None
            self._answer(deep=False)
            self.draw_details()
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
            ("Ins", "Image"),
            ("S", "Search"),
            ("T", "Texts"),
            ("Esc", "Back"),
            ("F1", "Help"),
            ("F10", "Quit"),
            ("F5", "Re-read"),
        )
