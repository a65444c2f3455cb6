"""Step 9, Report: what was lost, what came back, where it is, and how that was proven."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from lvtui.flow.report import Report
from lvtui.ui.frame import Key, Panel, Safety, keys
from lvtui.ui.step import StepScreen
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import TextLines
from lvtui.ui.widgets.text import Row, TextBlock, bold, row, say


class ReportScreen(StepScreen):
    """The last page."""

    step: ClassVar[str] = "report"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,right", "detail", "Read", show=False)]

    def __init__(self, walk: Walk) -> None:
        super().__init__(walk)
        self.report: Report | None = None

    def compose_content(self) -> ComposeResult:
        """Verdict, rows, files."""
        yield TextBlock(id="verdict")
        yield TextLines(id="rows")
        yield TextBlock(id="saved")

    def draw(self) -> None:
        """Show the report."""
        self.block("verdict").show(row(say(" "), bold(say("Report"))))

    def safety(self) -> Safety:
        """The walk has ended."""
        return Safety.DONE

    def panel(self) -> Panel:
        """What this page is for."""
        return Panel(
            why=say("One page for your boss, an annex for a specialist (F3)."),
            writes=say("the case folder only."),
            dont=say("delete the case folder: it holds the hashes and the log."),
            command=say("lvtui report {case}", case=self.walk.session.case_dir or "CASE"),
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the report."""
        return keys(
            ("Enter", "Read all"),
            ("F3", "Annex"),
            ("F2", "Log"),
            ("Esc", "Back"),
            ("F1", "Help"),
            ("F10", "Finish"),
        )

    def detail(self) -> tuple[str, tuple[Row, ...]] | None:
        """All of it."""
        return "Report", ()
