"""Step 3, Volumes: which lost volumes the operator wants back, and how much of each can be there."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from lvtui.errors import LvtuiError
from lvtui.flow.discover import Discovery
from lvtui.flow.folding import fold
from lvtui.flow.formats import lost_parents
from lvtui.flow.judging import LostReport
from lvtui.flow.peek import NOTHING_SEEN, Peek, look_at
from lvtui.safe import SafeStr
from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.map_page import MapPage
from lvtui.ui.peeked import Peeked
from lvtui.ui.shown import short_name, size
from lvtui.ui.step import StepScreen
from lvtui.ui.volume_rows import (
    detail_rows,
    folded_rows,
    head_row,
    intact_disks,
    matches,
    nothing_rows,
    number_rows,
    volume_row,
)
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, row, say, spoken

DETAIL_ROWS = 5


class VolumesScreen(StepScreen):
    """The lost volumes."""

    step: ClassVar[str] = "volumes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m,M,ь,Ь", "map", "Map", show=False),  # noqa: RUF001 - the same key, Russian layout
        Binding("slash,full_stop", "search", "Search", show=False),
        Binding("asterisk", "mark_intact", "Mark all intact", show=False),
    ]

    def __init__(self, walk: Walk) -> None:
        super().__init__(walk)
        self.searched = ""
        shown, folded, self.folded_line = fold(walk.reports)
        if any(report.lost.lv.uuid in walk.session.lv_uuids for report in folded):
            shown, self.folded_line = walk.reports, None
        self.listed: tuple[LostReport, ...] = shown
        """What the list holds without a search."""
        self.rows = shown
        """What it holds now; a line for the folded ones comes behind them."""
        self._peeked: dict[str, Peek] = {}
        """What the disks looked at hold, by LV uuid."""

    def compose_content(self) -> ComposeResult:
        """Question, head, rows, a search field, details."""
        yield TextBlock(id="question")
        yield TextBlock(id="head")
        yield RowList(id="volumes")
        yield Input(id="search", compact=True, placeholder="part of a name, uuid or content")
        yield TextBlock(id="details")

    def on_mount(self) -> None:
        """Put the cursor on what was marked, else on the first row."""
        super().on_mount()
        self.query_one("#search").display = False
        marked = self.walk.session.lv_uuids
        places = [n for n, report in enumerate(self.rows) if report.lost.lv.uuid in marked]
        self._show_rows(places[0] if places else 0)
        self._look()

    def _show_rows(self, cursor: int) -> None:
        self.query_one("#volumes", RowList).show(
            len(self.rows) + self._has_folded, self._row, cursor=cursor
        )
        self._draw_details()

    def draw(self) -> None:
        """Show question, head and details."""
        marked = self.walk.marked
        question = say(" Which lost volumes do you want back?")
        counts = say(
            "marked {n} of {all}, {size}",
            n=len(marked),
            all=len(self.walk.reports),
            size=size(self.walk.need_bytes),
        )
        gap = SafeStr(" " * max(2, self.width - len(question) - len(counts) - 1))
        self.block("question").show(row(question, gap, counts), EMPTY)
        self.block("head").show(head_row(is_sr=self._is_sr, width=self.width))
        self.query_one("#volumes", RowList).refresh()
        self._draw_details()

    @property
    def _has_folded(self) -> bool:
        return self.folded_line is not None and not self.searched

    def _unfold(self) -> None:
        """Show the merged volumes and journals as rows."""
        cursor = len(self.rows)
        self.folded_line = None
        self.listed = self.rows = self.walk.reports
        self._show_rows(cursor)

    def _row(self, index: int) -> Row:
        if index >= len(self.rows) and self.folded_line is not None:
            return row(SafeStr("    "), spoken(self.folded_line))
        report = self.rows[index]
        marked = report.lost.lv.uuid in self.walk.session.lv_uuids
        return volume_row(report, marked=marked, is_sr=self._is_sr, width=self.width)

    @property
    def _is_sr(self) -> bool:
        return self.walk.discovery is not None and self.walk.discovery.is_sr

    @property
    def chosen(self) -> LostReport | None:
        """The volume under the cursor."""
        cursor = self.query_one("#volumes", RowList).cursor
        return self.rows[cursor] if 0 <= cursor < len(self.rows) else None

    def _draw_details(self) -> None:
        rows = self._details()[:DETAIL_ROWS]
        self.block("details").show(*rows, *(EMPTY,) * (DETAIL_ROWS - len(rows)))
        self.draw_frame_end()

    def _details(self) -> tuple[Row, ...]:
        report = self.chosen
        if report is None:
            if self._has_folded:
                return folded_rows(self.width)
            history = self.walk.discovery.history if self.walk.discovery else None
            return nothing_rows(self.searched, len(history.versions) if history else 0)
        seen = self._peeked.get(report.lost.lv.uuid, NOTHING_SEEN)
        return detail_rows(report, self.width, seen.guest)

    # Keys

    def on_row_list_moved(self, _event: RowList.Moved) -> None:
        """Another volume: its details."""
        self._draw_details()
        self._look()

    def _look(self) -> None:
        """Have a look at what the guest keeps on the disk, once."""
        report, discovery = self.chosen, self.walk.discovery
        if report is not None and discovery is not None:
            uuid = report.lost.lv.uuid
            if uuid not in self._peeked:
                self._peeked[uuid] = NOTHING_SEEN
                self._peek_thread(discovery, report)

    # a worker is described by its arguments, and all that was read is gigabytes of words
    @work(thread=True, group="peek", description="look inside a volume")
    def _peek_thread(self, discovery: Discovery, report: LostReport) -> None:
        with suppress(LvtuiError):  # a source that is gone is the next step's matter
            self.post_message(Peeked(report.lost.lv.uuid, look_at(discovery, report)))

    def on_peeked(self, event: Peeked) -> None:
        """Show it, if its volume is still the one under the cursor."""
        self._peeked[event.lv_uuid] = event.found
        if self.chosen is not None and self.chosen.lost.lv.uuid == event.lv_uuid:
            self._draw_details()

    def on_row_list_marked(self, event: RowList.Marked) -> None:
        """Space: mark or unmark; on the last line show what it stands for."""
        if event.index >= len(self.rows):
            self._unfold()
            return
        report = self.rows[event.index]
        uuid, marked = report.lost.lv.uuid, self.walk.session.lv_uuids
        if uuid in marked:
            self._mark(tuple(other for other in marked if other != uuid))
        elif report.ranges:
            parents = [
                one.lost.lv.uuid
                for one in lost_parents(report, self.walk.reports)
                if one.lost.lv.uuid not in marked
            ]
            self._mark((*marked, uuid, *parents))
            if parents:
                self.notice(
                    say(
                        "Marked with {n} lost parents: its disk is read through them.",
                        n=len(parents),
                    )
                )
        else:
            self.notice(say("It cannot be read: see the reason below the list."))

    def _mark(self, lv_uuids: tuple[str, ...]) -> None:
        self.walk = self.walk.to("volumes", lv_uuids=lv_uuids)
        self.redraw()

    def action_mark_intact(self) -> None:
        """Mark all intact disks (journals, helpers, merged ones are none); again: unmark them."""
        intact = intact_disks(self.rows, is_sr=self._is_sr)
        marked = self.walk.session.lv_uuids
        new = [uuid for uuid in intact if uuid not in marked]
        self._mark((*marked, *new) if new else tuple(u for u in marked if u not in intact))

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        """Enter: on to the plan; with nothing marked, mark the row first; open the last line."""
        if event.index >= len(self.rows):
            self._unfold()
            return
        if not self.walk.marked:
            self.on_row_list_marked(RowList.Marked(event.index))
            if self.walk.marked:
                self.notice(say("Marked. Enter again goes on."))
            return
        self.dismiss(self.walk.to("checks"))

    def action_search(self) -> None:
        """Show the search field."""
        field = self.query_one("#search", Input)
        field.value = self.searched
        field.display = True
        field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Show only rows whose name or uuid holds the text."""
        event.input.display = False
        self.searched = event.value.strip()
        self.rows = tuple(report for report in self.walk.reports if matches(report, self.searched))
        self._show_rows(0)
        self.query_one("#volumes", RowList).focus()

    async def action_back(self) -> None:
        """Close the search field, show all again, or go back."""
        field = self.query_one("#search", Input)
        if field.display or self.searched:
            field.display, self.searched, self.rows = False, "", self.listed
            self._show_rows(0)
            self.query_one("#volumes", RowList).focus()
        else:
            await super().action_back()

    def action_reread(self) -> None:
        """Read the disk again: that is the Device page's work."""
        self.dismiss(replace(self.walk.to("device"), discovery=None))

    def action_map(self) -> None:
        """Where it lies, and who took what of it."""
        if self.chosen is not None:
            self.app.push_screen(MapPage(self.walk, self.chosen))

    def detail(self) -> tuple[str, tuple[Row, ...]] | None:
        """Everything that is known of the volume, in exact numbers."""
        report = self.chosen
        if report is None:
            return None
        seen = self._peeked.get(report.lost.lv.uuid, NOTHING_SEEN)
        return short_name(report.lost.lv.name), number_rows(report, self.width, seen.log)

    def panel(self) -> Panel:
        """What this page is for."""
        report = self.chosen
        dont = say("create or start anything on this SR: it could take these places.")
        if report is not None:
            taker = next((c.owner for c in report.verdict.conflicts if c.now), None)
            if taker is not None:
                dont = say(
                    "use {name}: it has a part of this volume's place.", name=short_name(taker)
                )
        return Panel(
            why=say("State tells how much of the old data can still be there."),
            writes=say("nothing."),
            dont=dont,
            command=say("none"),
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the volumes page."""
        return keys(
            ("Space", "Mark"),
            ("M", "Map"),
            ("Enter", "Next"),
            ("F3", "Detail"),
            ("/", "Search"),
            ("Esc", "Back"),
            ("F1", "Help"),
            ("F10", "Quit"),
            ("*", "All intact"),
        )
