"""Start: go on with an earlier case, begin, or practise. Nothing is read before the choice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.message import Message as Event

from lvtui.errors import LvtuiError
from lvtui.flow.cases import list_cases, session_of
from lvtui.flow.practice import prepare_demo
from lvtui.flow.session import Session
from lvtui.flow.steps import next_step
from lvtui.safe import SafeStr, safe
from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.shown import problem_rows, when
from lvtui.ui.step import StepScreen
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, bold, columns, cut_middle, row, say

NEW = "new"
IMAGE = "image"
DEMO = "demo"
BEGINNINGS: tuple[tuple[str, str], ...] = (
    (NEW, "New recovery on a disk of this host"),
    (IMAGE, "New recovery from an image file (no XenServer needed)"),
    (DEMO, "Practise with demo data (touches nothing)"),
)


@dataclass(frozen=True, slots=True)
class CaseRow:
    """An earlier case."""

    name: str
    session: Session
    changed_seconds: float
    is_locked: bool


@dataclass
class Listed(Event):
    """The cases are known."""

    cases: tuple[CaseRow, ...]


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
        self.cases: tuple[CaseRow, ...] = ()
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

    @work(thread=True, exclusive=True, group="read")
    def _list_thread(self) -> None:
        cases = tuple(
            CaseRow(facts.name, session, facts.changed_seconds, facts.is_locked)
            for facts in list_cases()
            if (session := session_of(facts)) is not None and session.source is not None
        )
        self.post_message(Listed(cases))

    @work(thread=True, exclusive=True, group="demo")
    def _demo_thread(self) -> None:
        try:
            self.post_message(Prepared(prepare_demo()))
        except LvtuiError as error:
            self.post_message(Failed(error))

    def on_listed(self, event: Listed) -> None:
        """Show the cases, newest first, the cursor on it."""
        self.cases = event.cases
        self.redraw()

    def on_prepared(self, event: Prepared) -> None:
        """To the practice disk."""
        self.dismiss(Walk(session=event.session))

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
        case = self.cases[index]
        word = say("Look only") if case.is_locked else say("Continue")
        return row(
            number,
            columns(
                (word, 9),
                (safe(case.name), 10),
                (cut_middle(safe(case.session.source or "?"), 20), 20),
                (say("at {step}", step=next_step(case.session).capitalize()), 11),
                (when(int(case.changed_seconds)), 19),
            ),
        )

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        """Enter on a choice."""
        if self._busy:
            return
        if event.index < len(self.cases):
            session = self.cases[event.index].session
            self.dismiss(replace(self.walk, session=replace(session, step=next_step(session))))
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
