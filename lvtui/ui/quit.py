"""F10: leave, and what becomes of a running copy. The default never stops a copy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult

from lvtui.ui.frame import FramePage, Key, Panel, Safety, keys
from lvtui.ui.step import Leave
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, bold, row, say

IDLE: tuple[tuple[Leave, str], ...] = (
    (Leave.EXIT, "Leave lvtui. Everything is kept"),
    (Leave.STAY, "Stay"),
)
COPYING: tuple[tuple[Leave, str], ...] = (
    (Leave.EXIT, "Leave it running. The copy goes on without this window"),
    (Leave.STAY, "Stay and watch"),
    (Leave.PAUSE, "Pause the copy, then leave"),
    (Leave.STOP, "Stop the copy, keep its part, then leave"),
)


class QuitPage(FramePage[Leave]):
    """Ask before leaving."""

    title_word: ClassVar[str] = "Leave"

    def __init__(self, walk: Walk, *, copy_runs: bool, safety: Safety) -> None:
        super().__init__(walk)
        self.choices = COPYING if copy_runs else IDLE
        self.copy_runs = copy_runs
        self._safety = safety

    def compose_content(self) -> ComposeResult:
        """Question and choices."""
        yield TextBlock(id="question")
        yield RowList(id="choices")

    def draw(self) -> None:
        """Say what is running."""
        words = (
            say("A copy is running.") if self.copy_runs else say("Nothing is running. Case kept.")
        )
        self.block("question").show(row(say(" "), bold(words)), EMPTY)
        rows = self.query_one("#choices", RowList)
        rows.show(len(self.choices), self._row, cursor=max(rows.cursor, 0))

    def _row(self, index: int) -> Row:
        return row(say("{n}  {words}", n=index + 1, words=self.choices[index][1]))

    def panel(self) -> Panel:
        """What leaving does."""
        case = self.walk.session.case_dir
        back = say("lvtui attach {case}", case=case) if case and self.copy_runs else say("lvtui")
        return Panel(
            why=say("Leaving is safe at any time. Answers and finished parts are kept."),
            writes=say("nothing."),
            dont=say("worry about a copy that runs: it does not need this window."),
            command=back,
        )

    def key_bar(self) -> Iterable[Key]:
        """Choose or stay."""
        return keys(("1-9", "Pick"), ("Enter", "Choose"), ("Esc", "Stay"))

    def safety(self) -> Safety:
        """As on the page below."""
        return self._safety

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        """Enter on a choice."""
        self.dismiss(self.choices[event.index][0])

    def action_back(self) -> None:
        """Stay."""
        self.dismiss(Leave.STAY)
