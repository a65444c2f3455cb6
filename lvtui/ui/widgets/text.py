"""The only maker of what a widget shows: rows of `SafeStr` to unmarked Content and Strips.

Everything that comes from a disk, a tool or an operator passes `safe` on its way here; nothing here
reads markup. One character is one cell (`safe` sees to it), so `len` is a width.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.widgets import Static

from lvtui.message import Message, Value, message
from lvtui.safe import SafeStr


class Mark(StrEnum):
    """How a part of a row stands out; never the only carrier of a meaning."""

    NONE = ""
    BOLD = "bold"
    REVERSE = "reverse"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a row in one look."""

    text: SafeStr
    mark: Mark = Mark.NONE


Row = tuple[Part, ...]

STYLES = {Mark.NONE: Style(), Mark.BOLD: Style(bold=True), Mark.REVERSE: Style(reverse=True)}

EMPTY: Row = ()


def say(template: str, **values: Value) -> SafeStr:
    """An operator's sentence of the wizard; strings among the values pass `safe`."""
    return message(template, **values).render()


def spoken(sentence: Message) -> SafeStr:
    """A sentence that pure code made."""
    return sentence.render()


def joined(*pieces: SafeStr) -> SafeStr:
    """Safe pieces end to end."""
    return SafeStr("".join(pieces))


def fit(text: SafeStr, width: int) -> SafeStr:
    """Exactly `width` cells; negative: to the right. What does not fit ends in `~`."""
    cells = abs(width)
    if len(text) > cells:
        return SafeStr(text[: max(cells - 1, 0)] + "~"[:cells])
    return SafeStr(text.rjust(cells) if width < 0 else text.ljust(cells))


def cut_middle(text: SafeStr, width: int) -> SafeStr:
    """At most `width` cells: a long path or uuid keeps its head and its tail."""
    if len(text) <= width:
        return text
    head = (width - 3) // 2
    return SafeStr(text[:head] + "..." + text[len(text) - (width - 3 - head) :])


def columns(*cells: tuple[SafeStr, int]) -> SafeStr:
    """Cells of a table's row, one blank apart."""
    return SafeStr(" ".join(fit(text, width) for text, width in cells))


def row(*parts: SafeStr | Part) -> Row:
    """A row of plain and marked parts."""
    return tuple(part if isinstance(part, Part) else Part(part) for part in parts)


def bold(text: SafeStr) -> Part:
    """A part in bold."""
    return Part(text, Mark.BOLD)


def bolded(line: Row) -> Row:
    """A whole row in bold."""
    return tuple(bold(part.text) for part in line)


def reverse(text: SafeStr) -> Part:
    """A part in reverse video."""
    return Part(text, Mark.REVERSE)


def wrapped(text: SafeStr, width: int, indent: int = 1) -> tuple[Row, ...]:
    """A sentence over several rows."""
    blank = " " * indent
    lines = textwrap.wrap(
        text, max(width, 20), initial_indent=blank, subsequent_indent=blank, break_on_hyphens=False
    )
    return tuple(row(SafeStr(line)) for line in lines) or (EMPTY,)


def folded(rows: Iterable[Row], width: int) -> tuple[Row, ...]:
    """Rows to read: a longer one goes on below, four cells in, with nothing left out."""
    shown: list[Row] = []
    for line in rows:
        if sum(len(part.text) for part in line) <= width:
            shown.append(line)
            continue
        text, indent = "".join(part.text for part in line), ""
        mark = line[0].mark
        while text:
            room = width - len(indent)
            shown.append((Part(SafeStr(indent + text[:room]), mark),))
            text, indent = text[room:], "    "
    return tuple(shown)


def content(rows: Iterable[Row | SafeStr]) -> Content:
    """Rows as Textual content, without any reading of markup."""
    lines = [row(line) if isinstance(line, str) else line for line in rows]
    return Content("\n").join(Content("").join(_styled(part) for part in line) for line in lines)


def _styled(part: Part) -> Content:
    text = Content(part.text)
    return text.stylize(part.mark.value) if part.mark is not Mark.NONE else text


def strip(line: Row, width: int, base: Style, *, mark: Mark = Mark.NONE) -> Strip:
    """A row as a line of a Line-API widget, padded and cut to `width`."""
    whole = base + STYLES[mark]
    segments = [Segment(part.text, whole + STYLES[part.mark]) for part in line]
    return Strip(segments).adjust_cell_length(width, whole)


class TextBlock(Static):
    """Rows of text that nobody edits."""

    DEFAULT_CSS = "TextBlock { width: 1fr; height: auto; text-wrap: nowrap; text-overflow: clip; }"

    def show(self, *rows: Row | SafeStr) -> None:
        """Replace what is shown."""
        self.update(content(rows))
