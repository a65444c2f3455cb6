"""A small app that shows hostile names in every widget that shows text: run in a pty by a test."""

from __future__ import annotations

from textual.app import App, ComposeResult

from lvtui.message import message
from lvtui.safe import safe, safe_lines
from lvtui.ui import terminal
from lvtui.ui.shown import short_name
from lvtui.ui.widgets.row_list import RowList, TextLines
from lvtui.ui.widgets.text import TextBlock, bold, cut_middle, fit, row, spoken, wrapped

NAMES: tuple[str, ...] = (
    "[red]markup[/red] [@click=app.quit]link[/]",
    "osc\x1b]0;HACKED\x07title\x1b]52;c;SEFDS0VE\x07",
    "csi\x1b[31mred\x1b[2J\x1b[6n\x1b[?1049l",
    "c1\x9b31m\x9d0;HACKED\x9c\x90dcs\x9c",
    "bidi\u202e\u2066evil\u2069\u200f\u05d0\u0627",
    "zero\u200b\u200d\ufeff width\u0301\u0301",
    "long" * 2500,
    "tab\tnewline\nreturn\r\x08\x7f",
    "surrogate\udc9b\udcff",
)
DONE = "all names shown"


class HostileApp(App[None]):
    """Names in blocks, lists, lines and messages."""

    CSS = (
        "RowList { height: 9; } TextLines { height: 6; } TextBlock { height: auto; max-height: 4; }"
    )

    def compose(self) -> ComposeResult:
        yield TextBlock(id="block")
        yield RowList(id="list")
        yield TextLines(id="lines")
        yield TextBlock(id="end")

    def on_mount(self) -> None:
        shown = [safe(name) for name in NAMES]
        self.query_one("#block", TextBlock).show(
            *(row(bold(fit(name, 30)), cut_middle(name, 40)) for name in shown),
            *(line for name in shown for line in wrapped(name, 60)),
        )
        said = [spoken(message("{name} is lost", name=name)) for name in NAMES]
        rows = [row(short_name(name), bold(text)) for name, text in zip(NAMES, said, strict=True)]
        self.query_one("#list", RowList).show(len(rows), lambda index: rows[index])
        text = "\n".join(NAMES).encode("utf-8", "surrogateescape") + b"\x9b31m\xff\x1b]0;HACKED\x07"
        lines = tuple(row(line) for line in safe_lines(text))
        self.query_one("#lines", TextLines).show(lines)
        self.query_one("#end", TextBlock).show(row(safe(DONE)))
        self.set_timer(0.5, self.exit)


if __name__ == "__main__":
    terminal.prepare_output()
    HostileApp().run(mouse=False)
