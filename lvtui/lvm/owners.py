"""Who took a lost LV's extents: each owner's share, since when, and whether it has it now.

Time is counted in positions of the timeline, places in sectors of the PV, so that a group whose
extent size or data start changed is still compared rightly. Shares of one owner are joined: an owner
that came and went a thousand times is one line, not a thousand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import NamedTuple

from lvtui.lvm.extents import Run, placed_extents, union, without
from lvtui.lvm.held import Held, HeldRun, LostVolume, Timeline
from lvtui.lvm.loss import absences
from lvtui.lvm.model import LogicalVolume
from lvtui.lvm.timeline import in_sectors, overlapping, position_of, presence


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
    held, seqnos = timeline.held, timeline.seqnos
    found = []
    for pieces in _pieces(timeline, lost, since, aliases).values():
        start, end, position, index = pieces[0]
        newest = held[index]
        rows: Iterable[tuple[int, int, int, bool]]
        if len(pieces) == 1:  # as a rule
            rows = ((start, end, position, newest.first <= now <= newest.last),)
        else:
            for _, _, _, index in pieces:
                one = held[index]
                newest = one if one.last > newest.last else newest
            rows = _joined(timeline, pieces, now)
        owner = newest.lv
        for start, end, position, is_now in rows:
            at = bisect_right(starts, start) - 1
            offset = start - starts[at]
            found.append(
                Share((start, end), seqnos[position], owner, runs[at], offset, end - start, is_now)
            )
    found.sort(key=itemgetter(0, 1))
    return tuple(found)


_Piece = tuple[int, int, int, int]
"""What one placement of another LV shares with one run of the lost one: start and end, the first
position at which nothing protected the lost LV there, index in `Timeline.held`."""


def _pieces(
    timeline: Timeline, lost: LostVolume, since: tuple[Run, ...], aliases: Mapping[str, str]
) -> dict[str, list[_Piece]]:
    """By uuid of the other LV."""
    extent_sectors = _extent_sectors(lost)
    first = since[0][0] if since else len(timeline.known)
    is_open = len(since) == 1 and since[0][1] >= len(timeline.known)
    found: dict[str, list[_Piece]] = {}
    runs = own_runs(lost)
    all_held, uuid = timeline.held, lost.lv.uuid
    for run, at in zip(runs, _starts(runs), strict=True):
        begin = run.start_sectors
        for pv_uuid in dict.fromkeys((run.pv_uuid, aliases.get(run.pv_uuid, run.pv_uuid))):
            for start_sectors, end_sectors, index in overlapping(
                timeline, pv_uuid, begin, run.end_sectors, first
            ):
                held = all_held[index]
                position: int | None = held.first
                if not is_open:
                    position = _first_common(since, held)
                elif held.first < first:
                    position = first
                owner = held.lv.uuid
                if position is None or (
                    owner == uuid and _is_its_own(held.runs, run, start_sectors)
                ):
                    continue
                piece = (
                    at + (start_sectors - begin) // extent_sectors,
                    at - ((begin - end_sectors) // extent_sectors),
                    position,
                    index,
                )
                if owner in found:
                    found[owner].append(piece)
                else:
                    found[owner] = [piece]
    return found


def _starts(runs: tuple[HeldRun, ...]) -> list[int]:
    """Where each run begins along all of them; they are not adjacent: what is joined lies in one."""
    starts = []
    at = 0
    for run in runs:
        starts.append(at)
        at += run.extent_count + 1
    return starts


def _joined(
    timeline: Timeline, pieces: list[_Piece], now: int
) -> Iterator[tuple[int, int, int, bool]]:
    """Start, end, first position, and whether it is held now; adjacent ones as one."""
    all_held = timeline.held
    taken = union(
        [
            (start, end)
            for start, end, _, index in pieces
            if all_held[index].first <= now <= all_held[index].last
        ]
    )
    if not taken:
        for start, end, position in _merged(pieces):
            yield start, end, position, False
        return
    past = without(union([(start, end) for start, end, _, _ in pieces]), taken)
    runs = sorted([(run, True) for run in taken] + [(run, False) for run in past])
    first: dict[int, int] = {}
    starts = [run[0] for run, _ in runs]
    for start, end, position, _ in pieces:
        index = max(bisect_right(starts, start) - 1, 0)
        while index < len(runs) and runs[index][0][0] < end:
            if runs[index][0][1] > start:
                first[index] = min(first.get(index, position), position)
            index += 1
    for index, ((start, end), is_now) in enumerate(runs):
        yield start, end, first[index], is_now


def _merged(pieces: list[_Piece]) -> Iterator[tuple[int, int, int]]:
    """Start, end and first position of what pieces that lie on or beside one another make up."""
    pieces.sort()
    start, end, position, _ = pieces[0]
    for other_start, other_end, other_position, _ in pieces:
        if other_start > end:
            yield start, end, position
            start, end, position = other_start, other_end, other_position
        else:
            end = max(end, other_end)
            position = min(position, other_position)
    yield start, end, position


def _extent_sectors(lost: LostVolume) -> int:
    vg = lost.last_seen.vg
    return max(1, vg.extent_size_sectors) if vg is not None else 1


def _first_common(since: tuple[Run, ...], held: Held) -> int | None:
    index = bisect_right(since, held.first, key=lambda run: run[1])
    if index == len(since) or since[index][0] > held.last:
        return None
    return max(since[index][0], held.first)


def _is_its_own(others: tuple[HeldRun, ...], run: HeldRun, start_sectors: int) -> bool:
    """Whether the LV has the same place of itself there: no resize laid it over its own tail."""
    shift = run.start_extent - run.lv_start_extent
    return any(
        other.start_sectors <= start_sectors < other.end_sectors
        and other.start_extent - other.lv_start_extent == shift
        for other in others
    )
