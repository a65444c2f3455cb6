"""Two versions side by side: each volume that came, went or changed is a row; Enter shows its fields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from lvtui.lvm.diff import Change
from lvtui.lvm.history import Version, diff
from lvtui.lvm.model import LogicalVolume
from lvtui.safe import SafeStr, safe
from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.shown import seqno, short_name, size, when
from lvtui.ui.step import StepScreen
from lvtui.ui.version_detail import change_lines, version_rows
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, bold, columns, fit, row, say, wrapped
from lvtui.ui.widgets.versions_list import lv_change
from lvtui.units import human_count

DETAIL_ROWS = 4
_PREFIX = "logical_volumes/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A volume in both versions, or the group itself where both are None."""

    sign: str
    before: LogicalVolume | None
    after: LogicalVolume | None
    changes: tuple[Change, ...]

    @property
    def name(self) -> SafeStr:
        """What the row is about."""
        lv = self.after or self.before
        return short_name(lv.name) if lv is not None else say("volume group")


def pairs_of(before: Version, after: Version) -> tuple[tuple[Pair, ...], int]:
    """The rows, and how many volumes are the same in both."""
    if before.vg is None or after.vg is None:
        return (), 0
    changes = diff(before.vg, after.vg)
    by_name: dict[str, list[Change]] = {}
    group: list[Change] = []
    for change in changes:
        if change.path.startswith(_PREFIX):
            by_name.setdefault(change.path.removeprefix(_PREFIX).split("/")[0], []).append(change)
        elif change.path != "seqno":
            group.append(change)

    def about(*names: str) -> tuple[Change, ...]:
        return tuple(change for name in dict.fromkeys(names) for change in by_name.get(name, ()))

    found = lv_change(before.vg, after.vg)
    rows = [
        *(Pair(sign="-", before=lv, after=None, changes=about(lv.name)) for lv in found.removed),
        *(Pair(sign="+", before=None, after=lv, changes=about(lv.name)) for lv in found.added),
        *(
            Pair(sign="~", before=old, after=new, changes=about(old.name, new.name))
            for old, new in found.changed
        ),
    ]
    if group:
        rows.append(Pair(sign="~", before=None, after=None, changes=tuple(group)))
    same = len(after.vg.lvs) - len(found.added) - len(found.changed)
    return tuple(rows), same


class DiffPage(StepScreen):
    """Version A on the left, version B on the right."""

    step: ClassVar[str] = "versions"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d,D,в,В", "back", "Back", show=False),  # noqa: RUF001 - Russian layout
    ]

    def __init__(self, walk: Walk, before: Version, after: Version) -> None:
        super().__init__(walk)
        self.before, self.after = before, after
        self.pairs, self.same = pairs_of(before, after)

    def compose_content(self) -> ComposeResult:
        """Heads, rows, the fields of the row under the cursor."""
        yield TextBlock(id="heads")
        yield RowList(id="pairs")
        yield TextBlock(id="fields")

    def on_mount(self) -> None:
        """Show the rows."""
        super().on_mount()
        self.query_one("#pairs", RowList).show(len(self.pairs), self._row)
        self._draw_fields()

    @property
    def _cells(self) -> int:
        """Of one column."""
        return (self.width - 12) // 2

    def draw(self) -> None:
        """Show what is compared."""
        a, b = self.before, self.after
        cells = self._cells
        self.block("heads").show(
            row(bold(say(" {a} -> {b}", a=seqno(a), b=seqno(b)))),
            row(
                say("      "),
                fit(say("A  version {n}, {at}", n=seqno(a), at=when(a.creation_time)), cells),
                say(" | "),
                fit(say("B  version {n}, {at}", n=seqno(b), at=when(b.creation_time)), cells),
            ),
        )
        self.query_one("#pairs", RowList).refresh()
        self._draw_fields()

    def _row(self, index: int) -> Row:
        pair = self.pairs[index]
        if pair.before is None and pair.after is None:
            words = say("the group itself: {n:count} fields", n=len(pair.changes))
            return row(say("{sign}  ", sign=pair.sign), words)
        return row(
            say("{sign}  ", sign=pair.sign),
            self._side(self.before, pair.before),
            say(" | "),
            self._side(self.after, pair.after),
        )

    def _side(self, version: Version, lv: LogicalVolume | None) -> SafeStr:
        cells = self._cells
        if lv is None or version.vg is None:
            return fit(say("-"), cells)
        return columns(
            (short_name(lv.name), cells - 21),
            (size(lv.extent_count * version.vg.extent_bytes), -10),
            (safe(f"{human_count(lv.extent_count)} ext"), -9),
        )

    @property
    def chosen(self) -> Pair | None:
        """The row under the cursor."""
        cursor = self.query_one("#pairs", RowList).cursor
        return self.pairs[cursor] if 0 <= cursor < len(self.pairs) else None

    def _draw_fields(self) -> None:
        pair = self.chosen
        lines: list[Row] = [row(say(" {n:count} volumes unchanged", n=self.same))]
        if pair is not None and pair.sign == "~":
            fields = dict.fromkeys(_field(change.path) for change in pair.changes)
            words = say("Changed in {name}: {fields}", name=pair.name, fields=", ".join(fields))
            lines += wrapped(words, self.width - 2)[: DETAIL_ROWS - 1]
        elif pair is None:
            lines.append(row(say(" No volume came, went or changed between them.")))
        lines += (EMPTY,) * (DETAIL_ROWS - len(lines))
        self.block("fields").show(*lines)
        self.draw_frame_end()

    def on_row_list_moved(self, _event: RowList.Moved) -> None:
        """Another row: its fields."""
        self._draw_fields()

    def on_row_list_opened(self, _event: RowList.Opened) -> None:
        """Enter: every field of it, before and after."""
        pair = self.chosen
        if pair is not None:
            self._read(pair.name, tuple(change_lines(pair.changes)))

    async def action_back(self) -> None:
        """Return to the versions."""
        self.dismiss(self.walk)

    def detail(self) -> tuple[str, tuple[Row, ...]] | None:
        """F3 once more: both ends' places, every field, the text of B."""
        title = say("Version {n}", n=seqno(self.after))
        return title, version_rows(self.after, self.before)

    def panel(self) -> Panel:
        """What this page is for."""
        return Panel(
            why=say("- is only in A, + is only in B, ~ differs in some field."),
            writes=say("nothing."),
            dont=say("look for the loss in later versions: they only have what is left."),
            command=say(
                "lvtui show {path} --at {a} --diff {b}",
                path=self.walk.session.source or "DISK",
                a=self.before.id,
                b=self.after.id,
            ),
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the comparison."""
        return keys(
            ("Enter", "Fields"),
            ("F3", "Text of B"),
            ("Esc", "Back"),
            ("F1", "Help"),
            ("F2", "Log"),
            ("F10", "Quit"),
        )


def _field(path: str) -> str:
    """The last words of a path: `segment1/start_extent`."""
    return "/".join(path.removeprefix(_PREFIX).split("/")[1:]) or path
