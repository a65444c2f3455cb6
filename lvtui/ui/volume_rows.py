"""Rows of the Volumes page, from `LostReport`. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from lvtui.flow.content_words import guest_words, vhd_words
from lvtui.flow.judging import LostReport
from lvtui.guest.probes import GuestContent
from lvtui.lvm.verdict import VerdictWord
from lvtui.safe import SafeStr, safe
from lvtui.ui.shown import seqno, short_name, size, state, when
from lvtui.ui.widgets.text import EMPTY, Row, bold, columns, row, say, spoken, wrapped
from lvtui.xen.records import LogLine

DISK_ROLES = frozenset({"vhd", "raw", "qcow2"})
"""What can be a VM's disk in an SR."""
WIDE = 100
"""From this width on the time of day is shown."""


def _line(cells: tuple[SafeStr, ...], *, is_sr: bool, width: int) -> SafeStr:
    """A row's cells; outside an SR there are no VM disks, and the volume's name has their room."""
    wide = width - 80
    name, volume = (14, 15) if is_sr else (0, 30)
    seen = 19 if width >= WIDE else 10
    more = wide - (seen - 10)
    widths = (3, name + (more // 2 if is_sr else 0), volume + more // 2, -10, 20, seen)
    return columns(*((text, cells_) for text, cells_ in zip(cells, widths, strict=True) if cells_))


def head_row(*, is_sr: bool, width: int) -> SafeStr:
    """The head of the table."""
    names = ("", "Name (VM disk)", "Volume", "Size", "State", "Last seen")
    return SafeStr("   " + _line(tuple(say(name) for name in names), is_sr=is_sr, width=width))


def volume_row(report: LostReport, *, marked: bool, is_sr: bool, width: int) -> Row:
    """One lost volume."""
    seen = when(report.lost.last_seen.creation_time)
    name = report.lost.lv.name
    cells = (
        safe("[x]" if marked else "[ ]"),
        disk_name(report),
        short_name(name) if is_sr else safe(name),
        size(report.size_bytes),
        state(report),
        SafeStr(seen if width >= WIDE else seen[:10]),
    )
    return row(_line(cells, is_sr=is_sr, width=width))


def disk_name(report: LostReport) -> SafeStr:
    """What operators call the disk; whose child it is where no record tells."""
    if report.label is not None and report.label.text:
        text = report.label.text
        return say("{name} (snapshot)", name=text) if report.label.snapshot_of else safe(text)
    if report.vhd is not None and report.vhd.chain:
        return say("(no name) child of {name}", name=short_name(report.vhd.chain[0].name))
    return say("-")


def matches(report: LostReport, wanted: str) -> bool:
    """Whether the text stands in anything that is shown of a volume."""
    label, vhd = report.label, report.vhd
    texts = [
        report.lost.lv.name,
        report.lost.lv.uuid,
        report.vdi_uuid or "",
        state(report),
        *(str(reason) for reason in report.verdict.reasons),
    ]
    if label is not None:
        texts += [label.text, label.description, label.snapshot_of or ""]
    if vhd is not None:
        texts += [vhd_words(vhd), *(link.name for link in vhd.chain)]
    return any(wanted.lower() in text.lower() for text in texts)


def _content_rows(report: LostReport, guest: GuestContent | None, width: int) -> tuple[Row, ...]:
    """`Content: VHD dynamic, footer ok, parent none; GPT; NTFS "System", 37.1 GiB used`."""
    words = [vhd_words(report.vhd)] if report.vhd is not None else []
    if guest is not None:
        words.append(guest_words(guest))
    return wrapped(say("Content: {words}", words="; ".join(words)), width - 2) if words else ()


def detail_rows(
    report: LostReport, width: int, guest: GuestContent | None = None
) -> tuple[Row, ...]:
    """Names, when it was seen and gone, what is in it, the reasons of its state."""
    lost = report.lost
    seen = say("Last seen in version {n}", n=seqno(lost.last_seen))
    if lost.first_missing is not None:
        gone = seqno(lost.first_missing)
        seen = say("{seen}, gone in version {gone}.", seen=seen, gone=gone)
    rows: list[Row] = [
        row(SafeStr(" "), bold(safe(lost.lv.name)), *_called(report)),
        row(SafeStr(" "), seen),
        *_content_rows(report, guest, width),
    ]
    fate = report.fate
    if fate is not None and fate.gone_by.is_merge:
        rows += [line for told in fate.evidence for line in wrapped(spoken(told), width - 2)]
    for reason in report.verdict.reasons:
        rows += wrapped(spoken(reason), width - 2)
    return tuple(rows)


def nothing_rows(searched: str, version_count: int) -> tuple[Row, ...]:
    """Where the list is empty: what was looked for, and what comes next."""
    if searched:
        return (EMPTY, row(say(" Nothing matches {text}. / searches again.", text=searched)))
    return (
        EMPTY,
        row(say(" No volume is missing: all of {n} versions were compared.", n=version_count)),
        row(say(" Next: Esc and another disk / look at the versions / ask what else was lost.")),
    )


def intact_disks(reports: Iterable[LostReport], *, is_sr: bool) -> list[str]:
    """LV uuids of all intact disks: journals, helpers and merged ones are none."""
    return [
        report.lost.lv.uuid
        for report in reports
        if report.verdict.word is VerdictWord.INTACT
        and report.ranges
        and not report.is_merged
        and (report.role in DISK_ROLES or not is_sr)
    ]


def _called(report: LostReport) -> tuple[SafeStr, ...]:
    if report.label is None:
        return ()
    named = say("  {name}, by {source}", name=disk_name(report), source=report.label.source)
    return (named, say(", deleted")) if report.label.deleted else (named,)


def _chain_rows(report: LostReport, width: int) -> tuple[Row, ...]:
    vhd = report.vhd
    if vhd is None:
        return ()
    rows = list(wrapped(say("Content  {words}", words=vhd_words(vhd)), width - 2, 10))
    rows += [
        row(say(" Parent   {name}, {where}", name=link.name, where=link.where.value))
        for link in vhd.chain
    ]
    if vhd.missing_parent is not None:
        rows.append(row(say(" Parent   {name}, missing", name=vhd.missing_parent)))
    return tuple(rows)


def folded_rows(width: int) -> tuple[Row, ...]:
    """What the list's last line stands for."""
    told = say(
        "These are not lost. The storage manager merged them into disks that are here, where their "
        "data is, or made and removed them in passing. Enter shows them."
    )
    return (EMPTY, *wrapped(told, width - 2))


def _fate_rows(report: LostReport, width: int) -> tuple[Row, ...]:
    if report.fate is None:
        return ()
    gone = row(say(" Gone by  {how}", how=report.fate.gone_by.value))
    told = [line for one in report.fate.evidence for line in wrapped(spoken(one), width - 2, 10)]
    return (gone, *told)


def _log_rows(log: tuple[LogLine, ...], width: int) -> tuple[Row, ...]:
    """Who removed it, and when, by the storage manager's log."""
    head = (EMPTY, row(bold(say(" What this host's log says of it")))) if log else ()
    lines = (
        wrapped(
            say("{time} {file}: {text}", time=one.time, file=one.file, text=one.text), width - 2
        )
        for one in log
    )
    return (*head, *(line for each in lines for line in each))


def number_rows(report: LostReport, width: int, log: tuple[LogLine, ...] = ()) -> tuple[Row, ...]:
    """Everything that is known of the volume, in exact numbers."""
    lost = report.lost
    count = lost.lv.extent_count
    rows: list[Row] = [
        row(say(" Name     {name}", name=lost.lv.name)),
        row(say(" LV uuid  {uuid}", uuid=lost.lv.uuid)),
        row(say(" Size     {n:count} bytes, {e:count} extents", n=report.size_bytes, e=count)),
        row(say(" Role     {role}", role=report.role)),
        row(say(" State    {state}", state=state(report))),
        row(say(" Disk     {name}", name=disk_name(report))),
        row(say(" VDI      {uuid}", uuid=report.vdi_uuid or "-")),
        *_chain_rows(report, width),
        *_fate_rows(report, width),
        EMPTY,
    ]
    for reason in report.verdict.reasons:
        rows += wrapped(spoken(reason), width - 2)
    rows += _log_rows(log, width)
    rows += [EMPTY, row(bold(say(" Where its bytes lie (LV offset, length, PV, PV offset)")))]
    rows += [
        row(
            say(
                "   {lv:count}  {length:count}  {pv}  {at:count}",
                lv=piece.lv_offset_bytes,
                length=piece.length_bytes,
                pv=piece.pv_uuid,
                at=piece.pv_offset_bytes,
            )
        )
        for piece in report.ranges
    ]
    return tuple(rows)
