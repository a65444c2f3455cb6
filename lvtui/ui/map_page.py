"""The extent map of one lost volume, as a page over the Volumes page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from lvtui.flow.judging import LostReport
from lvtui.ui.frame import FramePage, Key, Panel, keys
from lvtui.ui.shown import seqno, short_name
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.extent_map import map_rows
from lvtui.ui.widgets.row_list import TextLines
from lvtui.ui.widgets.text import EMPTY, TextBlock, row, say


class MapPage(FramePage[None]):
    """The extent map of one lost volume."""

    step: ClassVar[str] = "volumes"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "back", "Back", show=False)]

    def __init__(self, walk: Walk, report: LostReport) -> None:
        super().__init__(walk)
        self.report = report

    def compose_content(self) -> ComposeResult:
        """Title and map."""
        yield TextBlock(id="title")
        yield TextLines(id="map")

    def draw(self) -> None:
        """Lay the old version over the one in use."""
        lost = self.report.lost
        current = lost.history.current
        over = say("version {n} (now)", n=seqno(current)) if current else say("no version in use")
        self.block("title").show(
            row(
                say(" Map of {name}", name=short_name(lost.lv.name)),
                say("   version {n} laid over {over}", n=seqno(lost.last_seen), over=over),
            ),
            EMPTY,
        )
        self.query_one("#map", TextLines).show(map_rows(self.report, self.width, self.look))

    def panel(self) -> Panel:
        """What the letters mean."""
        glyphs = self.look
        return Panel(
            why=say("X means another volume owns the place. What it wrote is not your data."),
            writes=say("nothing."),
            dont_word="Legend",
            dont=say(
                "{l} lost, intact  X overwritten  {r} reused, freed  {o} other  {f} free  M MGT",
                l=glyphs.lost,
                r=glyphs.at_risk,
                o=glyphs.other,
                f=glyphs.free,
            ),
            command=say("none"),
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the map."""
        return keys(("Up/Down", "Scroll"), ("Esc", "Back"), ("F4", "Look"), ("F10", "Quit"))

    def action_back(self) -> None:
        """Return to the volumes."""
        self.dismiss(None)
