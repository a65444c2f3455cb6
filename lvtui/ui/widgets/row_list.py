"""A list of any length that draws only the rows on screen (Line API).

Textual's own lists build a widget or a styled cell for every row (5 000 versions: a second), and tell
checked from unchecked by colour alone. Here a row is made when it is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message as Event
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from lvtui.safe import SafeStr
from lvtui.ui.widgets.text import Mark, Row, row, strip


class RowList(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows with a cursor (`>` and reverse video); Enter opens, Space marks, digits pick."""

    DEFAULT_CSS = """
    RowList { height: 1fr; scrollbar-size: 0 0; overflow-x: hidden; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "edge(-1)", "First", show=False),
        Binding("end", "edge(1)", "Last", show=False),
        Binding("enter,right", "open", "Open", show=False),
        Binding("space", "mark", "Mark", show=False),
    ]

    cursor: reactive[int] = reactive(-1)
    """Index of the row that the keys act on; -1 for none (nothing is preselected)."""

    @dataclass
    class Moved(Event):
        """The cursor stands on another row."""

        index: int

    @dataclass
    class Opened(Event):
        """Enter on a row."""

        index: int

    @dataclass
    class Marked(Event):
        """Space on a row."""

        index: int

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._count = 0
        self._row_at: Callable[[int], Row] = lambda _index: ()
        self._row_of_digit: Callable[[int], int | None] = lambda digit: digit - 1

    def show(
        self,
        count: int,
        row_at: Callable[[int], Row],
        *,
        cursor: int = 0,
        row_of_digit: Callable[[int], int | None] | None = None,
    ) -> None:
        """Show `count` rows made by `row_at`; `row_of_digit` maps 1-9 to an index."""
        self._count, self._row_at = count, row_at
        self._row_of_digit = row_of_digit or (lambda digit: digit - 1)
        self.virtual_size = Size(1, count)
        self.cursor = min(cursor, count - 1)
        self._follow()
        self.refresh()

    @property
    def shown(self) -> tuple[int, int]:
        """First and last row on screen, counted from 1; (0, 0) for an empty list."""
        first = self.scroll_offset.y
        return (first + 1, min(first + self.size.height, self._count)) if self._count else (0, 0)

    def render_line(self, y: int) -> Strip:
        """Draw one row; called only for rows on screen."""
        index = y + self.scroll_offset.y
        width, base = self.size.width, self.rich_style
        if index >= self._count:
            return Strip.blank(width, base)
        here = index == self.cursor
        pointer = SafeStr(" > " if here else "   ")
        mark = Mark.REVERSE if here and self.has_focus else Mark.NONE
        return strip((*row(pointer), *self._row_at(index)), width, base, mark=mark)

    def watch_cursor(self, old: int, new: int) -> None:
        """Redraw the two rows and tell the page."""
        if old == new or not self.is_attached:
            return
        self._follow()
        self.refresh()
        if new >= 0:
            self.post_message(self.Moved(new))

    def on_focus(self) -> None:
        """The cursor row changes its look with the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor row changes its look with the focus."""
        self.refresh()

    def on_resize(self) -> None:
        """Keep the cursor on screen."""
        self._follow()

    def _follow(self) -> None:
        height, top = self.size.height, self.scroll_offset.y
        if height <= 0:
            return
        if self.cursor >= 0 and not top <= self.cursor < top + height:
            top = self.cursor if self.cursor < top else self.cursor - height + 1
        top = max(0, min(top, self._count - height))
        self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def action_move(self, by: int) -> None:
        """One row up or down."""
        if self._count:
            self.cursor = max(0, min(self.cursor + by, self._count - 1))

    def action_page(self, by: int) -> None:
        """One screen up or down."""
        self.action_move(by * max(self.size.height - 1, 1))

    def action_edge(self, where: int) -> None:
        """First or last row."""
        self.action_move(where * self._count)

    def action_open(self) -> None:
        """Tell the page that the row was chosen."""
        if self.cursor >= 0:
            self.post_message(self.Opened(self.cursor))

    def action_mark(self) -> None:
        """Tell the page to mark the row."""
        if self.cursor >= 0:
            self.post_message(self.Marked(self.cursor))

    def on_key(self, event: events.Key) -> None:
        """A digit moves the cursor to the row that carries it."""
        if event.character is None or event.character not in "123456789":
            return
        event.stop()
        index = self._row_of_digit(int(event.character))
        if index is not None and 0 <= index < self._count:
            self.cursor = index


class TextLines(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines to read: help, log, a version's text. The keys scroll; there is no cursor."""

    DEFAULT_CSS = """
    TextLines { height: 1fr; scrollbar-size: 0 0; overflow-x: hidden; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_by(-1)", "Up", show=False),
        Binding("down", "scroll_by(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("home", "edge(0)", "First", show=False),
        Binding("end", "edge(1)", "Last", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._rows: tuple[Row, ...] = ()

    def show(self, rows: tuple[Row, ...], *, at_end: bool = False) -> None:
        """Replace the lines."""
        self._rows = rows
        self.virtual_size = Size(1, len(rows))
        if at_end:
            self.action_edge(1)
        self.refresh()

    @property
    def top(self) -> int:
        """Index of the first line on screen."""
        return self.scroll_offset.y

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        index = y + self.scroll_offset.y
        line = self._rows[index] if index < len(self._rows) else ()
        return strip(line, self.size.width, self.rich_style)

    def action_scroll_by(self, lines: int) -> None:
        """Some lines up or down."""
        top = max(0, min(self.scroll_offset.y + lines, len(self._rows) - self.size.height))
        self.scroll_to(y=top, animate=False, force=True, immediate=True)

    def action_page(self, by: int) -> None:
        """One screen up or down."""
        self.action_scroll_by(by * max(self.size.height - 1, 1))

    def action_edge(self, where: int) -> None:
        """First or last line."""
        self.action_scroll_by(len(self._rows) if where else -len(self._rows))
