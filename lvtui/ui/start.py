"""Start: begin, go on, or practise. Nothing is read before the operator chooses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult

from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.step import StepScreen
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, bold, row, say


class StartScreen(StepScreen):
    """The first page."""

    title_word: ClassVar[str] = "Start"

    def choices(self) -> tuple[tuple[str, str], ...]:
        """(step to go to, words) of each row; `demo` prepares the practice disk."""
        goes_on: tuple[tuple[str, str], ...] = ()
        if self.walk.session.source is not None:
            goes_on = (("device", "Continue with the disk chosen before"),)
        return (
            *goes_on,
            ("device", "New recovery on a disk of this host"),
            ("image", "New recovery from an image file (no XenServer needed)"),
            ("demo", "Practise with demo data (touches nothing)"),
        )

    def compose_content(self) -> ComposeResult:
        """Warning, choices, a last word."""
        yield TextBlock(id="lead")
        yield RowList(id="choices")
        yield TextBlock(id="tail")

    def draw(self) -> None:
        """Show the warning and the choices."""
        self.block("lead").show(
            row(say(" "), bold(say("A virtual disk is lost. First: stop changing this storage."))),
            row(
                say(
                    "   [!] Do not reboot. Do not press Rescan in XenCenter. Do not create or delete"
                )
            ),
            row(
                say(
                    "       VMs or snapshots on this SR. Do not run lvcreate, fsck or vgcfgrestore."
                )
            ),
            EMPTY,
        )
        rows = self.query_one("#choices", RowList)
        rows.show(len(self.choices()), self._row, cursor=max(rows.cursor, 0))
        self.block("tail").show(
            row(say(" You can leave at any time with F10. Everything is kept.")), EMPTY
        )

    def _row(self, index: int) -> Row:
        return row(say("{n}  {words}", n=index + 1, words=self.choices()[index][1]))

    def panel(self) -> Panel:
        """What the first page is for."""
        return Panel(
            why=say("Cases keep every answer, so nothing has to be typed twice."),
            writes=say("nothing yet."),
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

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        """Enter on a choice."""
        self.dismiss(self.walk.to(self.choices()[event.index][0]))

    async def action_back(self) -> None:
        """There is no step before the first: ask."""
        await self.run_action("app.leave")
