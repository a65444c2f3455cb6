"""Step 4, Checks: what this host and the disk say before anything is done. Enter always goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message as Event

from lvtui.errors import LvtuiError
from lvtui.flow.preflight import preflight
from lvtui.plan.check import Check
from lvtui.safe import SafeStr
from lvtui.ui.check_rows import all_rows, check_row, counts_of, detail_rows
from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.shown import problem_rows
from lvtui.ui.step import StepScreen
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, row, say

DETAIL_ROWS = 3


@dataclass
class Checked(Event):
    """The answers."""

    checks: tuple[Check, ...]


@dataclass
class Failed(Event):
    """They could not be asked."""

    error: LvtuiError


class ChecksScreen(StepScreen):
    """The checks."""

    step: ClassVar[str] = "checks"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right", "next", "Next", show=False, priority=True),
    ]

    def __init__(self, walk: Walk) -> None:
        super().__init__(walk)
        self.checks: tuple[Check, ...] | None = None
        self._problem: LvtuiError | None = None

    def compose_content(self) -> ComposeResult:
        """Question, rows, reason of the row under the cursor."""
        yield TextBlock(id="question")
        yield RowList(id="checks")
        yield TextBlock(id="reason")

    def on_mount(self) -> None:
        """Ask."""
        super().on_mount()
        self._ask_thread()

    @work(thread=True, exclusive=True, group="checks")
    def _ask_thread(self) -> None:
        discovery = self.walk.discovery
        if discovery is None:
            return
        try:
            self.post_message(Checked(preflight(discovery, self.walk.session.case_dir)))
        except LvtuiError as error:
            self.post_message(Failed(error))

    def on_checked(self, event: Checked) -> None:
        """Show the answers, the cursor on the worst."""
        self.checks = event.checks
        self.query_one("#checks", RowList).show(len(event.checks), self._row)
        self.redraw()

    def on_failed(self, event: Failed) -> None:
        """Show why there are none."""
        self._problem = event.error
        self.redraw()

    def _row(self, index: int) -> Row:
        return check_row((self.checks or ())[index], self.width)

    def draw(self) -> None:
        """Show question and reason."""
        question = say(" Is it safe to go on?")
        counts = counts_of(self.checks or ())
        gap = SafeStr(" " * max(2, self.width - len(question) - len(counts) - 1))
        self.block("question").show(row(question, gap, counts), EMPTY)
        self.query_one("#checks", RowList).refresh()
        self._draw_reason()

    def _draw_reason(self) -> None:
        if self._problem is not None:
            lines: tuple[Row, ...] = problem_rows(self._problem, self.width - 2)
        elif self.checks is None:
            lines = (row(say(" Asking LVM, the kernel and XenServer. Enter goes on without.")),)
        else:
            cursor = self.query_one("#checks", RowList).cursor
            chosen = self.checks[cursor] if 0 <= cursor < len(self.checks) else None
            lines = detail_rows(chosen, self.width) if chosen is not None else ()
        self.block("reason").show(EMPTY, *(*lines, *(EMPTY,) * DETAIL_ROWS)[:DETAIL_ROWS])
        self.draw_frame_end()

    def on_row_list_moved(self, _event: RowList.Moved) -> None:
        """Another check: its reason."""
        self._draw_reason()

    def action_next(self) -> None:
        """Enter always goes on: the Plan page closes the ways that a STOP forbids."""
        self.dismiss(self.walk.to("plan"))

    def action_reread(self) -> None:
        """Ask again."""
        self.checks = self._problem = None
        self.redraw()
        self._ask_thread()

    def detail(self) -> tuple[str, tuple[Row, ...]] | None:
        """All of them in full."""
        return ("Checks", all_rows(self.checks, self.width)) if self.checks else None

    def panel(self) -> Panel:
        """What this page is for."""
        return Panel(
            why=say("These things change the disk by themselves while you work."),
            writes=say("nothing. Every question only reads."),
            dont=say("take B or C while a line says STOP for them: they write to the disk."),
            command=say("lvtui doctor"),
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the checks."""
        return keys(
            ("Enter", "Next"),
            ("F3", "Facts"),
            ("F5", "Check again"),
            ("Esc", "Back"),
            ("F1", "Help"),
            ("F10", "Quit"),
        )
