"""Step 5, Plan: what will be done, line by line, before anything runs. Way A only so far."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message as Event

from lvtui.errors import LvtuiError
from lvtui.flow.cases import save_text
from lvtui.flow.extract import plan_way_a
from lvtui.safe import SafeStr, safe
from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.shown import short_name, size
from lvtui.ui.step import StepScreen
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import (
    EMPTY,
    Row,
    TextBlock,
    bold,
    columns,
    cut_middle,
    row,
    say,
    spoken,
    wrapped,
)

SCRIPT = "plan.sh"


@dataclass
class Told(Event):
    """What became of a request, in words."""

    words: SafeStr


class PlanScreen(StepScreen):
    """The plan."""

    step: ClassVar[str] = "plan"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,right", "next", "Next", show=False),
        Binding("f6", "save_script", "Save script", show=False),
    ]

    def __init__(self, walk: Walk) -> None:
        super().__init__(walk)
        self._first_command = say("none")

    def compose_content(self) -> ComposeResult:
        """The ways, the lines, the promise."""
        yield TextBlock(id="ways")
        yield RowList(id="lines")
        yield TextBlock(id="promise")

    def on_mount(self) -> None:
        """Show the plan's lines, and the first command by hand."""
        with suppress(LvtuiError):  # it stays "none"; F3 says why
            found = next((line for line in self.script_lines() if line.startswith("dd ")), "none")
            self._first_command = safe(found, limit_chars=400)
        super().on_mount()
        lines = self._lines()
        self.query_one("#lines", RowList).show(len(lines), lambda index: lines[index])

    def draw(self) -> None:
        """Show ways and promise."""
        later = "not in this version of lvtui yet"
        self.block("ways").show(
            row(
                say(" How?  (*) A  "),
                bold(say("copy by extents, LVM is not touched")),
                say("          recommended"),
            ),
            row(say("        -  B  restore the LVM entry, then dd: {why}", why=later)),
            row(say("        -  C  in place: {why}", why=later)),
            EMPTY,
            row(columns((say(" Plan A"), 58), (say("changes"), 12), (say("undo"), 6))),
        )
        source = self.walk.session.source or ""
        sources = self.walk.discovery.sources if self.walk.discovery else ()
        self.block("promise").show(
            row(
                SafeStr(" "),
                bold(
                    say(
                        "{path}  {size}: 0 bytes will be written to it.",
                        path=cut_middle(safe(source, limit_chars=400), self.width - 46),
                        size=size(sum(one.size_bytes for one in sources)),
                    )
                ),
            ),
            EMPTY,
        )
        self.query_one("#lines", RowList).refresh()

    def _lines(self) -> tuple[Row, ...]:
        lines = [
            (
                say(
                    "read {name}, {size}, pieces: {n:count}",
                    name=short_name(report.lost.lv.name),
                    size=size(report.size_bytes),
                    n=len(report.ranges),
                ),
                "nothing",
                "-",
            )
            for report in self.walk.marked
        ]
        need = size(self.walk.need_bytes)
        lines += [
            (
                say("write up to {size} where the Copy page says", size=need),
                "destination",
                "delete",
            ),
            (say("read the image back from the disk, compare SHA-256"), "nothing", "-"),
            (say("give the image its final name"), "destination", "delete"),
        ]
        return tuple(
            row(columns((safe(str(n)), 2), (words, 52), (say(changes), 12), (say(undo), 6)))
            for n, (words, changes, undo) in enumerate(lines, start=1)
        )

    def on_row_list_opened(self, _event: RowList.Opened) -> None:
        """Enter on a line goes on, as everywhere."""
        self.action_next()

    def action_next(self) -> None:
        """On to the Copy page; nothing is started."""
        self.dismiss(self.walk.to("copy"))

    def script_lines(self) -> tuple[str, ...]:
        """The plan as a shell script that works without lvtui.

        Raises:
            LvtuiError: a volume cannot be mapped.
        """
        discovery = self.walk.discovery
        if discovery is None:
            return ()
        return tuple(plan_way_a(discovery, self.walk.marked, self.walk.session.destination))

    def detail(self) -> tuple[str, tuple[Row, ...]] | None:
        """The script, to read."""
        try:
            lines = self.script_lines()
        except LvtuiError as error:
            return "By hand", wrapped(spoken(error.message), self.width - 2)
        return "By hand", tuple(row(SafeStr(" "), safe(line, limit_chars=2000)) for line in lines)

    def action_save_script(self) -> None:
        """F6: save the script in the case folder; nothing is run."""
        if self.writes_allowed():
            self._save_thread()

    @work(thread=True, exclusive=True, group="save")
    def _save_thread(self) -> None:
        case_dir = self.walk.session.case_dir
        if case_dir is None:
            self.post_message(Told(say("There is no case folder to save it in.")))
            return
        try:
            text = "\n".join(self.script_lines()) + "\n"
            path = save_text(Path(case_dir), SCRIPT, text)
        except LvtuiError as error:
            self.post_message(Told(spoken(error.message)))
            return
        self.post_message(Told(say("Saved, not run: {path}", path=str(path))))

    def on_told(self, event: Told) -> None:
        """Say what became of the script."""
        self.notice(event.words)

    def panel(self) -> Panel:
        """What this page is for."""
        return Panel(
            why=say("You see all that is done before any of it runs. F6 saves a script."),
            writes=say("nothing yet; the copy writes to its destination only."),
            dont=say("unplug the SR or reboot before the copy has ended."),
            command=self._first_command,
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the plan."""
        return keys(
            ("Enter", "Next"),
            ("F3", "Commands"),
            ("F6", "Save script"),
            ("Esc", "Back"),
            ("F1", "Help"),
            ("F10", "Quit"),
        )
