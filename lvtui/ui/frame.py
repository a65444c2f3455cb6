"""The frame of every page: 24 rows of which the outer nine are the same everywhere.

1 who and where, safety word    2 breadcrumb    3 rule    4-18 content    19 rule
20-22 Why / Writes / Don't      23 the command  24 keys
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen

from lvtui import __version__
from lvtui.flow.steps import STEPS
from lvtui.safe import SafeStr, safe
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.glyphs import PLAIN, RICH, Glyphs
from lvtui.ui.widgets.text import (
    EMPTY,
    Part,
    Row,
    TextBlock,
    bold,
    cut_middle,
    fit,
    joined,
    row,
    say,
)

WIDTH_MIN = 80
HEIGHT_MIN = 24
ASCII_CLASS = "-ascii"
"""The app carries it while the plain look is on."""

Given = TypeVar("Given")
Key = tuple[SafeStr, SafeStr]
"""A key and its word for the key bar."""


class Safety(StrEnum):
    """The safety light: always a word, changed only by F8."""

    READ_ONLY = "READ-ONLY"
    ARMED = "ARMED"
    WRITING = "WRITING"
    COPYING = "COPYING"
    DONE = "DONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The panel below the content: what a frightened operator asks on every page."""

    why: SafeStr
    writes: SafeStr
    dont: SafeStr
    command: SafeStr
    dont_word: str = "Don't"


def keys(*pairs: tuple[str, str]) -> tuple[Key, ...]:
    """Key bar entries from names and words."""
    return tuple((say(name), say(word)) for name, word in pairs)


class FramePage(Screen[Given], Generic[Given]):
    """A page in the frame. Subclasses give content, panel and keys; `draw` fills the content."""

    AUTO_FOCUS: ClassVar[str | None] = "RowList, TextLines"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,left", "back", "Back", show=False),
        Binding("f4", "look", "Look", show=False),
    ]

    step: ClassVar[str] = ""
    """Name of the step in the breadcrumb; empty for pages outside the walk."""
    title_word: ClassVar[str] = ""
    """What stands in the breadcrumb's place on pages outside the walk."""

    def __init__(self, walk: Walk) -> None:
        super().__init__()
        self.walk = walk
        self._layout_told = False
        self._notice: SafeStr | None = None

    # What a page gives

    def compose_content(self) -> ComposeResult:
        """The widgets of the content area."""
        yield TextBlock(id="body")

    def draw(self) -> None:
        """Fill the content widgets from the page's values."""

    def panel(self) -> Panel:
        """Why, Writes, Don't, Command."""
        raise NotImplementedError

    def key_bar(self) -> Iterable[Key]:
        """The keys that act now, the most needed first."""
        return ()

    def safety(self) -> Safety:
        """The safety word of this page."""
        return Safety.READ_ONLY

    # The frame

    def compose(self) -> ComposeResult:
        """Lay the frame out."""
        yield TextBlock(id="identity")
        yield TextBlock(id="breadcrumb")
        yield TextBlock(id="rule-top")
        with Vertical(id="content"):
            yield from self.compose_content()
        yield TextBlock(id="rule-bottom")
        yield TextBlock(id="panel")
        yield TextBlock(id="command")
        yield TextBlock(id="keys")

    def on_mount(self) -> None:
        """First drawing."""
        self.redraw()

    def on_resize(self) -> None:
        """Widths changed."""
        self.redraw()

    def on_screen_resume(self) -> None:
        """Another page may have changed the look."""
        self.redraw()

    @property
    def look(self) -> Glyphs:
        """The glyphs of the look that is on."""
        return PLAIN if self.app.has_class(ASCII_CLASS) else RICH

    @property
    def width(self) -> int:
        """Width of the window in cells."""
        return max(self.app.size.width, WIDTH_MIN)

    def block(self, widget_id: str) -> TextBlock:
        """A text block of this page."""
        return self.query_one(f"#{widget_id}", TextBlock)

    def redraw(self) -> None:
        """Draw frame and content from the values."""
        if not self.is_mounted:
            return
        rule = SafeStr(self.look.rule * self.width)
        self.block("identity").show(self._identity())
        self.block("breadcrumb").show(self._breadcrumb())
        self.block("rule-top").show(rule)
        self.block("rule-bottom").show(rule)
        self.draw()
        self.draw_frame_end()

    def draw_frame_end(self) -> None:
        """Draw panel, command and keys, which follow the cursor."""
        panel = self.panel()
        room = self.width - 9
        self.block("panel").show(
            row(say(" Why     "), fit(panel.why, room)),
            row(say(" Writes  "), fit(panel.writes, room)),
            row(fit(joined(SafeStr(" "), say(panel.dont_word)), 9), fit(panel.dont, room)),
        )
        if self._notice is None:
            self.block("command").show(row(say(" Command "), cut_middle(panel.command, room)))
        else:
            self.block("command").show(row(bold(say(" Note    ")), fit(self._notice, room)))
        self.block("keys").show(self._key_row())

    def notice(self, text: SafeStr | None) -> None:
        """Say something in the command's row until the next key."""
        self._notice = text
        self.draw_frame_end()

    def _identity(self) -> Row:
        session = self.walk.session
        pieces = [say("lvtui {version}", version=".".join(__version__.split(".")[:2]))]
        if session.demo:
            pieces.append(say("DEMO"))
        elif self.walk.host:
            pieces.append(say("host {host}", host=self.walk.host))
        if not self.walk.may_write:
            pieces.append(say("LOOK ONLY"))
        history = self.walk.discovery.history if self.walk.discovery else None
        group: list[SafeStr] = []
        if history is not None and history.vg_name:
            kind = say("SR") if self.walk.discovery and self.walk.discovery.is_sr else say("VG")
            group = [joined(kind, SafeStr(" "), short_vg(history.vg_name))]
        if session.source:
            used = sum(len(piece) + 2 for piece in (*pieces, *group)) + 1
            room = max(12, self.width - 28 - used)
            pieces.append(cut_middle(safe(session.source, limit_chars=400), room))
        pieces += group
        case = session.case_dir.rstrip("/").rpartition("/")[2] if session.case_dir else ""
        right = fit(safe(case), -14)
        left = SafeStr(" " + "  ".join(pieces))
        room = self.width - 12 - len(right) - 2
        return row(fit(left, room), SafeStr(" "), bold(fit(say(self.safety()), 12)), right)

    def _breadcrumb(self) -> Row:
        if not self.step:
            return row(SafeStr(" "), bold(say(self.title_word)))
        parts: list[SafeStr] = []
        names = [str(name) for name in STEPS]
        if self.walk.session.way != "a" or self.step == "activate":
            names.insert(names.index("copy"), "activate")
        for name in names:
            word = say(name.capitalize())
            parts.append(SafeStr(word.upper()) if name == self.step else word)
        return row(SafeStr(" " + " > ".join(parts)))

    def _key_row(self) -> Row:
        used = 1
        cells: list[Part | SafeStr] = []
        for name, word in self.key_bar():
            length = len(name) + 1 + len(word)
            if used + length > self.width:
                break
            cells += [bold(name), SafeStr(f" {word}  ")]
            used += length + 2
        return row(SafeStr(" "), *cells) if cells else EMPTY

    # Keys that are the same everywhere

    def on_key(self, event: events.Key) -> None:
        """Clear a notice; say once what a Cyrillic letter means for the keys."""
        if self._notice is not None:
            self.notice(None)
        char = event.character
        if (
            char is not None
            and not self._layout_told
            and unicodedata.name(char, "").startswith("CYRILLIC")
        ):
            self._layout_told = True
            self.notice(
                say("Keyboard layout is Russian: use arrows, Enter, digits and F-keys, or switch.")
            )

    def action_look(self) -> None:
        """Plain or rich characters."""
        self.app.toggle_class(ASCII_CLASS)
        self.redraw()


def short_vg(name: str) -> SafeStr:
    """`22c0a7d1` of an SR's VG name, else the name itself."""
    prefix = "VG_XenStorage-"
    return safe(name[len(prefix) :][:8]) if name.startswith(prefix) else cut_middle(safe(name), 20)
