"""The confirm page of a plan that writes, and the page on which it runs, line by line.

Nothing runs before the four digits were typed and F8 was pressed: Enter goes back, paste is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message as Event

from lvtui.errors import LvtuiError
from lvtui.flow.apply import Waiting
from lvtui.flow.change import Ask
from lvtui.safe import SafeStr
from lvtui.ui.frame import Key, Panel, Safety, keys
from lvtui.ui.run_rows import command_rows, head_rows, line_rows, token_rows
from lvtui.ui.shown import problem_rows
from lvtui.ui.step import StepScreen
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import TextLines
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, bold, row, say

TOKEN_DIGITS = 4


class Phase(Enum):
    """How far the page is."""

    LOADING = auto()
    PREVIEW = auto()
    RUNNING = auto()
    ENDED = auto()


@dataclass
class Loaded(Event):
    """The plan is there, or has run."""

    waiting: Waiting


@dataclass
class LineState(Event):
    """A line began or ended."""

    number: int
    state: str


@dataclass
class Failed(Event):
    """No plan, or a line that failed."""

    error: LvtuiError


class RunPage(StepScreen):
    """A plan: preview, token, run. Dismisses with the walk; `session.way` tells what was run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", "Back or next", show=False),
        Binding("f8", "run", "Run", show=False),
        Binding("backspace", "erase", "Erase a digit", show=False),
    ]

    def __init__(self, walk: Walk, ask: Ask, *, after: str) -> None:
        super().__init__(walk)
        self.step = "plan"  # type: ignore[misc]
        self._ask = ask
        self._after = after
        """The step that follows a plan that has run."""
        self.phase = Phase.LOADING
        self.waiting: Waiting | None = None
        self.typed = ""
        self.states: dict[int, str] = {}
        self.problem: LvtuiError | None = None

    def compose_content(self) -> ComposeResult:
        """Title and notes, the lines, the token or the end."""
        yield TextBlock(id="head")
        yield TextLines(id="lines")
        yield TextBlock(id="foot")

    def on_mount(self) -> None:
        """Make the plan, or find it."""
        super().on_mount()
        self._load_thread()

    @work(thread=True, exclusive=True, group="plan")
    def _load_thread(self) -> None:
        self._call(None)

    @work(thread=True, exclusive=True, group="plan")
    def _run_thread(self, token: str) -> None:
        self._call(token)

    def _call(self, token: str | None) -> None:
        def watch(number: int, state: str) -> None:
            self.post_message(LineState(number, state))

        try:
            with self.walk.lent():
                waiting = self._ask(token, watch if token is not None else None)
        except LvtuiError as error:
            self.post_message(Failed(error))
            return
        self.post_message(Loaded(waiting))

    def on_loaded(self, event: Loaded) -> None:
        """Show the plan, or its end."""
        self.waiting = event.waiting
        self.phase = Phase.ENDED if event.waiting.ran else Phase.PREVIEW
        self.redraw()

    def on_line_state(self, event: LineState) -> None:
        """Show it."""
        self.states[event.number] = event.state
        self.redraw()

    def on_failed(self, event: Failed) -> None:
        """Show why; the line that was at work has failed."""
        self.problem = event.error
        self.states = {
            number: "failed" if state == "started" else state
            for number, state in self.states.items()
        }
        self.phase = Phase.ENDED
        self.redraw()

    def draw(self) -> None:
        """Show what the phase has."""
        if self.waiting is None:
            waiting = (row(say(" Reading the disk and asking LVM for the plan.")),)
            problem = problem_rows(self.problem, self.width - 2) if self.problem else waiting
            self.block("head").show(*problem)
            return
        self.block("head").show(*head_rows(self.waiting, self.width)[:5], EMPTY)
        lines = line_rows(self.waiting.stored, self.states, self.width)
        self.query_one("#lines", TextLines).show(lines)
        self.block("foot").show(*self._foot())

    def _foot(self) -> tuple[Row, ...]:
        if self.phase is Phase.PREVIEW and self.waiting is not None:
            writes = any(True for _ in self.waiting.stored.plan.writes())
            if not self.walk.may_write:
                return (row(bold(say(self.walk.why_not))),)
            return token_rows(self.waiting.token, self.typed, writes=writes)
        if self.phase is Phase.RUNNING:
            return (EMPTY, row(bold(say(" Running. Each line is proven before the next begins."))))
        if self.problem is not None:
            more = say(" Enter goes back to the plan. F7 takes back what was done.")
            return (*problem_rows(self.problem, self.width - 2)[1:], row(more))
        done = say(" Done and proven. Enter goes on.")
        return (EMPTY, row(bold(done)))

    # Keys

    def on_key(self, event: events.Key) -> None:
        """Digits fill the token, whatever has the focus."""
        super().on_key(event)
        char = event.character
        if self.phase is Phase.PREVIEW and char is not None and char in "0123456789":
            event.stop()
            self.typed = (self.typed + char)[-TOKEN_DIGITS:]
            self.redraw()

    def on_paste(self, event: events.Paste) -> None:
        """Pasted digits were not read by anybody: they do not count."""
        event.stop()
        self.notice(say("Paste is ignored here: read the digits and type them."))

    def action_erase(self) -> None:
        """Take a digit back."""
        self.typed = self.typed[:-1]
        self.redraw()

    def action_run(self) -> None:
        """F8: run, once the digits are right."""
        if self.phase is not Phase.PREVIEW or self.waiting is None or not self.writes_allowed():
            return
        if self.typed != self.waiting.token:
            typed = self.typed or "nothing"
            self.notice(say("Typed {a}, needed {b}.", a=typed, b=self.waiting.token))
            return
        token, self.typed = self.typed, ""
        self.phase = Phase.RUNNING
        self.step = "activate"  # type: ignore[misc]
        self.redraw()
        self._run_thread(token)

    async def action_enter(self) -> None:
        """Back from the preview; on after the end. Never starts anything."""
        if self.phase is Phase.ENDED and self.problem is None:
            self.dismiss(self.walk.to(self._after))
        else:
            await self.action_back()

    async def action_back(self) -> None:
        """To the plan; not while a line runs, or the plan is made: the case is lent for it."""
        if self.phase is Phase.RUNNING:
            self.notice(say("A line is at work. It cannot be left in the middle."))
        elif self.phase is Phase.LOADING:
            self.notice(say("The plan is being made; nothing runs. Esc goes back after that."))
        else:
            self.dismiss(self.walk.to("plan"))

    def is_busy(self) -> bool:
        """Whether F10 must wait."""
        return self.phase in {Phase.LOADING, Phase.RUNNING}

    def detail(self) -> tuple[str, tuple[Row, ...]] | None:
        """All commands."""
        if self.waiting is None:
            return None
        return "Commands", command_rows(self.waiting.stored)

    def safety(self) -> Safety:
        """ARMED with the token on the page, WRITING while it runs."""
        if self.phase is Phase.PREVIEW:
            return Safety.ARMED
        return Safety.WRITING if self.phase is Phase.RUNNING else Safety.READ_ONLY

    def panel(self) -> Panel:
        """What this page is for."""
        case = self.walk.session.case_dir or "CASE"
        command: SafeStr = say("lvtui apply {case}", case=case)
        return Panel(
            why=say("All that will run is listed; F3 shows every command of it."),
            writes=say("nothing before the digits and F8; then as the lines say."),
            dont=say("do this if a copy by extents (way A) is enough: it needs no write."),
            command=command,
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the phase."""
        more = (("F3", "Commands"), ("F1", "Help"), ("F2", "Log"), ("F10", "Quit"))
        if self.phase is Phase.PREVIEW:
            return keys(("F8", "Run"), ("Enter", "Back (nothing happens)"), *more)
        if self.phase in {Phase.LOADING, Phase.RUNNING}:
            return keys(*more)
        word = "Next" if self.problem is None else "Back"
        return keys(("Enter", word), ("F7", "Undo"), ("F9", "Shell"), *more)
