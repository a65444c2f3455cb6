"""The extent map of one lost volume, as a page over the Volumes page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from lvtui.flow.judging import LostReport
from lvtui.ui.frame import FramePage, Key, Panel, keys
from lvtui.ui.map_piece import edges_of, piece_at, piece_rows
from lvtui.ui.shown import seqno, short_name
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.extent_map import cell_extents, map_rows
from lvtui.ui.widgets.row_list import TextLines
from lvtui.ui.widgets.text import EMPTY, TextBlock, row, say


class MapPage(FramePage[None]):
    """The extent map of one lost volume."""

    step: ClassVar[str] = "volumes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "cell(-1)", "Left", show=False),
        Binding("right", "cell(1)", "Right", show=False),
        Binding("enter", "piece", "Next piece", show=False),
    ]

    def __init__(self, walk: Walk, report: LostReport) -> None:
        super().__init__(walk)
        self.report = report
        self.edges = edges_of(report)
        self.extent = 0
        """Where the pointer stands in the lost volume."""

    def compose_content(self) -> ComposeResult:
        """Title and map."""
        yield TextBlock(id="title")
        yield TextLines(id="map")
        yield TextBlock(id="piece")

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
        rows = map_rows(self.report, self.width, self.look, at_extent=self.extent)
        self.query_one("#map", TextLines).show(rows)
        at = piece_at(self.edges, self.extent)
        self.block("piece").show(*piece_rows(self.report, self.edges, at, self.width))

    def action_cell(self, by: int) -> None:
        """One cell of the volume's own strip to the left or right."""
        step = cell_extents(self.report, self.width)
        last = max(self.report.lost.lv.extent_count - 1, 0)
        self.extent = max(0, min(self.extent + by * step, last))
        self.draw()

    def action_piece(self) -> None:
        """To the beginning of the next piece; behind the last comes the first."""
        if len(self.edges) > 1:
            following = piece_at(self.edges, self.extent) + 1
            self.extent = self.edges[following % (len(self.edges) - 1)]
            self.draw()

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
        return keys(
            ("Left/Right", "Move"),
            ("Enter", "Next piece"),
            ("Up/Down", "Scroll"),
            ("Esc", "Back"),
            ("F4", "Look"),
            ("F10", "Quit"),
        )

    def action_back(self) -> None:
        """Return to the volumes."""
        self.dismiss(None)
