"""Step 5, Plan: how, and what will be done, line by line, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message as Event

from lvtui.errors import LvtuiError
from lvtui.flow.cases import save_text
from lvtui.flow.change import begun, restoring, why_closed
from lvtui.flow.extract import plan_way_a
from lvtui.message import Message
from lvtui.safe import SafeStr, safe
from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.plan_rows import WAYS, way_a_rows, way_bc_rows, way_row
from lvtui.ui.run_page import RunPage
from lvtui.ui.shown import size
from lvtui.ui.step import StepScreen
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList, TextLines
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

SCRIPT = "plan.sh"


@dataclass
class Told(Event):
    """What became of a request, in words."""

    words: SafeStr


@dataclass
class Judged(Event):
    """Which ways are closed, and why."""

    closed: dict[str, Message]
    is_begun: bool
    """A plan that wrote has not ended."""


class PlanScreen(StepScreen):
    """The plan."""

    step: ClassVar[str] = "plan"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right", "next", "Next", show=False),
        Binding("f6", "save_script", "Save script", show=False),
    ]

    def __init__(self, walk: Walk) -> None:
        super().__init__(walk)
        self._first_command = say("none")
        self.closed: dict[str, Message] | None = None
        """Reason by way; None: not known yet."""

    def compose_content(self) -> ComposeResult:
        """The ways, the lines, the promise."""
        yield TextBlock(id="how")
        yield RowList(id="ways")
        yield TextBlock(id="plan-head")
        yield TextLines(id="lines")
        yield TextBlock(id="promise")

    def on_mount(self) -> None:
        """Show way A's lines and first command; ask in a thread whether B and C are open."""
        with suppress(LvtuiError):  # it stays "none"; F3 says why
            found = next((line for line in self.script_lines() if line.startswith("dd ")), "none")
            self._first_command = safe(found, limit_chars=400)
        super().on_mount()
        rows = self.query_one("#ways", RowList)
        rows.show(len(WAYS), self._way_row, cursor=WAYS.index(self.way))
        self._ways_thread()

    @work(thread=True, exclusive=True, group="ways")
    def _ways_thread(self) -> None:
        discovery, session = self.walk.discovery, self.walk.session
        if discovery is None:
            return
        try:
            closed = why_closed(discovery, session.lv_uuids, None, session.case_dir)
            left = begun(session.case_dir)
        except LvtuiError as error:
            self.post_message(Told(spoken(error.message)))
            return
        self.post_message(Judged(closed, left is not None))

    def on_judged(self, event: Judged) -> None:
        """Show which ways are open."""
        self.closed = event.closed
        if event.is_begun:
            self.notice(say("A plan was begun and has not ended: 2 and Enter looks at it, or F7."))
        self.redraw()

    @property
    def way(self) -> str:
        """The way that is chosen."""
        return self.walk.session.way if self.walk.session.way in WAYS else "a"

    def draw(self) -> None:
        """Show ways, lines and promise."""
        self.block("how").show(row(say(" How?")))
        self.query_one("#ways", RowList).refresh()
        title = say(" Plan {way}", way=self.way.upper())
        self.block("plan-head").show(
            EMPTY, row(columns((title, 57), (say("changes"), 12), (say("undo"), 6)))
        )
        self.query_one("#lines", TextLines).show(self._lines())
        source = self.walk.session.source or ""
        sources = self.walk.discovery.sources if self.walk.discovery else ()
        promise = (
            "{path}  {size}: 0 bytes will be written to it."
            if self.way == "a"
            else "{path}  {size}: metadata is written, after the token."
        )
        words = say(
            promise,
            path=cut_middle(safe(source, limit_chars=400), self.width - 52),
            size=size(sum(one.size_bytes for one in sources)),
        )
        self.block("promise").show(row(SafeStr(" "), bold(words)), EMPTY)

    def _way_row(self, index: int) -> Row:
        return way_row(WAYS[index], self.way, self.closed, self.width)

    def _lines(self) -> tuple[Row, ...]:
        if self.way == "a":
            return way_a_rows(self.walk)
        if self.closed is None:
            return (row(say(" Asking whether this way is open.")),)
        if self.way in self.closed:
            return wrapped(spoken(self.closed[self.way]), self.width - 2)
        return way_bc_rows(self.walk, self.way)

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """Another way."""
        self.walk = self.walk.to("plan", way=WAYS[event.index])
        self.redraw()

    def on_row_list_opened(self, _event: RowList.Opened) -> None:
        """Enter: way A goes on to the Copy page; B and C show their plan. Nothing is started."""
        self.action_next()

    def action_next(self) -> None:
        """On to the Copy page, or to the plan with its token."""
        if self.way == "a":
            self.dismiss(self.walk.to("copy"))
        elif self.closed is None:
            self.notice(say("Asking whether this way is open."))
        elif self.way in self.closed:
            self.notice(say("This way is closed: the reason stands above. Way A is open."))
        elif self.writes_allowed():
            self._confirm()

    @work
    async def _confirm(self) -> None:
        discovery, session = self.walk.discovery, self.walk.session
        if discovery is None or session.case_dir is None:
            self.notice(say("There is no case folder to keep the plan in."))
            return
        ask = restoring(discovery, session.lv_uuids, self.way, None, session.case_dir)
        after = await self.app.push_screen_wait(RunPage(self.walk, ask, after="copy"))
        if after.session.step != "plan":
            self.dismiss(after)

    def script_lines(self) -> tuple[str, ...]:
        """The plan as a shell script that works without lvtui.

        Raises:
            LvtuiError: a volume cannot be mapped.
        """
        discovery = self.walk.discovery
        if discovery is None:
            return ()
        return tuple(plan_way_a(discovery, self.walk.marked, self.walk.session.destination))

    def detail(self) -> tuple[str, tuple[Row, ...]] | None:
        """The script, to read."""
        try:
            lines = self.script_lines()
        except LvtuiError as error:
            return "By hand", wrapped(spoken(error.message), self.width - 2)
        return "By hand", tuple(row(SafeStr(" "), safe(line, limit_chars=2000)) for line in lines)

    def action_save_script(self) -> None:
        """F6: save the script in the case folder; nothing is run."""
        if self.writes_allowed():
            self._save_thread()

    @work(thread=True, exclusive=True, group="save")
    def _save_thread(self) -> None:
        case_dir = self.walk.session.case_dir
        if case_dir is None:
            self.post_message(Told(say("There is no case folder to save it in.")))
            return
        try:
            text = "\n".join(self.script_lines()) + "\n"
            path = save_text(Path(case_dir), SCRIPT, text)
        except LvtuiError as error:
            self.post_message(Told(spoken(error.message)))
            return
        self.post_message(Told(say("Saved, not run: {path}", path=str(path))))

    def on_told(self, event: Told) -> None:
        """Say what became of the script."""
        self.notice(event.words)

    def panel(self) -> Panel:
        """What this page is for."""
        return Panel(
            why=say("You see all that is done before any of it runs. F6 saves a script."),
            writes=say("nothing yet; the copy writes to its destination only.")
            if self.way == "a"
            else say("nothing yet; Enter shows the exact plan and its token."),
            dont=say("unplug the SR or reboot before the copy has ended."),
            command=self._first_command,
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the plan."""
        return keys(
            ("Enter", "Next"),
            ("F3", "Commands"),
            ("F6", "Save script"),
            ("F7", "Undo"),
            ("Esc", "Back"),
            ("F1", "Help"),
            ("F10", "Quit"),
        )
