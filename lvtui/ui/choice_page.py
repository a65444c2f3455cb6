"""A page with a question and a few answers, over the page that asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult

from lvtui.safe import SafeStr
from lvtui.ui.frame import FramePage, Key, Panel, keys
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, bold, row, say, wrapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked."""

    title: str
    """One word for the breadcrumb's place."""
    head: SafeStr
    text: SafeStr
    choices: tuple[tuple[str, SafeStr], ...]
    """Value and words of each answer; Esc gives the last one."""
    panel: Panel


class ChoicePage(FramePage[str]):
    """Asks; dismisses with the value of the answer."""

    title_word: ClassVar[str] = ""

    def __init__(self, walk: Walk, question: Question) -> None:
        super().__init__(walk)
        self.title_word = question.title  # type: ignore[misc]
        self.question = question

    def compose_content(self) -> ComposeResult:
        """Head, text, answers."""
        yield TextBlock(id="text")
        yield RowList(id="choices")

    def draw(self) -> None:
        """Show them."""
        asked = self.question
        self.block("text").show(
            row(SafeStr(" "), bold(asked.head)), EMPTY, *wrapped(asked.text, self.width - 2), EMPTY
        )
        rows = self.query_one("#choices", RowList)
        rows.show(len(asked.choices), self._row, cursor=max(rows.cursor, 0))

    def _row(self, index: int) -> Row:
        return row(say("{n}  ", n=index + 1), self.question.choices[index][1])

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        """Enter on an answer."""
        self.dismiss(self.question.choices[event.index][0])

    def action_back(self) -> None:
        """The last answer is the one that does nothing."""
        self.dismiss(self.question.choices[-1][0])

    def panel(self) -> Panel:
        """As given."""
        return self.question.panel

    def key_bar(self) -> Iterable[Key]:
        """Choose or go back."""
        return keys(("1-9", "Pick"), ("Enter", "Choose"), ("Esc", "Back"), ("F10", "Quit"))
