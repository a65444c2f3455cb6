"""Start: go on with an earlier case, begin, or practise. Nothing is read before the choice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.message import Message as Event

from lvtui.errors import LvtuiError
from lvtui.flow.case_list import CaseLine, case_lines
from lvtui.flow.practice import prepare_demo
from lvtui.flow.session import Session
from lvtui.safe import SafeStr
from lvtui.ui.case_rows import case_row
from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.shown import problem_rows
from lvtui.ui.step import StepScreen
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, bold, row, say

NEW = "new"
IMAGE = "image"
DEMO = "demo"
LIST_SECONDS = 2.0
BEGINNINGS: tuple[tuple[str, str], ...] = (
    (NEW, "New recovery on a disk of this host"),
    (IMAGE, "New recovery from an image file (no XenServer needed)"),
    (DEMO, "Practise with demo data (touches nothing)"),
)


@dataclass
class Listed(Event):
    """The cases are known."""

    cases: tuple[CaseLine, ...]


@dataclass
class Prepared(Event):
    """The practice disk is unpacked."""

    session: Session


@dataclass
class Failed(Event):
    """It could not be unpacked."""

    error: LvtuiError


class StartScreen(StepScreen):
    """The first page."""

    title_word: ClassVar[str] = "Start"

    def __init__(self, walk: Walk) -> None:
        super().__init__(walk)
        self.cases: tuple[CaseLine, ...] = ()
        self._busy = False
        self._problem: LvtuiError | None = None

    def compose_content(self) -> ComposeResult:
        """Warning, choices, a last word."""
        yield TextBlock(id="lead")
        yield RowList(id="choices")
        yield TextBlock(id="tail")

    def on_mount(self) -> None:
        """Look for earlier cases."""
        super().on_mount()
        self._list_thread()
        self.set_interval(LIST_SECONDS, self._look_again)

    def _look_again(self) -> None:
        """A copy that runs moves on; a lock is let go."""
        if self.is_current and any(case.copies or case.is_locked for case in self.cases):
            self._list_thread()

    @work(thread=True, exclusive=True, group="read")
    def _list_thread(self) -> None:
        self.post_message(Listed(case_lines()))

    @work(thread=True, exclusive=True, group="demo")
    def _demo_thread(self) -> None:
        try:
            self.post_message(Prepared(prepare_demo()))
        except LvtuiError as error:
            self.post_message(Failed(error))

    def on_listed(self, event: Listed) -> None:
        """Show the cases, newest first, the cursor on it."""
        if event.cases != self.cases:
            self.cases = event.cases
            self.redraw()

    def on_prepared(self, event: Prepared) -> None:
        """To the practice disk."""
        read_only = self.walk.session.read_only
        self.dismiss(Walk(session=replace(event.session, read_only=read_only)))

    def on_failed(self, event: Failed) -> None:
        """Show why there is no practice."""
        self._busy, self._problem = False, event.error
        self.redraw()

    def draw(self) -> None:
        """Show the warning and the choices."""
        self.block("lead").show(
            row(say(" "), bold(say("A virtual disk is lost. First: stop changing this storage."))),
            row(say("   [!] Do not reboot. Do not press Rescan in XenCenter. Do not create or")),
            row(say("       delete VMs or snapshots on this SR. Do not run lvcreate, fsck or")),
            row(say("       vgcfgrestore.")),
            EMPTY,
            row(say(" Earlier work on this host" if self.cases else " What do you want to do?")),
        )
        rows = self.query_one("#choices", RowList)
        count = len(self.cases) + len(BEGINNINGS)
        rows.show(count, self._row, cursor=max(rows.cursor, 0))
        tail: tuple[Row, ...] = (
            EMPTY,
            row(say(" You can leave at any time with F10. Everything is kept.")),
        )
        if self._busy:
            tail = (EMPTY, row(say(" Unpacking the practice disk.")))
        if self._problem is not None:
            tail = problem_rows(self._problem, self.width - 2)
        self.block("tail").show(*tail)

    def _row(self, index: int) -> Row:
        number = SafeStr(f"{index + 1} " if index < 9 else "  ")
        if index >= len(self.cases):
            return row(number, say(BEGINNINGS[index - len(self.cases)][1]))
        return row(number, case_row(self.cases[index], self.width - 80))

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        """Enter on a choice."""
        if self._busy:
            return
        if event.index < len(self.cases):
            case = self.cases[event.index]
            read_only = self.walk.session.read_only or case.session.read_only
            session = replace(case.session, step=case.step.value, read_only=read_only)
            self.dismiss(Walk(session=session, host=self.walk.host))
            return
        kind = BEGINNINGS[event.index - len(self.cases)][0]
        if kind == DEMO:
            self._busy = True
            self.redraw()
            self._demo_thread()
            return
        session = Session(read_only=self.walk.session.read_only)
        fresh = Walk(session=session, host=self.walk.host)
        self.dismiss(fresh.to(IMAGE if kind == IMAGE else "device"))

    async def action_back(self) -> None:
        """There is no step before the first: ask."""
        await self.run_action("app.leave")

    def action_reread(self) -> None:
        """Look for cases again."""
        self._list_thread()

    def panel(self) -> Panel:
        """What the first page is for."""
        return Panel(
            why=say("Cases keep every answer, so nothing has to be typed twice."),
            writes=say("nothing yet. A case folder is made once a disk was chosen."),
            dont=say("start a second recovery on the same disk."),
            command=say("none"),
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the first page."""
        return keys(
            ("1-9", "Pick"),
            ("Enter", "Open"),
            ("F1", "Help"),
            ("F2", "Log"),
            ("F4", "Look"),
            ("F10", "Quit"),
        )
