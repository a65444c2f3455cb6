"""Who took a lost LV's extents: each owner's share, since when, and whether it has it now.

Time is counted in positions of the timeline, places in sectors of the PV, so that a group whose
extent size or data start changed is still compared rightly. Shares of one owner are joined: an owner
that came and went a thousand times is one line, not a thousand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from operator import attrgetter, itemgetter
from typing import NamedTuple

from lvtui.lvm.extents import Run, placed_extents, union, without
from lvtui.lvm.loss import absences
from lvtui.lvm.model import LogicalVolume
from lvtui.lvm.timeline import in_sectors, overlapping, position_of, presence
from lvtui.lvm.version import Held, HeldRun, LostVolume, Timeline


class Share(NamedTuple):
    """Adjacent extents of one of the lost LV's runs that one other LV held.

    A tuple: where few extents were given out again and again, each lost LV has hundreds.
    """

    place: Run
    """In extents along the lost LV's runs; one extent lies between runs that are not adjacent."""
    since_seqno: int
    """Of the first version in which the owner held any of it."""
    owner: LogicalVolume
    """As its newest version there has it."""
    run: HeldRun
    offset_extents: int
    """From the beginning of `run`."""
    extent_count: int
    now: bool


def own_runs(lost: LostVolume) -> tuple[HeldRun, ...]:
    """The lost LV's places by the text that it was last seen in."""
    vg = lost.last_seen.vg
    return () if vg is None else in_sectors(vg, placed_extents(vg, lost.lv))


def reference_position(timeline: Timeline, lost: LostVolume) -> int:
    """What counts as now: the current version, else the newest that is known."""
    current = lost.history.current
    newest = len(timeline.known) - 1
    return newest if current is None else position_of(timeline, current)


def unprotected(timeline: Timeline, lost: LostVolume) -> tuple[Run, ...]:
    """Positions at which nothing kept others from the lost LV's extents; sorted, half open."""
    last_seen = position_of(timeline, lost.last_seen)
    now = reference_position(timeline, lost)
    runs = [(last_seen + 1, len(timeline.known)), (max(now, 0), now + 1)]
    runs += [(first, last + 1) for first, last in absences(timeline, lost.lv.uuid)]
    there = presence(timeline, lost.lv.uuid)
    # a restore also leaves versions in which the LV may have lain elsewhere
    runs += [
        (first, restored)
        for first, restored in timeline.branches
        if restored <= last_seen and any(one <= restored <= other for one, other in there)
    ]
    first_seen = there[0][0] if there else 0
    return without(union(runs), ((0, first_seen),) if first_seen else ())


def shares(
    timeline: Timeline,
    lost: LostVolume,
    since: tuple[Run, ...],
    aliases: Mapping[str, str],
    *,
    now: int,
) -> tuple[Share, ...]:
    """What others held of the lost LV's extents at positions in `since`, by place.

    Args:
        timeline: of the lost LV's history, or of another group on the same disk.
        lost: the lost LV.
        since: positions of the timeline, as `unprotected` gives them.
        aliases: PV uuid of the lost LV → the uuid that the same place has in the timeline as well.
        now: the position that counts as now; -1 if none does.
    """
    runs = own_runs(lost)
    starts = _starts(runs)
    found = []
    for pieces in _pieces(timeline, lost, since, aliases).values():
        newest = max((timeline.held[piece.held] for piece in pieces), key=_last)
        for place, position, is_now in _joined(timeline, pieces, now):
            index = bisect_right(starts, place[0]) - 1
            found.append(
                Share(
                    place=place,
                    since_seqno=timeline.known[position].seqno or 0,
                    owner=newest.lv,
                    run=runs[index],
                    offset_extents=place[0] - starts[index],
                    extent_count=place[1] - place[0],
                    now=is_now,
                )
            )
    found.sort(key=itemgetter(0, 1))
    return tuple(found)


_last = attrgetter("last")


class _Piece(NamedTuple):
    """What one placement of another LV shares with one run of the lost one."""

    start: int
    end: int
    position: int
    """The first at which nothing protected the lost LV there."""
    held: int
    """Index in `Timeline.held`."""


def _pieces(
    timeline: Timeline, lost: LostVolume, since: tuple[Run, ...], aliases: Mapping[str, str]
) -> dict[str, list[_Piece]]:
    """By uuid of the other LV."""
    extent_sectors = _extent_sectors(lost)
    first = since[0][0] if since else len(timeline.known)
    is_open = len(since) == 1 and since[0][1] >= len(timeline.known)
    found: dict[str, list[_Piece]] = {}
    runs = own_runs(lost)
    for run, at in zip(runs, _starts(runs), strict=True):
        begin = run.start_sectors
        for pv_uuid in dict.fromkeys((run.pv_uuid, aliases.get(run.pv_uuid, run.pv_uuid))):
            for start_sectors, end_sectors, index in overlapping(
                timeline, pv_uuid, begin, run.end_sectors, first
            ):
                held = timeline.held[index]
                position = max(first, held.first) if is_open else _first_common(since, held)
                if position is None or _is_its_own(held, lost, run, start_sectors):
                    continue
                piece = _Piece(
                    at + (start_sectors - begin) // extent_sectors,
                    at - ((begin - end_sectors) // extent_sectors),
                    position,
                    index,
                )
                found.setdefault(held.lv.uuid, []).append(piece)
    return found


def _starts(runs: tuple[HeldRun, ...]) -> list[int]:
    """Where each run begins along all of them; they are not adjacent: what is joined lies in one."""
    starts = []
    at = 0
    for run in runs:
        starts.append(at)
        at += run.extent_count + 1
    return starts


def _joined(timeline: Timeline, pieces: list[_Piece], now: int) -> Iterator[tuple[Run, int, bool]]:
    """Place, first position, and whether it is held now; adjacent ones as one."""
    taken = union(
        (piece.start, piece.end)
        for piece in pieces
        if timeline.held[piece.held].first <= now <= timeline.held[piece.held].last
    )
    if not taken:
        for start, end, position in _merged(pieces):
            yield (start, end), position, False
        return
    past = without(union((piece.start, piece.end) for piece in pieces), taken)
    runs = sorted([(run, True) for run in taken] + [(run, False) for run in past])
    first: dict[int, int] = {}
    starts = [run[0] for run, _ in runs]
    for piece in pieces:
        index = max(bisect_right(starts, piece.start) - 1, 0)
        while index < len(runs) and runs[index][0][0] < piece.end:
            if runs[index][0][1] > piece.start:
                first[index] = min(first.get(index, piece.position), piece.position)
            index += 1
    for index, (run, is_now) in enumerate(runs):
        yield run, first[index], is_now


def _merged(pieces: list[_Piece]) -> Iterator[tuple[int, int, int]]:
    """Start, end and first position of what pieces that lie on or beside one another make up."""
    pieces.sort()
    start, end, position, _ = pieces[0]
    for piece in pieces:
        if piece.start > end:
            yield start, end, position
            start, end, position, _ = piece
        else:
            end = max(end, piece.end)
            position = min(position, piece.position)
    yield start, end, position


def _extent_sectors(lost: LostVolume) -> int:
    vg = lost.last_seen.vg
    return max(1, vg.extent_size_sectors) if vg is not None else 1


def _first_common(since: tuple[Run, ...], held: Held) -> int | None:
    index = bisect_right(since, held.first, key=lambda run: run[1])
    if index == len(since) or since[index][0] > held.last:
        return None
    return max(since[index][0], held.first)


def _is_its_own(held: Held, lost: LostVolume, run: HeldRun, start_sectors: int) -> bool:
    """The LV itself at the same place of itself: not one that a resize laid over its own tail."""
    if held.lv.uuid != lost.lv.uuid:
        return False
    shift = run.start_extent - run.lv_start_extent
    return any(
        other.start_sectors <= start_sectors < other.end_sectors
        and other.start_extent - other.lv_start_extent == shift
        for other in held.runs
    )
