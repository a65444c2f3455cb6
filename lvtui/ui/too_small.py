"""What lies over every page while the window is smaller than 80x24."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import ModalScreen

from lvtui.ui.frame import HEIGHT_MIN, WIDTH_MIN
from lvtui.ui.widgets.text import TextBlock, row, say


class TooSmall(ModalScreen[None]):
    """Lies over every page while the window is too small; takes all keys but F10."""

    def compose(self) -> ComposeResult:
        """Two rows."""
        yield TextBlock(id="small")

    def on_mount(self) -> None:
        """Say the size."""
        self.on_resize()

    def on_resize(self) -> None:
        """Say the new size."""
        size = self.app.size
        self.query_one("#small", TextBlock).show(
            row(
                say(
                    "Make the window at least {w}x{h} (now {x}x{y}).",
                    w=WIDTH_MIN,
                    h=HEIGHT_MIN,
                    x=size.width,
                    y=size.height,
                )
            ),
            row(say("Nothing is lost; keys are off except F10.")),
        )
