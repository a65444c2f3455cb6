"""Step 9, Report: what was lost, what came back, where it is, and how that was proven."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from lvtui.flow.report import Report, ReportRow
from lvtui.safe import SafeStr, safe
from lvtui.ui.frame import Key, Panel, Safety, keys
from lvtui.ui.step import StepScreen
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import TextLines
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, bold, joined, row, say, spoken, wrapped

LABEL_CELLS = 14


def labelled(rows: Iterable[ReportRow], width: int) -> tuple[Row, ...]:
    """Label and sentence, a long sentence over several rows."""
    shown: list[Row] = []
    for entry in rows:
        lines = wrapped(spoken(entry.text), width - LABEL_CELLS - 2, 0)
        label = safe(entry.label)
        if len(label) > LABEL_CELLS - 3:
            shown.append(row(SafeStr("   "), label))
            label = SafeStr("")
        for number, line in enumerate(lines):
            head = label if number == 0 else ""
            shown.append(row(SafeStr(f"   {head:<{LABEL_CELLS - 3}} "), *line))
    return tuple(shown)


def page_rows(report: Report, width: int) -> tuple[Row, ...]:
    """The page for the boss."""
    shown: list[Row] = []
    for volume in report.volumes:
        headline = joined(safe(volume.word), SafeStr("  "), spoken(volume.headline))
        shown += [row(SafeStr(" "), bold(headline)), *labelled(volume.rows, width), EMPTY]
    return (*shown, *labelled(report.rows, width))


def annex_rows(report: Report, width: int) -> tuple[Row, ...]:
    """The page, and the annex for a specialist."""
    shown = list(page_rows(report, width))
    for volume in report.volumes:
        shown += [
            EMPTY,
            row(SafeStr(" "), bold(say("Annex: {what}", what=str(volume.headline)))),
            *labelled(volume.annex, width),
        ]
    return tuple(shown)


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
            ("Enter", "Annex"),
            ("F2", "Log"),
            ("Esc", "Back"),
            ("F1", "Help"),
            ("F10", "Finish"),
        )

    def detail(self) -> tuple[str, tuple[Row, ...]] | None:
        """All of it."""
        return ("Report", annex_rows(self.report, self.width)) if self.report else None
