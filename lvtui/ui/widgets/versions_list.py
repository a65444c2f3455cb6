"""Rows of the Versions page: versions newest first, gaps between them, other histories of the disk.

Pure; `RowList` draws a row only when it is on screen. What a row needs of its neighbours is found by
identity first: equal LVs of two versions are the same object, so 5 000 versions of 300 LVs compare
in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lvtui.flow.judging import LostReport
from lvtui.lvm.history import History, Version
from lvtui.lvm.model import LogicalVolume, VolumeGroup
from lvtui.safe import SafeStr, safe
from lvtui.ui.shown import seqno, short_name, size, text_word, when
from lvtui.ui.widgets.text import Row, bold, columns, row, say


@dataclass(frozen=True, slots=True)
class Gap:
    """Versions that the ring no longer holds."""

    first_seqno: int
    last_seqno: int


@dataclass(frozen=True, slots=True)
class OtherHistory:
    """A row that opens another history of the same disk."""

    index: int
    history: History


Entry = Version | Gap | OtherHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class LvChange:
    """LVs that differ between two versions, matched by uuid."""

    added: tuple[LogicalVolume, ...] = ()
    removed: tuple[LogicalVolume, ...] = ()
    changed: tuple[tuple[LogicalVolume, LogicalVolume], ...] = ()

    def words(self) -> SafeStr:
        """`-1 removed`, or counts where there is more than one kind."""
        counts = (("-", len(self.removed), "removed"), ("+", len(self.added), "added"))
        shown = [(sign, count, word) for sign, count, word in counts if count]
        if self.changed:
            shown.append(("~", len(self.changed), "changed"))
        if len(shown) == 1:
            sign, count, word = shown[0]
            return safe(f"{sign}{count} {word}")
        return safe(" ".join(f"{sign}{count}" for sign, count, _word in shown))


def lv_change(before: VolumeGroup | None, after: VolumeGroup | None) -> LvChange:
    """What came, went and changed; nothing where either text cannot be read."""
    if before is None or after is None or before.lvs == after.lvs:
        return LvChange()
    old = {lv.uuid: lv for lv in before.lvs}
    new = {lv.uuid: lv for lv in after.lvs}
    return LvChange(
        added=tuple(lv for lv in after.lvs if lv.uuid not in old),
        removed=tuple(lv for lv in before.lvs if lv.uuid not in new),
        changed=tuple(
            (old[lv.uuid], lv) for lv in after.lvs if lv.uuid in old and old[lv.uuid] != lv
        ),
    )


def entries_of(
    history: History,
    others: Iterable[OtherHistory] = (),
    *,
    keep: frozenset[str] | None = None,
) -> tuple[Entry, ...]:
    """Rows, newest first; with `keep` only versions of those ids, and no gaps."""
    entries: list[Entry] = []
    gaps = [] if keep is not None else sorted(history.missing_seqnos)
    for version in reversed(history.versions):
        number = version.seqno
        while gaps and number is not None and gaps[-1][0] > number:
            entries.append(Gap(*gaps.pop()))
        if keep is None or version.id in keep:
            entries.append(version)
    entries += [Gap(*gap) for gap in reversed(gaps)]
    entries += others
    return tuple(entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionNotes:
    """What the list says beside versions, by version id."""

    lost_here: frozenset[str]
    last_good: frozenset[str]
    recommended: str | None

    @classmethod
    def of(cls, history: History, reports: Iterable[LostReport]) -> VersionNotes:
        """From the lost volumes of this history; the first one found decides what is recommended."""
        mine = [report for report in reports if report.lost.history is history]
        usable = {version.id for version in history.versions if version.usable}
        good = [report.lost.last_seen.id for report in mine if report.lost.last_seen.id in usable]
        return cls(
            lost_here=frozenset(
                report.lost.first_missing.id
                for report in mine
                if report.lost.first_missing is not None
            ),
            last_good=frozenset(good),
            recommended=good[0] if good else None,
        )

    def of_version(self, version: Version) -> SafeStr:
        """The note of one row."""
        if version.current:
            return say("in use now")
        if version.id == self.recommended:
            return say("recommended")
        if version.id in self.last_good:
            return say("last that has it")
        if version.id in self.lost_here:
            return say("lost here")
        return say("not committed") if version.committed is False else SafeStr("")


def before_of(history: History) -> dict[str, Version]:
    """The older neighbour of each version whose text can be read."""
    neighbours: dict[str, Version] = {}
    older: Version | None = None
    for version in history.versions:
        if version.vg is None:
            continue
        if older is not None:
            neighbours[version.id] = older
        older = version
    return neighbours


def that_matter(history: History, notes: VersionNotes) -> frozenset[str]:
    """Ids of the versions in which the set of LVs changed, and of the noted ones."""
    older = before_of(history)
    return frozenset(
        version.id
        for version in history.versions
        if version.current
        or version.id in notes.last_good
        or version.id in notes.lost_here
        or (version.id in older and _set_changed(older[version.id].vg, version.vg))
    )


def _set_changed(before: VolumeGroup | None, after: VolumeGroup | None) -> bool:
    change = lv_change(before, after)
    return bool(change.added or change.removed)


def head_row(zone: SafeStr, wide: int) -> SafeStr:
    """The head of the table."""
    return columns(
        (SafeStr(""), 3),
        (say("Ver"), -5),
        (say("Written (host clock, {zone})", zone=zone), 27),
        (say("LVs"), -4),
        (say("Change"), 12 + wide),
        (say("Text"), 7),
        (say("Note"), 15),
    )


def entry_row(entry: Entry, older: Version | None, notes: VersionNotes, wide: int) -> Row:
    """One row of the list."""
    if isinstance(entry, Gap):
        return _gap_row(entry)
    if isinstance(entry, OtherHistory):
        name = entry.history.vg_name or entry.history.vg_uuid or "texts without a head"
        return row(
            say(
                "       Enter opens {n} versions of another group: {name}",
                n=len(entry.history.versions),
                name=name,
            )
        )
    count = len(entry.vg.lvs) if entry.vg is not None else entry.copies[0].index.lv_count
    note = notes.of_version(entry)
    change = lv_change(older.vg if older else None, entry.vg).words()
    line = columns(
        (seqno(entry), -5),
        (when(entry.creation_time), 27),
        (safe("?" if count is None else str(count)), -4),
        (change, 12 + wide),
        (text_word(entry), 7),
    )
    return row(line, SafeStr(" "), bold(note))


def _gap_row(gap: Gap) -> Row:
    missing = gap.last_seqno - gap.first_seqno + 1
    if missing == 1:
        return row(say("   ...   {n} not found (1 version missing)", n=gap.first_seqno))
    return row(
        say(
            "   ...   {first}-{last} not found ({count} versions missing)",
            first=gap.first_seqno,
            last=gap.last_seqno,
            count=missing,
        )
    )


def change_rows(before: Version, after: Version, most: int) -> tuple[Row, ...]:
    """`160 -> 161  - VHD-1b2c9f04  40.1 GiB` and so on, at most `most` rows."""
    change = lv_change(before.vg, after.vg)
    head = say(" {a} -> {b}  ", a=seqno(before), b=seqno(after))
    extent_bytes = after.vg.extent_bytes if after.vg else 0
    lines = [
        *(_lv_line("-", lv, before.vg.extent_bytes if before.vg else 0) for lv in change.removed),
        *(_lv_line("+", lv, extent_bytes) for lv in change.added),
        *(_changed_line(old, new, extent_bytes) for old, new in change.changed),
    ]
    if not lines:
        return (row(head, say("no volume came, went or changed")),)
    blank = SafeStr(" " * len(head))
    rows = [row(head if n == 0 else blank, line) for n, line in enumerate(lines[:most])]
    if len(lines) > most:
        rows[-1] = row(blank, say("and {n} more: F3 shows all", n=len(lines) - most + 1))
    return tuple(rows)


def _lv_line(sign: str, lv: LogicalVolume, extent_bytes: int) -> SafeStr:
    return say(
        "{sign} {name}  {size}  {extents:count} extents, {pieces} pieces",
        sign=sign,
        name=short_name(lv.name),
        size=size(lv.extent_count * extent_bytes),
        extents=lv.extent_count,
        pieces=len(lv.segments),
    )


def _changed_line(old: LogicalVolume, new: LogicalVolume, extent_bytes: int) -> SafeStr:
    if old.name != new.name:
        return say("~ {old} is now named {new}", old=short_name(old.name), new=short_name(new.name))
    if old.extent_count != new.extent_count:
        return say(
            "~ {name}  {old} -> {new}",
            name=short_name(new.name),
            old=size(old.extent_count * extent_bytes),
            new=size(new.extent_count * extent_bytes),
        )
    if old.segments != new.segments:
        return say("~ {name}  lies in another place", name=short_name(new.name))
    return say("~ {name}  status or tags", name=short_name(new.name))
