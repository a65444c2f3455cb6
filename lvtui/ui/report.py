"""Step 9, Report: what was lost, what came back, where it is, and how that was proven."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message as Event

from lvtui.errors import LvtuiError
from lvtui.flow.cases import save_report
from lvtui.flow.copy import progress_of, spec_of
from lvtui.flow.report import Report, ReportRow, make_report
from lvtui.safe import SafeStr, safe
from lvtui.ui.frame import Key, Panel, Safety, keys
from lvtui.ui.shown import problem_rows
from lvtui.ui.step import StepScreen
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import TextLines
from lvtui.ui.widgets.text import (
    EMPTY,
    Row,
    TextBlock,
    bold,
    bolded,
    joined,
    row,
    say,
    spoken,
    wrapped,
)

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
        shown += [bolded(line) for line in wrapped(headline, width - 2)]
        shown += [*labelled(volume.rows, width), EMPTY]
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


@dataclass
class Made(Event):
    """The report was made, and written into the case."""

    report: Report
    paths: tuple[str, ...]


@dataclass
class Failed(Event):
    """It could not be made or written."""

    error: LvtuiError


class ReportScreen(StepScreen):
    """The last page."""

    step: ClassVar[str] = "report"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,right", "detail", "Read", show=False)]

    def __init__(self, walk: Walk) -> None:
        super().__init__(walk)
        self.report: Report | None = None
        self.paths: tuple[str, ...] = ()
        self._problem: LvtuiError | None = None

    def compose_content(self) -> ComposeResult:
        """Verdict, rows, files."""
        yield TextBlock(id="verdict")
        yield TextLines(id="rows")
        yield TextBlock(id="saved")

    def on_mount(self) -> None:
        """Make the report from what the jobs say now."""
        super().on_mount()
        self._make_thread()

    @work(thread=True, exclusive=True, group="report")
    def _make_thread(self) -> None:
        session, discovery = self.walk.session, self.walk.discovery
        if discovery is None:
            return
        may_save = self.walk.may_write and session.case_dir is not None
        try:
            folders = [Path(job_dir) for job_dir in session.job_dirs]
            jobs = tuple((spec_of(folder), progress_of(folder)) for folder in folders)
            report = make_report(session, discovery, jobs)
            paths = save_report(Path(session.case_dir or ""), report) if may_save else ()
        except LvtuiError as error:
            self.post_message(Failed(error))
            return
        self.post_message(Made(report, tuple(str(path) for path in paths)))

    def on_made(self, event: Made) -> None:
        """Show it."""
        self.report, self.paths = event.report, event.paths
        self.redraw()

    def on_failed(self, event: Failed) -> None:
        """Show why there is none."""
        self._problem = event.error
        self.redraw()

    def draw(self) -> None:
        """Show the report."""
        rows = self.query_one("#rows", TextLines)
        if self.report is None:
            waiting = (row(say(" Making the report from the case.")),)
            rows.show(problem_rows(self._problem, self.width) if self._problem else waiting)
            return
        self.block("verdict").show(row(SafeStr(" "), bold(safe(self.report.word))), EMPTY)
        rows.show(page_rows(self.report, self.width))
        case = self.walk.session.case_dir or ""
        names = ", ".join(path.rpartition("/")[2] for path in self.paths)
        lines = [row(say(" Saved  {case}/", case=case)), row(say("        {names}", names=names))]
        self.block("saved").show(*(lines if self.paths else ()))

    def safety(self) -> Safety:
        """The walk has ended."""
        return Safety.DONE

    def action_reread(self) -> None:
        """Make it again."""
        self._make_thread()

    def panel(self) -> Panel:
        """What this page is for."""
        return Panel(
            why=say("One page for your boss, an annex for a specialist."),
            writes=say("the case folder only."),
            dont=say("delete the case folder: it holds the hashes and the log."),
            command=say("lvtui report {case}", case=self.walk.session.case_dir or "CASE"),
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the report."""
        return keys(
            ("Enter", "Annex"),
            ("Up/Down", "Scroll"),
            ("F2", "Log"),
            ("Esc", "Back"),
            ("F1", "Help"),
            ("F10", "Finish"),
        )

    def detail(self) -> tuple[str, tuple[Row, ...]] | None:
        """All of it."""
        return ("Report", annex_rows(self.report, self.width)) if self.report else None
