"""The extent map as a pure function: owners of extents to rows of text.

One strip does not show it (a 40 GiB volume on a 1 TB disk is three cells, one overwritten extent a
three-thousandth of one), so there are three: each PV, the lost volume in its own order, and the list
of conflicts in exact numbers. A cell takes the worst state inside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from lvtui.flow.judging import LostReport
from lvtui.lvm.extents import occupied_extents, placed_extents
from lvtui.lvm.model import VolumeGroup
from lvtui.safe import SafeStr, safe
from lvtui.ui.shown import short_name, size
from lvtui.ui.widgets.glyphs import Glyphs
from lvtui.ui.widgets.text import EMPTY, Row, columns, row, say
from lvtui.units import human_count, human_percent


class Owner(IntEnum):
    """State of an extent; the larger is the worse."""

    FREE = 0
    OTHER = 1
    METADATA = 2
    LOST = 3
    AT_RISK = 4
    UNREADABLE = 5
    OVERWRITTEN = 6


@dataclass(frozen=True, slots=True)
class Run:
    """Extents of one state."""

    start_extent: int
    extent_count: int
    owner: Owner


def paint(runs: Iterable[Run], extent_count: int, cells: int) -> tuple[Owner, ...]:
    """`cells` states (fewer for fewer extents), each the worst of the extents it stands for."""
    cells = max(1, min(cells, extent_count))
    states = [Owner.FREE] * cells
    for run in runs:
        start = max(0, run.start_extent)
        end = min(run.start_extent + run.extent_count, extent_count)
        if start >= end:
            continue
        first = start * cells // extent_count
        last = (end - 1) * cells // extent_count
        for cell in range(first, last + 1):
            states[cell] = max(states[cell], run.owner)
    return tuple(states)


def lost_runs(report: LostReport) -> tuple[Run, ...]:
    """The lost volume in its own order: conflicts laid over it."""
    whole = Run(0, report.lost.lv.extent_count, Owner.LOST)
    return (
        whole,
        *(
            Run(
                conflict.lv_start_extent,
                conflict.extent_count,
                Owner.OVERWRITTEN if conflict.now else Owner.AT_RISK,
            )
            for conflict in report.verdict.conflicts
        ),
    )


def pv_runs(report: LostReport, now: VolumeGroup | None, pv_uuid: str) -> tuple[Run, ...]:
    """One PV: who owns it now, the lost volume's old place and its conflicts laid over it."""
    runs: list[Run] = []
    if now is not None:
        runs += [
            Run(
                held.start_extent,
                held.extent_count,
                Owner.METADATA if held.lv_name == "MGT" else Owner.OTHER,
            )
            for held in occupied_extents(now)
            if held.pv_uuid == pv_uuid
        ]
    vg = report.lost.last_seen.vg
    if vg is not None:
        runs += [
            Run(mine.start_extent, mine.extent_count, Owner.LOST)
            for mine in placed_extents(vg, report.lost.lv)
            if mine.pv_uuid == pv_uuid
        ]
    runs += [
        Run(
            conflict.pv_start_extent,
            conflict.extent_count,
            Owner.OVERWRITTEN if conflict.now else Owner.AT_RISK,
        )
        for conflict in report.verdict.conflicts
        if conflict.pv_uuid == pv_uuid
    ]
    return tuple(runs)


def strip_text(states: Iterable[Owner], glyphs: Glyphs) -> SafeStr:
    """The cells as characters."""
    chars = {
        Owner.FREE: glyphs.free,
        Owner.OTHER: glyphs.other,
        Owner.METADATA: glyphs.metadata,
        Owner.LOST: glyphs.lost,
        Owner.AT_RISK: glyphs.at_risk,
        Owner.UNREADABLE: glyphs.unreadable,
        Owner.OVERWRITTEN: glyphs.overwritten,
    }
    return SafeStr("".join(chars[state] for state in states))


def _scale(strip: SafeStr, total_bytes: int) -> SafeStr:
    end = size(total_bytes)
    return SafeStr(" 0" + end.rjust(max(len(strip) - 1, len(end) + 1)))


def _strip_rows(
    title: SafeStr,
    runs: tuple[Run, ...],
    extents: int,
    extent_bytes: int,
    *,
    width: int,
    glyphs: Glyphs,
) -> tuple[Row, ...]:
    states = paint(runs, extents, width - 3)
    per_cell = -(-extents // len(states)) if extents else 0
    head = say(
        " {title}, {n:count} extents of {one}, one cell = {cell:count} extents ({bytes})",
        title=title,
        n=extents,
        one=size(extent_bytes),
        cell=per_cell,
        bytes=size(per_cell * extent_bytes),
    )
    line = strip_text(states, glyphs)
    return (row(head), row(SafeStr(" "), line), row(_scale(line, extents * extent_bytes)))


def cell_extents(report: LostReport, width: int) -> int:
    """How many extents a cell of the volume's own strip stands for, about."""
    cells = max(1, min(width - 3, report.lost.lv.extent_count))
    return max(1, -(-report.lost.lv.extent_count // cells))


def _pointed(strip_row: Row, extent: int, extents: int, width: int) -> Row:
    """The scale of a strip with `^` under the cell of an extent."""
    cells = max(1, min(width - 3, extents))
    at = 1 + extent * cells // max(extents, 1)
    text = "".join(part.text for part in strip_row).ljust(at + 1)
    return row(SafeStr(text[:at] + "^" + text[at + 1 :]))


def map_rows(
    report: LostReport, width: int, glyphs: Glyphs, *, at_extent: int | None = None
) -> tuple[Row, ...]:
    """All three parts of the map, as wide as `width` and as long as they need.

    `at_extent` of the lost volume is pointed at.
    """
    lost, verdict = report.lost, report.verdict
    current = lost.history.current
    now = current.vg if current is not None else None
    rows: list[Row] = []
    vg = lost.last_seen.vg
    on = {mine.pv_uuid for mine in placed_extents(vg, lost.lv)} if vg is not None else set()
    for pv in vg.pvs if vg is not None else ():
        if pv.uuid in on:
            title = say("Disk {name}", name=pv.name) if len(on) > 1 else say("Whole disk")
            runs = pv_runs(report, now, pv.uuid)
            rows += _strip_rows(
                title, runs, pv.pe_count, verdict.extent_bytes, width=width, glyphs=glyphs
            )
    count = lost.lv.extent_count
    rows += _strip_rows(
        say("Lost volume only"),
        lost_runs(report),
        count,
        verdict.extent_bytes,
        width=width,
        glyphs=glyphs,
    )
    if at_extent is not None:
        rows[-1] = _pointed(rows[-1], at_extent, count, width)
    return (*rows, EMPTY, *conflict_rows(report), *_totals(report))


def conflict_rows(report: LostReport) -> tuple[Row, ...]:
    """Every conflict in exact numbers."""
    verdict = report.verdict
    if not verdict.conflicts:
        return (row(say(" No extent of it was given to another volume in any known version.")),)
    rows = [
        row(
            columns(
                (say(" Not yours any more"), 19),
                (say("from LE"), -9),
                (say("to LE"), -9),
                (say("extents"), -8),
                (say("size"), -10),
                (say("owner"), 13),
                (say("since"), -6),
            )
        )
    ]
    for conflict in verdict.conflicts:
        word = say(" X overwritten") if conflict.now else say(" ~ at risk")
        rows.append(
            row(
                columns(
                    (word, 19),
                    (safe(human_count(conflict.lv_start_extent)), -9),
                    (safe(human_count(conflict.lv_start_extent + conflict.extent_count - 1)), -9),
                    (safe(human_count(conflict.extent_count)), -8),
                    (size(conflict.extent_count * verdict.extent_bytes), -10),
                    (short_name(conflict.owner), 13),
                    (safe(str(conflict.since_seqno)), -6),
                )
            )
        )
    return tuple(rows)


def _totals(report: LostReport) -> tuple[Row, ...]:
    extent = max(report.verdict.extent_bytes, 1)
    whole = report.lost.lv.extent_count
    lost_now = report.verdict.overwritten_bytes // extent
    risk = report.verdict.at_risk_bytes // extent
    kept = max(0, whole - lost_now - risk)
    return (
        row(
            say(
                " L never reused {kept:count} ({share})   X overwritten {lost:count} ({lost_share})"
                "   ~ at risk {risk:count}",
                kept=kept,
                share=human_percent(kept, whole),
                lost=lost_now,
                lost_share=human_percent(lost_now, whole),
                risk=risk,
            )
        ),
    )
