"""The walk from page to page. Each page is given a Walk and dismisses with the next one."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import ClassVar

from rich.segment import Segments
from textual import events, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.geometry import Size

from lvtui.errors import LvtuiError
from lvtui.flow.case_hold import CaseHold
from lvtui.flow.cases import save_session
from lvtui.flow.change import undoing
from lvtui.flow.session import Session
from lvtui.flow.steps import STEPS
from lvtui.flow.written import writes_of
from lvtui.safe import SafeStr
from lvtui.ui import terminal
from lvtui.ui.case_question import LOOK, question
from lvtui.ui.checks import ChecksScreen
from lvtui.ui.choice_page import ChoicePage
from lvtui.ui.copy import DestinationScreen
from lvtui.ui.device import DeviceScreen
from lvtui.ui.frame import ASCII_CLASS, HEIGHT_MIN, WIDTH_MIN
from lvtui.ui.log_lines import LogLines
from lvtui.ui.plan import PlanScreen
from lvtui.ui.quit import QuitPage
from lvtui.ui.report import ReportScreen
from lvtui.ui.run_page import RunPage
from lvtui.ui.start import IMAGE, StartScreen
from lvtui.ui.step import Leave, StepScreen
from lvtui.ui.too_small import TooSmall
from lvtui.ui.versions import VersionsScreen
from lvtui.ui.volumes import VolumesScreen
from lvtui.ui.walk import Walk
from lvtui.ui.watch import WatchScreen
from lvtui.ui.widgets.text import say

log = logging.getLogger(__name__)


GONE_CHECK_SECONDS = 2


class LvtuiApp(App[Walk], inherit_bindings=False):
    """The wizard."""

    CSS_PATH = "app.tcss"
    TITLE = "lvtui"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f10,ctrl+c", "leave", "Quit", show=False, priority=True),
        Binding("f7", "undo", "Undo", show=False),
    ]

    def __init__(self, walk: Walk, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.walk = walk
        self.hold = CaseHold()
        self._answers: asyncio.Queue[Session] = asyncio.Queue()
        self.set_class(ascii_only, ASCII_CLASS)

    def on_mount(self) -> None:
        """Begin the walk."""
        self.go()
        self.keep_answers()
        if not self.is_headless:
            self.set_interval(GONE_CHECK_SECONDS, self.leave_a_gone_terminal)

    def leave_a_gone_terminal(self) -> None:
        """End without a word when the line has dropped; a copy goes on by itself.

        SIGHUP ends the leader of the session, but not a wizard that was started by `make` or sudo.
        """
        if terminal.is_gone():
            log.info("the terminal is gone; the viewer left")
            self.exit(self.walk)

    def on_resize(self, event: events.Resize) -> None:
        """Put the overlay on, or take it away."""
        self._fit(event.size)

    def _fit(self, size: Size) -> None:
        small = size.width < WIDTH_MIN or size.height < HEIGHT_MIN
        top = self.screen
        if small and not isinstance(top, TooSmall | QuitPage):
            self.push_screen(TooSmall())
        elif not small and isinstance(top, TooSmall):
            top.dismiss(None)

    @work
    async def go(self) -> None:
        """Open pages until one leaves."""
        while True:
            await self._hold()
            if isinstance(self.screen, TooSmall):
                await self.screen.dismiss(None)
            page = self.push_screen(page_of(self.walk), wait_for_dismiss=True)
            self._fit(self.size)
            self.walk = await page
            log.info("%s", answers_line(self.walk.session))
            if self.walk.may_write:
                self._answers.put_nowait(self.walk.session)

    async def _hold(self) -> None:
        """Lock the case of the walk; one that another lvtui has is only looked at, or left."""
        if self.walk.is_viewer and self.walk.session.step != "start":
            return
        self.walk = replace(self.walk, is_viewer=False, hold=self.hold)
        wanted = Session() if self.walk.session.step == "start" else self.walk.session
        refused = await asyncio.to_thread(self.hold.take, wanted)
        if refused is None:
            return
        log.warning("%s [%s]", refused.message, refused.code)
        answer = await self.push_screen_wait(ChoicePage(self.walk, question(self.walk, refused)))
        self.walk = replace(self.walk, is_viewer=True)
        if answer != LOOK:
            read_only = self.walk.session.read_only
            self.walk = Walk(
                session=Session(step="start", read_only=read_only), host=self.walk.host
            )

    def on_unmount(self) -> None:
        """Let others work on the case."""
        self.hold.release()

    @work
    async def keep_answers(self) -> None:
        """Keep every answer beside the walk: a page never waits for the disk of the case."""
        while True:
            session = await self._answers.get()
            while not self._answers.empty():
                session = self._answers.get_nowait()
            await asyncio.to_thread(keep, session)

    def _fatal_error(self) -> None:
        """Textual's own way out, without the values of variables.

        Textual prints every local with its repr; a Discovery among them takes minutes, and names
        from the disk would reach the terminal unchecked.
        """
        from rich.traceback import Traceback  # noqa: PLC0415 - 30 ms, needed at a crash only

        trace = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(trace, self.console.options)))
        self._close_messages_no_wait()

    def page(self) -> StepScreen | None:
        """The step that is open, whatever lies over it."""
        steps = [screen for screen in self.screen_stack if isinstance(screen, StepScreen)]
        return steps[-1] if steps else None

    @work
    async def action_leave(self) -> None:
        """F10: ask, then leave."""
        if any(isinstance(screen, QuitPage) for screen in self.screen_stack):
            return
        page = self.page()
        if page is None:
            self.exit(self.walk)
            return
        if page.is_busy():
            page.notice(say("lvtui is at work here. It cannot be left in the middle."))
            return
        ask = QuitPage(page.walk, copy_runs=page.copy_runs(), safety=page.safety())
        leave = await self.push_screen_wait(ask)
        if leave is Leave.STAY:
            self._fit(self.size)
            return
        if self.walk.may_write:
            page.carry_out(leave)
        self.exit(page.walk)

    @work
    async def action_undo(self) -> None:
        """F7: what lvtui changed, and taking it back; a page that says so where that is nothing."""
        page = self.page()
        if page is None or page.is_busy():
            return
        case_dir = page.walk.session.case_dir
        if case_dir is None:
            page.notice(say("Nothing to undo: there is no case yet, nothing was changed."))
            return
        after = await self.push_screen_wait(RunPage(page.walk, undoing(case_dir), after="device"))
        if after.session.step == "device":
            page.dismiss(replace(after.to("device", way="a"), discovery=None))

    def on_watch_screen_changed(self, event: WatchScreen.Changed) -> None:
        """Keep answers that changed while their page stays open."""
        self.walk = event.walk
        if self.walk.may_write:
            self._answers.put_nowait(event.walk.session)


def answers_line(session: Session) -> SafeStr:
    """The answers in one line of the log."""
    return say(
        "Step {step}: source {source}, version {version}, {n} volumes marked, destination {to}",
        step=session.step,
        source=session.source or "-",
        version=session.version_id or "-",
        n=len(session.lv_uuids),
        to=session.destination or "-",
    )


def keep(session: Session) -> None:
    """Keep the answers in the case; a failure is told in the log and does not stop the walk."""
    try:
        save_session(session)
    except LvtuiError as error:
        log.warning("%s [%s]", error.message, error.code)


def page_of(walk: Walk) -> StepScreen:
    """The page where the walk stands."""
    step = walk.session.step
    if step == "start":
        return StartScreen(walk)
    if step == "copy" and walk.session.job_dirs:
        return WatchScreen(walk)
    if walk.discovery is None or step not in STEPS or step == "device":
        resume = step if step in STEPS and step != "device" else ""
        return DeviceScreen(walk.to("device"), add_image=step == IMAGE, resume=resume)
    pages: dict[str, type[StepScreen]] = {
        "versions": VersionsScreen,
        "volumes": VolumesScreen,
        "checks": ChecksScreen,
        "plan": PlanScreen,
        "copy": DestinationScreen,
        "report": ReportScreen,
    }
    return pages[step](walk)


def crash_lines(session: Session) -> tuple[SafeStr, ...]:
    """What an operator reads below a traceback."""
    case = session.case_dir or "-"
    written = writes_of(session.case_dir)
    changed = say("Nothing was changed on {source}.", source=session.source or "any disk")
    if written:
        changed = say(
            "Written to {source}: {what}", source=session.source or "?", what=str(written[-1])
        )
    return (
        say("lvtui stopped because of an error of its own (above). This is a bug."),
        changed,
        say("A copy that was running goes on by itself: lvtui status {case}", case=case),
        say("Case: {case}. All answers are kept.", case=case),
        say("Go on with: lvtui resume {case}", case=case),
        say("If the terminal looks wrong, type: reset"),
    )


def run(session: Session) -> int:
    """Show the wizard; returns the exit code."""
    problem = terminal.check()
    if problem is not None:
        terminal.say_after((str(problem),))
        return 2
    terminal.prepare_output()
    logging.getLogger("lvtui").addHandler(LogLines())
    logging.getLogger("lvtui").setLevel(logging.INFO)
    host = "" if session.demo else terminal.host_name()
    app = LvtuiApp(Walk(session=session, host=host), ascii_only=terminal.is_ascii())
    walk = app.run(mouse=False)
    if walk is None or app.return_code:
        terminal.say_after(crash_lines(app.walk.session))
        return app.return_code or 1
    if walk.may_write:
        keep(walk.session)
    case = walk.session.case_dir
    if case is not None:
        terminal.say_after((say("Case kept: {case}", case=case),))
    return 0
