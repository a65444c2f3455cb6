"""Extents of physical volumes as ranges, and who holds them; never lists of single extents.

Every question of "who is on whose place" is answered by a sorted sweep: pairs are only ever made
where extents are shared, so that a hostile text costs what it says, not its square.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from operator import attrgetter

from lvtui.lvm.model import LogicalVolume, Section, Segment, Statement, VolumeGroup

Run = tuple[int, int]
"""Half open: [start, end)."""


@dataclass(frozen=True, slots=True, order=True)
class PvExtents:
    """A run of extents on one PV that belongs to one LV in one version."""

    pv_uuid: str
    start_extent: int
    extent_count: int
    lv_uuid: str
    lv_name: str
    lv_start_extent: int
    """The logical extent that the run begins with; for a stripe, that of its first stripe unit."""

    @property
    def end_extent(self) -> int:
        """The first extent behind the run."""
        return self.start_extent + self.extent_count


def placed_extents(vg: VolumeGroup, lv: LogicalVolume) -> tuple[PvExtents, ...]:
    """Where the mapped segments of an LV lie, in LV order, adjacent runs joined.

    Stripes that name no PV of the text (another LV, as in a pvmove) are left out.
    """
    pvs = {pv.name: pv.uuid for pv in vg.pvs}
    return _joined(_striped(pvs, lv))


def occupied_extents(vg: VolumeGroup) -> tuple[PvExtents, ...]:
    """Every run of every LV, any segment type that names a PV included, sorted by PV and place."""
    pvs = {pv.name: pv.uuid for pv in vg.pvs}
    return tuple(sorted(run for lv in vg.lvs for run in held_extents(pvs, lv)))


def held_extents(pvs: dict[str, str], lv: LogicalVolume) -> tuple[PvExtents, ...]:
    """What one LV keeps from others: `placed_extents`, and what foreign segment types name.

    Args:
        pvs: local name of a PV in the text → PV uuid.
        lv: the LV; for a segment of a foreign type (a pvmove's mirror) each PV that a list in it
            names is taken to hold the segment's full length, which is never too little.
    """
    foreign = (
        PvExtents(pvs[name], extent, segment.extent_count, lv.uuid, lv.name, segment.start_extent)
        for segment in lv.segments
        if not segment.stripes and segment.extent_count > 0
        for name, extent in _pairs(segment.section)
        if name in pvs and extent >= 0
    )
    return _joined(_striped(pvs, lv)) + tuple(foreign)


def overlaps(
    mine: Iterable[PvExtents], others: Iterable[PvExtents]
) -> tuple[tuple[PvExtents, PvExtents], ...]:
    """Pairs that share extents, each cut to the shared run; a sorted sweep, O(n log n + k)."""
    found = []
    order = attrgetter("pv_uuid", "start_extent")
    open_runs: tuple[list[tuple[int, int, PvExtents]], ...] = ([], [])
    pv_uuid = None
    sides = (sorted(mine, key=order), sorted(others, key=order))
    for serial, (side, run) in enumerate(_by_place(*sides)):
        if run.pv_uuid != pv_uuid:
            pv_uuid = run.pv_uuid
            open_runs = ([], [])
        waiting = open_runs[1 - side]
        while waiting and waiting[0][0] <= run.start_extent:
            heapq.heappop(waiting)
        if run.extent_count <= 0:
            continue
        for _, _, other in waiting:
            pair = (run, other) if side == 0 else (other, run)
            found.append((_cut(pair[0], *pair), _cut(pair[1], *pair)))
        heapq.heappush(open_runs[side], (run.end_extent, serial, run))
    return tuple(sorted(found))


def union(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Sorted, disjoint, adjacent ones joined."""
    out: list[Run] = []
    for start, end in sorted(runs):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return tuple(out)


def without(runs: tuple[Run, ...], taken: tuple[Run, ...]) -> tuple[Run, ...]:
    """What is left of `runs` when `taken` goes; both as `union` gives them."""
    out: list[Run] = []
    index = 0
    for start, end in runs:
        at = start
        while index < len(taken) and taken[index][1] <= at:
            index += 1
        peek = index
        while peek < len(taken) and taken[peek][0] < end:
            if taken[peek][0] > at:
                out.append((at, taken[peek][0]))
            at = max(at, taken[peek][1])
            peek += 1
        if at < end:
            out.append((at, end))
    return tuple(out)


def total(runs: Iterable[Run]) -> int:
    """Length of runs that do not overlap."""
    return sum(end - start for start, end in runs)


def _striped(pvs: dict[str, str], lv: LogicalVolume) -> Iterator[PvExtents]:
    for segment in lv.segments:
        count = _extents_per_stripe(segment)
        for stripe in segment.stripes:
            pv_uuid = pvs.get(stripe.pv_name)
            if pv_uuid is not None and count > 0:
                yield PvExtents(
                    pv_uuid, stripe.start_extent, count, lv.uuid, lv.name, segment.start_extent
                )


def _extents_per_stripe(segment: Segment) -> int:
    """Rounded up: a count that is no multiple cannot be mapped, but it holds its extents."""
    stripes = len(segment.stripes) or 1
    return -(-segment.extent_count // stripes)


def _joined(runs: Iterable[PvExtents]) -> tuple[PvExtents, ...]:
    out: list[PvExtents] = []
    for run in runs:
        last = out[-1] if out else None
        if (
            last is not None
            and last.pv_uuid == run.pv_uuid
            and last.end_extent == run.start_extent
            and last.lv_start_extent + last.extent_count == run.lv_start_extent
        ):
            out[-1] = replace(last, extent_count=last.extent_count + run.extent_count)
        else:
            out.append(run)
    return tuple(out)


def _pairs(section: Section) -> Iterator[tuple[str, int]]:
    """`"pv0", 12` in any list of a segment."""
    for child in section.children:
        if isinstance(child, Statement) and isinstance(child.value, tuple):
            for name, extent in zip(child.value, child.value[1:], strict=False):
                if isinstance(name, str) and isinstance(extent, int):
                    yield name, extent


def _by_place(mine: list[PvExtents], others: list[PvExtents]) -> Iterator[tuple[int, PvExtents]]:
    left = ((run.pv_uuid, run.start_extent, 0, run) for run in mine)
    right = ((run.pv_uuid, run.start_extent, 1, run) for run in others)
    for _, _, side, run in heapq.merge(left, right, key=lambda item: item[:3]):
        yield side, run


def _cut(run: PvExtents, one: PvExtents, other: PvExtents) -> PvExtents:
    start = max(one.start_extent, other.start_extent)
    end = min(one.end_extent, other.end_extent)
    return replace(
        run,
        start_extent=start,
        extent_count=end - start,
        lv_start_extent=run.lv_start_extent + start - run.start_extent,
    )
