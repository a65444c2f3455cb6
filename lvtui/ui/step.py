"""A step of the walk: a page that is given a Walk and dismisses with a new one."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from lvtui.ui.frame import FramePage, Panel
from lvtui.ui.log_lines import log_rows
from lvtui.ui.shell import Rechecked, after_shell, leave_for_shell
from lvtui.ui.textpage import TextPage
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.help import help_rows
from lvtui.ui.widgets.text import Row, say


class Leave(StrEnum):
    """What F10 was answered with."""

    STAY = "stay"
    EXIT = "exit"
    PAUSE = "pause"
    """Pause the running copy, then leave."""
    STOP = "stop"
    """Stop the running copy, keep its part, then leave."""


class StepScreen(FramePage[Walk]):
    """One step. Esc keeps every answer; Enter never starts a write."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark,comma", "help", "Help", show=False),
        Binding("f2", "log", "Log", show=False),
        Binding("f3", "detail", "Detail", show=False),
        Binding("f5", "reread", "Re-read", show=False),
        Binding("f9", "shell", "Shell", show=False),
    ]

    def writes_allowed(self) -> bool:
        """Whether a key may start or change something; says why not."""
        if not self.walk.may_write:
            self.notice(say(self.walk.why_not))
        return self.walk.may_write

    def copy_runs(self) -> bool:
        """Whether F10 must ask what becomes of a running copy."""
        return False

    def is_busy(self) -> bool:
        """Whether the page cannot be left now."""
        return False

    def carry_out(self, leave: Leave) -> None:
        """Do what the Quit page was told about a running copy."""

    def detail(self) -> tuple[str, tuple[Row, ...]] | None:
        """Title and lines behind F3; None where there is no more to say."""
        return None

    async def action_back(self) -> None:
        """One step back, answers kept."""
        self.dismiss(self.walk.back())

    def action_reread(self) -> None:
        """Read again what the page shows; pages that can override it."""

    def action_shell(self) -> None:
        """A shell on this terminal; what it changed on the disk is said on return."""
        refused = leave_for_shell(self.app, self.walk)
        if refused is not None:
            self.notice(refused)
            return
        self.redraw()
        self._recheck_thread()

    @work(thread=True, exclusive=True, group="recheck")
    def _recheck_thread(self) -> None:
        self.post_message(after_shell(self.walk))

    def on_rechecked(self, event: Rechecked) -> None:
        """Say whether the disk changed."""
        self.notice(event.words)

    def action_help(self) -> None:
        """Help for this page, the keys, the glossary."""
        self._read("Help", help_rows(self.step or "start", self.panel(), self.width))

    def action_log(self) -> None:
        """What lvtui did, newest last."""
        self._read("Log", log_rows(), at_end=True)

    def action_detail(self) -> None:
        """The page's exact numbers."""
        more = self.detail()
        if more is not None:
            self._read(*more)

    def _read(self, title: str, rows: tuple[Row, ...], *, at_end: bool = False) -> None:
        panel = Panel(
            why=say("To read. The page below waits as it was left."),
            writes=say("nothing."),
            dont=say("reboot, rescan or clean up meanwhile."),
            command=say("none"),
        )
        self.app.push_screen(
            TextPage(
                self.walk, title=title, rows=rows, panel=panel, safety=self.safety(), at_end=at_end
            )
        )
