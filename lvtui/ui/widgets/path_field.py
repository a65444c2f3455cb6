"""A line to type a path in, with its question above; it is there only while it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from textual.containers import Vertical
from textual.message import Message as Event
from textual.widgets import Input

from lvtui.safe import SafeStr
from lvtui.ui.widgets.text import TextBlock, row


class PathField(Vertical):
    """A question and its field."""

    DEFAULT_CSS = "PathField { height: auto; display: none; }"

    @dataclass
    class Given(Event):
        """Enter in the field."""

        purpose: str
        path: str

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name
        self._label, self._field = TextBlock(id="path-label"), Input(id="path", compact=True)
        super().__init__(self._label, self._field, id=id)
        self._purpose = ""

    @property
    def is_open(self) -> bool:
        """Whether it asks now."""
        return bool(self.display)

    def ask(self, purpose: str, question: SafeStr) -> None:
        """Show it; `purpose` comes back with the answer."""
        self._purpose = purpose
        self._label.show(row(SafeStr(" "), question))
        self.display = True
        self._field.value = ""
        self._field.focus()

    def close(self) -> None:
        """Hide it."""
        self.display = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """A path was typed."""
        event.stop()
        self.post_message(self.Given(self._purpose, event.value.strip()))
