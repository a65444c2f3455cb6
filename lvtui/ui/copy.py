"""Step 7 before F8: where the image goes. Nothing is written until F8."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message as Event
from textual.widgets import Input

from lvtui.errors import LvtuiError
from lvtui.flow.copy import (
    DestinationRow,
    Finding,
    Severity,
    check_destination,
    suggest_destinations,
)
from lvtui.safe import SafeStr, safe
from lvtui.ui.begin_copy import begin_copy, image_path, shown_path
from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.place_rows import forbids, head_row, place_row, with_folder
from lvtui.ui.shown import problem_rows, short_name, size
from lvtui.ui.step import StepScreen
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import (
    EMPTY,
    Row,
    TextBlock,
    bold,
    cut_middle,
    fit,
    row,
    say,
    spoken,
    wrapped,
)


@dataclass
class Suggested(Event):
    """The places are known."""

    places: tuple[DestinationRow, ...]


@dataclass
class Checked(Event):
    """A place was checked."""

    folder: str
    findings: tuple[Finding, ...]


@dataclass
class Started(Event):
    """The first copy runs."""

    folder: str
    job_dir: str


@dataclass
class Failed(Event):
    """A worker met an error that an operator can read."""

    error: LvtuiError


class DestinationScreen(StepScreen):
    """Choose a place; F8 starts."""

    step: ClassVar[str] = "copy"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f8", "start", "Start the copy", show=False),
    ]

    def __init__(self, walk: Walk) -> None:
        super().__init__(walk)
        self.places: tuple[DestinationRow, ...] = ()
        self.folder = walk.session.destination or ""
        self.checked: Checked | None = None
        self._busy: SafeStr | None = None
        self._start_next = False
        """F8 was pressed while another look was under way."""
        self._problem: LvtuiError | None = None

    def compose_content(self) -> ComposeResult:
        """What is copied, places, a field, findings."""
        yield TextBlock(id="what")
        yield RowList(id="places")
        yield TextBlock(id="to")
        yield Input(self.folder, id="path", compact=True, placeholder="a folder on another disk")
        yield TextBlock(id="findings")

    def on_mount(self) -> None:
        """Ask for the places."""
        super().on_mount()
        if self.walk.discovery is not None:
            self._busy = say("Looking for places with room.")
            self._suggest_thread()
        self.redraw()

    def draw(self) -> None:
        """Show what will be copied and where it can go."""
        marked = self.walk.marked
        names = ", ".join(short_name(report.lost.lv.name) for report in marked[:2])
        self.block("what").show(
            row(
                say(
                    " FROM  {names}{more}  needs up to ",
                    names=names,
                    more=f" and {len(marked) - 2} more" if len(marked) > 2 else "",
                ),
                bold(size(self.walk.need_bytes)),
            ),
            EMPTY,
            row(head_row(self.width - 80)),
        )
        rows = self.query_one("#places", RowList)
        rows.show(len(self.places), self._row, cursor=max(rows.cursor, 0))
        self.block("to").show(
            EMPTY,
            row(say(" TO    folder (Tab goes to this field; Enter checks the place):")),
        )
        self._draw_findings()

    def _row(self, index: int) -> Row:
        return place_row(self.places[index], index, self.folder, self.width - 80)

    def _draw_findings(self) -> None:
        self.block("findings").show(*self._findings()[:5])
        self.draw_frame_end()

    def _findings(self) -> tuple[Row, ...]:
        if self._busy is not None:
            return (EMPTY, row(SafeStr(" "), self._busy))
        if self._problem is not None:
            return problem_rows(self._problem, self.width - 2)
        if self.checked is None:
            return (EMPTY, row(say(" Choose a folder, press Enter to have it checked, then F8.")))
        lines: list[Row] = []
        for finding in self.checked.findings:
            text = say(
                "{word} {text}", word=fit(say(finding.severity), 5), text=str(finding.message)
            )
            lines += wrapped(text, self.width - 2)
        if not self.stopped:
            word = (
                "F8 starts the copy to this folder." if self.walk.may_write else self.walk.why_not
            )
            lines.append(row(SafeStr(" "), bold(say(word))))
        return tuple(lines)

    @property
    def stopped(self) -> bool:
        """Whether a finding forbids the place."""
        return forbids(self.checked.findings if self.checked else ())

    # Work

    @work(thread=True, exclusive=True, group="places")
    def _suggest_thread(self) -> None:
        discovery = self.walk.discovery
        if discovery is None:
            return
        try:
            self.post_message(Suggested(suggest_destinations(discovery, self.walk.need_bytes)))
        except LvtuiError as error:
            self.post_message(Failed(error))

    @work(thread=True, exclusive=True, group="check")
    def _check_thread(self, folder: str, *, start: bool) -> None:
        discovery = self.walk.discovery
        if discovery is None:
            return
        try:
            to = image_path(self.walk, 0, folder)
            findings = check_destination(discovery, to, self.walk.need_bytes)
            self.post_message(Checked(folder, findings))
            if start and not forbids(findings):
                self.post_message(Started(folder, begin_copy(self.walk, 0, folder)))
        except LvtuiError as error:
            self.post_message(Failed(error))

    def _check(self, *, start: bool) -> None:
        if not self.folder or not self.walk.marked:
            return
        if self._busy is not None:
            self._start_next = self._start_next or start
            return
        self._problem = None
        self._busy = say("Starting the copy.") if start else say("Checking {to}.", to=self.folder)
        self._draw_findings()
        self._check_thread(self.folder, start=start)

    def on_suggested(self, event: Suggested) -> None:
        """Show the places; take none by itself."""
        self._busy = None
        self.places = with_folder(event.places, self.folder)
        self.redraw()
        if self.folder:
            self._check(start=self._start_next)

    def on_checked(self, event: Checked) -> None:
        """Show the findings."""
        self.checked, self._busy = event, None
        self.walk = self.walk.to("copy", destination=event.folder)
        self.redraw()
        if self._start_next and not self.stopped:
            self._start_next = False
            self._check(start=True)

    def on_started(self, event: Started) -> None:
        """The copy runs: watch it."""
        self.dismiss(self.walk.to("copy", destination=event.folder, job_dirs=(event.job_dir,)))

    def on_failed(self, event: Failed) -> None:
        """Show the error."""
        self._busy, self._problem = None, event.error
        self.redraw()

    # Keys

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        """Enter: take the place and check it. Nothing is started."""
        place = self.places[event.index]
        if place.finding.severity is Severity.STOP:
            self.notice(spoken(place.finding.message))
            return
        self.query_one("#path", Input).value = place.path
        self.folder = place.path
        self._check(start=False)

    def on_row_list_marked(self, event: RowList.Marked) -> None:
        """Space is the same as Enter here."""
        self.on_row_list_opened(RowList.Opened(event.index))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another place: what was checked no longer holds."""
        if event.value.strip() != self.folder:
            self.folder, self.checked = event.value.strip(), None
            self.redraw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field checks; it never starts."""
        self.folder = event.value.strip()
        self._check(start=False)

    def action_start(self) -> None:
        """F8: check again and start."""
        if not self.writes_allowed():
            return
        if not self.folder:
            self.notice(say("Choose a folder first."))
        elif self.stopped:
            self.notice(say("This place is refused: see STOP above."))
        else:
            self._check(start=True)

    async def action_back(self) -> None:
        """Back to the plan; the folder is kept."""
        self.walk = self.walk.to("copy", destination=self.folder or None)
        await super().action_back()

    def action_reread(self) -> None:
        """Look for places again."""
        if self.walk.discovery is not None and self._busy is None:
            self._suggest_thread()

    def panel(self) -> Panel:
        """What this page is for."""
        to = shown_path(self.walk, 0, self.folder or "/FOLDER") if self.walk.marked else "-"
        source = self.walk.session.source or "DISK"
        return Panel(
            why=say("A full image is proof and backup. All later steps use the image."),
            writes=say("nothing yet. After F8: {to}", to=cut_middle(safe(to, limit_chars=400), 47))
            if self.walk.may_write
            else say("nothing. {why}", why=self.walk.why_not),
            dont=say("copy onto the damaged disk: every place that stands on it is refused."),
            command=say("dd if={path} of={to} bs=4M ...  (F3 on Plan)", path=source, to=to),
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the destination page."""
        start = (("F8", "Start copy"),) if self.walk.may_write else ()
        return keys(
            *start,
            ("Enter", "Check"),
            ("Tab", "Path"),
            ("F5", "Re-read"),
            ("Esc", "Back"),
            ("F1", "Help"),
            ("F10", "Quit"),
        )
