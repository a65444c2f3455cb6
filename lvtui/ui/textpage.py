"""A page of lines to read: help, log, details, a version's text, a diff."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult

from lvtui.safe import SafeStr
from lvtui.ui.frame import FramePage, Key, Panel, Safety, keys
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import TextLines
from lvtui.ui.widgets.text import Row, TextBlock, folded, row, say


class TextPage(FramePage[None]):
    """Lines under a title; Esc or Enter goes back."""

    BINDINGS = [("enter", "back", "Back")]  # noqa: RUF012 - Textual's own form

    def __init__(
        self,
        walk: Walk,
        *,
        title: str,
        rows: tuple[Row, ...],
        panel: Panel,
        safety: Safety = Safety.READ_ONLY,
        at_end: bool = False,
    ) -> None:
        super().__init__(walk)
        self.title_word = title  # type: ignore[misc]
        self.rows = rows
        self._panel, self._safety, self._at_end = panel, safety, at_end

    def compose_content(self) -> ComposeResult:
        """A count and the lines."""
        yield TextBlock(id="count")
        yield TextLines(id="lines")

    def draw(self) -> None:
        """Show the lines."""
        count = say("{count:count} lines", count=len(self.rows))
        self.block("count").show(row(SafeStr(" "), count))
        rows = folded(self.rows, self.width)
        self.query_one("#lines", TextLines).show(rows, at_end=self._at_end)

    def panel(self) -> Panel:
        """As given."""
        return self._panel

    def key_bar(self) -> Iterable[Key]:
        """Reading keys."""
        return keys(
            ("Up/Down", "Scroll"),
            ("PgUp/PgDn", "Page"),
            ("Esc", "Back"),
            ("F4", "Look"),
            ("F10", "Quit"),
        )

    def safety(self) -> Safety:
        """As on the page below."""
        return self._safety

    def action_back(self) -> None:
        """Return to the page below."""
        self.dismiss(None)
