"""The pieces of a lost volume on its extent map: where one begins, whose it is, where it lies. Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from lvtui.flow.judging import LostReport
from lvtui.lvm.verdict import Conflict
from lvtui.safe import SafeStr
from lvtui.ui.shown import short_name, size
from lvtui.ui.widgets.text import Row, row, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Extents in a row with one owner, in one run on one disk."""

    start_extent: int
    extent_count: int
    conflict: Conflict | None
    """None: nobody else's in any known version."""
    pv_uuid: str | None
    """None: the place is not known."""
    pv_offset_bytes: int


def edges_of(report: LostReport) -> tuple[int, ...]:
    """Where pieces begin, in extents, and the volume's end."""
    extent = max(report.verdict.extent_bytes, 1)
    count = report.lost.lv.extent_count
    edges = {0, count}
    for run in report.ranges:
        edges.add(run.lv_offset_bytes // extent)
        edges.add(-(-(run.lv_offset_bytes + run.length_bytes) // extent))
    for conflict in report.verdict.conflicts:
        edges |= {conflict.lv_start_extent, conflict.lv_start_extent + conflict.extent_count}
    return tuple(sorted(edge for edge in edges if 0 <= edge <= count))


def piece_at(edges: tuple[int, ...], extent: int) -> int:
    """Index of the piece that holds an extent."""
    return max(0, min(bisect_right(edges, extent) - 1, len(edges) - 2))


def piece_of(report: LostReport, edges: tuple[int, ...], index: int) -> Piece:
    """One piece: made when it is looked at, a volume can have as many as extents."""
    start, end = edges[index], edges[index + 1]
    offset = start * report.verdict.extent_bytes
    number = bisect_right(report.ranges, offset, key=lambda run: run.lv_offset_bytes) - 1
    run = report.ranges[number] if number >= 0 else None
    if run is not None and offset >= run.lv_offset_bytes + run.length_bytes:
        run = None
    owner = next(
        (
            one
            for one in report.verdict.conflicts
            if one.lv_start_extent <= start < one.lv_start_extent + one.extent_count
        ),
        None,
    )
    return Piece(
        start_extent=start,
        extent_count=end - start,
        conflict=owner,
        pv_uuid=run.pv_uuid if run is not None else None,
        pv_offset_bytes=run.pv_offset_bytes + offset - run.lv_offset_bytes if run else 0,
    )


def piece_rows(
    report: LostReport, edges: tuple[int, ...], index: int, width: int
) -> tuple[Row, ...]:
    """Two rows about a piece."""
    if len(edges) < 2:
        return (row(say(" The volume has no extents.")), row(SafeStr("")))
    piece = piece_of(report, edges, index)
    extent = report.verdict.extent_bytes
    owner = say("L never given to another volume")
    if piece.conflict is not None:
        owner = say(
            "{word} {name}, since version {n}",
            word="X overwritten:" if piece.conflict.now else "~ was given to",
            name=short_name(piece.conflict.owner),
            n=piece.conflict.since_seqno,
        )
    place = say("its place is not known")
    if piece.pv_uuid is not None:
        place = say("on PV {pv} at byte {at:count}", pv=piece.pv_uuid[:6], at=piece.pv_offset_bytes)
    first = say(
        " Piece {n} of {all}: LE {start:count}-{end:count}, {size}, {into} in",
        n=index + 1,
        all=len(edges) - 1,
        start=piece.start_extent,
        end=piece.start_extent + piece.extent_count - 1,
        size=size(piece.extent_count * extent),
        into=size(piece.start_extent * extent),
    )
    second = say("   {owner}; {place}", owner=owner, place=place)
    return (row(SafeStr(first[:width])), row(SafeStr(second[:width])))
