"""Rows of the Volumes page, from `LostReport`. Pure."""

from __future__ import annotations

from lvtui.flow.judging import LostReport
from lvtui.safe import SafeStr, safe
from lvtui.ui.shown import seqno, short_name, size, state, when
from lvtui.ui.widgets.text import EMPTY, Row, bold, columns, row, say, spoken, wrapped

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
        say("-"),
        short_name(name) if is_sr else safe(name),
        size(report.size_bytes),
        state(report),
        SafeStr(seen if width >= WIDE else seen[:10]),
    )
    return row(_line(cells, is_sr=is_sr, width=width))


def detail_rows(report: LostReport, width: int) -> tuple[Row, ...]:
    """Whole name, when it was seen and gone, the reasons of its state."""
    lost = report.lost
    seen = say("Last seen in version {n}", n=seqno(lost.last_seen))
    if lost.first_missing is not None:
        gone = seqno(lost.first_missing)
        seen = say("{seen}, gone in version {gone}.", seen=seen, gone=gone)
    rows: list[Row] = [
        row(SafeStr(" "), bold(safe(lost.lv.name))),
        row(SafeStr(" "), seen),
    ]
    fate = report.fate
    if fate is not None and fate.gone_by.is_merge:
        rows += [line for told in fate.evidence for line in wrapped(spoken(told), width - 2)]
    for reason in report.verdict.reasons:
        rows += wrapped(spoken(reason), width - 2)
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


def number_rows(report: LostReport, width: int) -> tuple[Row, ...]:
    """Everything that is known of the volume, in exact numbers."""
    lost = report.lost
    count = lost.lv.extent_count
    rows: list[Row] = [
        row(say(" Name     {name}", name=lost.lv.name)),
        row(say(" LV uuid  {uuid}", uuid=lost.lv.uuid)),
        row(say(" Size     {n:count} bytes, {e:count} extents", n=report.size_bytes, e=count)),
        row(say(" Role     {role}", role=report.role)),
        row(say(" State    {state}", state=state(report))),
        *_fate_rows(report, width),
        EMPTY,
    ]
    for reason in report.verdict.reasons:
        rows += wrapped(spoken(reason), width - 2)
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
