"""Step 2, Versions: the timeline of the metadata, and what changed from one version to the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from lvtui.lvm.history import History, Version
from lvtui.safe import SafeStr
from lvtui.ui.diff_page import DiffPage
from lvtui.ui.frame import Key, Panel, keys
from lvtui.ui.shown import seqno, zone
from lvtui.ui.step import StepScreen
from lvtui.ui.version_detail import reports_at, version_rows
from lvtui.ui.walk import Walk
from lvtui.ui.widgets.row_list import RowList
from lvtui.ui.widgets.text import EMPTY, Row, TextBlock, bold, fit, row, say, spoken, wrapped
from lvtui.ui.widgets.versions_list import (
    Entry,
    OtherHistory,
    VersionNotes,
    before_of,
    change_rows,
    entries_of,
    entry_row,
    head_row,
    that_matter,
)


class VersionsScreen(StepScreen):
    """The timeline."""

    step: ClassVar[str] = "versions"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f,F,а,А", "filter", "Only those that matter", show=False),  # noqa: RUF001
        Binding("d,D,в,В", "detail", "Diff", show=False),  # noqa: RUF001
    ]

    def __init__(self, walk: Walk) -> None:
        super().__init__(walk)
        self.filtered = False
        self.compared: Version | None = None
        """Version A of a comparison; None: the one before."""
        self._take(walk)

    def _take(self, walk: Walk) -> None:
        """Prepare what the rows need of a history, once."""
        history = walk.history
        self.entries: tuple[Entry, ...] = ()
        self.notes = VersionNotes(lost_here=frozenset(), last_good=frozenset(), recommended=None)
        self.older: dict[str, Version] = {}
        if history is None or walk.discovery is None:
            return
        self.notes = VersionNotes.of(history, walk.discovery.lost)
        self.older = before_of(history)
        others = tuple(
            OtherHistory(index, other)
            for index, other in enumerate(walk.discovery.histories)
            if index != walk.history_index
        )
        keep = that_matter(history, self.notes) if self.filtered else None
        self.entries = entries_of(history, others, keep=keep)

    def compose_content(self) -> ComposeResult:
        """A sentence, head, rows, the change of the row under the cursor."""
        yield TextBlock(id="lead")
        yield TextBlock(id="head")
        yield RowList(id="versions")
        yield TextBlock(id="change")

    def on_mount(self) -> None:
        """Put the cursor on the chosen version, else on the recommended one."""
        super().on_mount()
        self._show_rows(self._start())

    def _start(self) -> int:
        wanted = self.walk.session.version_id or self.notes.recommended
        for index, entry in enumerate(self.entries):
            if isinstance(entry, Version) and entry.id == wanted:
                return index
        return 0

    def _show_rows(self, cursor: int) -> None:
        rows = self.query_one("#versions", RowList)
        rows.show(len(self.entries), self._row, cursor=cursor)

    def draw(self) -> None:
        """Show head and change; the rows keep their place."""
        history = self.walk.history
        newest = history.versions[-1].creation_time if history and history.versions else None
        self.block("lead").show(self._lead(history), self._warning())
        self.block("head").show(head_row(zone(newest), self.width - 80))
        rows = self.query_one("#versions", RowList)
        rows.refresh()
        self._draw_change()

    def _warning(self) -> Row:
        """The first thing that the reading warns of; F3 has them all."""
        warnings = self.walk.discovery.warnings if self.walk.discovery else ()
        if not warnings:
            return EMPTY
        more = say(" (and {n} more: F3)", n=len(warnings) - 1) if warnings[1:] else SafeStr("")
        words = say(" [!] {warning}", warning=str(warnings[0]))
        return row(bold(fit(words, min(len(words), self.width - 1 - len(more)))), more)

    def _lead(self, history: History | None) -> Row:
        if history is None:
            return row(say(" No version of LVM metadata was found."))
        in_use = history.current
        first = say(" {n:count} versions of the LVM metadata found.", n=len(history.versions))
        if in_use is None:
            return row(first, say(" None of them is marked as in use."))
        return row(first, say(" Version {n} is the one in use now.", n=seqno(in_use)))

    def _row(self, index: int) -> Row:
        entry = self.entries[index]
        older = self.older.get(entry.id) if isinstance(entry, Version) else None
        return entry_row(entry, older, self.notes, self.width - 80)

    def _draw_change(self) -> None:
        rows = self.query_one("#versions", RowList)
        first, last = rows.shown
        place = say(
            " rows {first}-{last} of {all:count}", first=first, last=last, all=len(self.entries)
        )
        self.block("change").show(row(place), *self._change())
        self.draw_frame_end()

    def _change(self) -> tuple[Row, ...]:
        version = self.chosen
        if version is None:
            return (EMPTY, EMPTY, EMPTY)
        lines: list[Row] = []
        if version.reason is not None:
            lines += wrapped(spoken(version.reason), self.width - 2)[:2]
        elif version.vg is None:
            lines.append(row(say(" This text cannot be read as a whole; no plan rests on it.")))
        later = self._later(version)
        if version.id in self.notes.last_good and later is not None:
            lines += change_rows(version, later, 2)
        elif self.walk.reports and not self._has_lost(version):
            lines.append(row(bold(say(" This version does not contain a lost volume."))))
        older = self.older.get(version.id)
        if older is not None and len(lines) < 3:
            lines += change_rows(older, version, 3 - len(lines))
        return tuple((*lines, EMPTY, EMPTY, EMPTY)[:3])

    def _later(self, version: Version) -> Version | None:
        history = self.walk.history
        versions = history.versions if history else ()
        return next((late for late in versions if self.older.get(late.id) is version), None)

    def _has_lost(self, version: Version) -> bool:
        wanted = {report.lost.lv.uuid for report in self.walk.reports}
        return version.vg is not None and any(lv.uuid in wanted for lv in version.vg.lvs)

    @property
    def chosen(self) -> Version | None:
        """The version under the cursor."""
        cursor = self.query_one("#versions", RowList).cursor
        entry = self.entries[cursor] if 0 <= cursor < len(self.entries) else None
        return entry if isinstance(entry, Version) else None

    def on_row_list_moved(self, _event: RowList.Moved) -> None:
        """Another version: its change."""
        self._draw_change()

    def on_row_list_opened(self, event: RowList.Opened) -> None:
        """Enter: choose a version, or open another history."""
        entry = self.entries[event.index]
        if isinstance(entry, OtherHistory):
            self.walk = replace(self.walk, history_index=entry.index)
            self._take(self.walk)
            self._show_rows(self._start())
            self.redraw()
        elif isinstance(entry, Version) and entry.usable:
            self.dismiss(
                replace(
                    self.walk.to("volumes", version_id=entry.id),
                    reports=reports_at(self.walk, entry),
                )
            )
        elif isinstance(entry, Version):
            self.notice(say("This text is not whole: choose one whose Text column says OK."))

    def action_filter(self) -> None:
        """All versions, or only those in which volumes came and went."""
        chosen = self.chosen
        self.filtered = not self.filtered
        self._take(self.walk)
        ids = [entry.id if isinstance(entry, Version) else None for entry in self.entries]
        wanted = chosen.id if chosen else None
        self._show_rows(ids.index(wanted) if wanted in ids else self._start())
        self.redraw()
        self.notice(
            say("Only versions in which volumes came or went. F shows all.")
            if self.filtered
            else say("All versions.")
        )

    def on_row_list_marked(self, event: RowList.Marked) -> None:
        """Space: this is version A of the comparison; F3 on another row is B."""
        entry = self.entries[event.index]
        if not isinstance(entry, Version) or entry.vg is None:
            self.notice(say("Only a version whose text can be read can be compared."))
            return
        self.compared = None if self.compared is entry else entry
        if self.compared is None:
            self.notice(say("F3 compares a version with the one before it."))
        else:
            self.notice(say("Version {n} is A: go to another one, F3 compares.", n=seqno(entry)))

    def action_detail(self) -> None:
        """F3: two versions side by side; places and text where there is nothing to compare."""
        after = self.chosen
        before = self.compared or (self.older.get(after.id) if after is not None else None)
        if after is None or before is None or before is after or after.vg is None:
            super().action_detail()
            return
        history = self.walk.history
        if history is not None and self.compared is not None:
            order = [version.id for version in history.versions]
            if after.id in order and before.id in order:
                before, after = sorted((before, after), key=lambda one: order.index(one.id))
        self.app.push_screen(DiffPage(self.walk, before, after))

    def action_reread(self) -> None:
        """Read the disk again: that is the Device page's work."""
        self.dismiss(replace(self.walk.to("device"), discovery=None))

    def detail(self) -> tuple[str, tuple[Row, ...]] | None:
        """What changed field by field, where the text lies, and the text itself."""
        version = self.chosen
        if version is None:
            return None
        title = say("Version {n}", n=seqno(version))
        warnings = self.walk.discovery.warnings if self.walk.discovery else ()
        told = tuple(
            line
            for warning in warnings
            for line in wrapped(say("[!] {warning}", warning=str(warning)), self.width - 2)
        )
        return title, (*told, *version_rows(version, self.older.get(version.id)))

    def panel(self) -> Panel:
        """What this page is for."""
        source = self.walk.session.source or "DISK"
        first = source.split(",")[0]
        best = next(
            (
                entry
                for entry in self.entries
                if isinstance(entry, Version) and entry.id == self.notes.recommended
            ),
            None,
        )
        why = say("The newest version in which the lost volume still exists is needed.")
        if best is not None:
            why = say(
                "The newest version in which the lost volume still exists: {n}.", n=seqno(best)
            )
        return Panel(
            why=why,
            writes=say("nothing."),
            dont=say("pick the newest line: it was written after the loss."),
            command=say(
                "done inside lvtui. By hand: dd if={path} bs=1M count=11 | less", path=first
            ),
        )

    def key_bar(self) -> Iterable[Key]:
        """Keys of the timeline."""
        version = self.chosen
        choose = say("Choose {n}", n=seqno(version)) if version else say("Open")
        return (
            (say("Enter"), choose),
            *keys(
                ("F3", "Diff"),
                ("F", "All" if self.filtered else "Filter"),
                ("F5", "Re-read"),
                ("Esc", "Back"),
                ("F1", "Help"),
                ("F10", "Quit"),
                ("F2", "Log"),
            ),
        )
