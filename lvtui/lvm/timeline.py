"""Who held which extents when: the one index that losses and verdicts are read from.

Work is done for what changed between neighbours, never for every LV of every version: LVs are
interned, so that two versions are compared by identity, and an LV's placement is computed once per
object and geometry. A placement that stays (a tag came, a name changed) is one `Held`, however many
versions it lasts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import accumulate

from lvtui.lvm.breaks import branches, gaps
from lvtui.lvm.cells import cells_of
from lvtui.lvm.extents import PvExtents, held_extents
from lvtui.lvm.held import Held, HeldRun, PvTimeline, Timeline
from lvtui.lvm.model import LogicalVolume, VolumeGroup
from lvtui.lvm.repeats import repeats
from lvtui.lvm.version import History, Version

_PAIRS_MAX = 64
"""Of one LV with others on its extents: a text that lies may put thousands on one place."""

Geometry = tuple[int, tuple[tuple[str, str, int], ...]]
"""extent_size, and (local name, uuid, pe_start) of every PV."""


def timeline_of(history: History) -> Timeline:
    """The history's timeline: its cached one, unless the versions were replaced since."""
    cached = history.timeline
    if cached is not None and cached.versions is history.versions:
        return cached
    return make_timeline(history.versions)


def make_timeline(versions: tuple[Version, ...]) -> Timeline:
    """Index the usable ones of `versions`, which are in true order."""
    again = repeats(versions)
    line = tuple(version for version in versions if version.id not in again) if again else versions
    known = tuple(version for version in line if version.usable)
    held = _Placements().over(known)
    by_uuid: dict[str, list[Held]] = {}
    by_pv: dict[str, list[tuple[int, int, int, int]]] = {}
    for index, one in enumerate(held):
        by_uuid.setdefault(one.lv.uuid, []).append(one)
        for run in one.runs:
            row = (run.start_sectors, run.end_sectors, one.last, index)
            by_pv.setdefault(run.pv_uuid, []).append(row)
    positions = {version.id: position for position, version in enumerate(known)}
    positions |= {one: positions[twin] for one, twin in again.items() if twin in positions}
    return Timeline(
        versions=versions,
        known=known,
        uncommitted=tuple(version for version in versions if version.committed is False),
        seqnos=tuple(version.seqno or 0 for version in known),
        positions=positions,
        gaps=tuple(gaps(line)),
        branches=tuple(branches(known)),
        held=held,
        by_uuid={uuid: tuple(all_of_it) for uuid, all_of_it in by_uuid.items()},
        by_pv={pv_uuid: _columns(rows) for pv_uuid, rows in by_pv.items()},
        doubly=_doubly(held),
    )


def position_of(timeline: Timeline, version: Version) -> int:
    """Its position; of a version that is not usable, that of the known one before it, or -1."""
    if version.id in timeline.positions:
        return timeline.positions[version.id]
    position = -1
    for one in timeline.versions:
        if one.id == version.id:
            break
        position = timeline.positions.get(one.id, position)
    return position


def holders(
    timeline: Timeline, pv_uuid: str, start_sectors: int, end_sectors: int, *, since: int = 0
) -> Iterator[tuple[Held, int, int]]:
    """Every (held, start, end) that shares sectors with the range at the position or later."""
    held = timeline.held
    for start, end, index in overlapping(timeline, pv_uuid, start_sectors, end_sectors, since):
        yield held[index], start, end


def overlapping(
    timeline: Timeline, pv_uuid: str, start_sectors: int, end_sectors: int, since: int
) -> list[tuple[int, int, int]]:
    """(start, end, index of held) of each shared run, by descending start of the holder's run."""
    found = timeline.by_pv.get(pv_uuid)
    if found is None:
        return []
    rows = found.rows
    cells = found.cells
    near = None if cells is None else cells.numbers(start_sectors, end_sectors, since)
    if near is None:
        first = bisect_right(found.greatest_ends, start_sectors)
        candidates = rows[first : bisect_left(found.starts, end_sectors)][::-1]
    else:
        candidates = tuple([rows[number] for number in near])
    return [
        (
            start if start > start_sectors else start_sectors,  # noqa: FURB136 - in the hot loop
            end if end < end_sectors else end_sectors,  # noqa: FURB136 - as above
            index,
        )
        for start, end, last, index in candidates
        if last >= since and end > start_sectors and start < end_sectors
    ]


def presence(timeline: Timeline, uuid: str) -> tuple[tuple[int, int], ...]:
    """(first, last) positions between which the LV is there without a break."""
    out: list[tuple[int, int]] = []
    for held in timeline.by_uuid.get(uuid, ()):
        if out and held.first <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], held.last))
        else:
            out.append((held.first, held.last))
    return tuple(out)


class _Placements:
    """The walk over the versions: what is open, and what was computed before."""

    def __init__(self) -> None:
        self._geometries: dict[Geometry, int] = {}
        self._pv_names: list[dict[str, str]] = []
        self._number_of_lv: dict[tuple[int, int], int] = {}
        """(identity of the LV object, geometry) → number of its placement."""
        self._number_of_key: dict[tuple[str, tuple[HeldRun, ...]], int] = {}
        self._runs: list[tuple[HeldRun, ...]] = []
        self._open: dict[int, tuple[int, LogicalVolume]] = {}
        """Number of a placement → (position that it began at, the LV)."""
        self._done: list[Held] = []

    def over(self, known: tuple[Version, ...]) -> tuple[Held, ...]:
        before: VolumeGroup | None = None
        numbers: dict[int, int] = {}
        """Identity of each LV object that is there now → number of its placement."""
        present: set[int] = set()
        geometry = -1
        for position, version in enumerate(known):
            vg = version.vg
            if vg is None:
                continue
            moved = False
            if before is None or not _same_pvs(before, vg):
                geometry_before, geometry = geometry, self._geometry(vg)
                moved = geometry != geometry_before
            before = vg
            now = set(map(id, vg.lvs))
            if not moved and now == present:
                continue
            gone, came = (present, now) if moved else (present - now, now - present)
            present = now
            closing = {numbers.pop(one) for one in gone}
            opening: dict[int, LogicalVolume] = {}
            for lv in vg.lvs if came else ():
                if id(lv) in came:
                    numbers[id(lv)] = number = self._number(lv, geometry, vg)
                    opening[number] = lv
            # one uuid may stand twice at one place in a text that lies: the other one keeps it
            closing.difference_update(numbers.values())
            self._turn(position, closing, opening)
        self._turn(len(known), set(self._open), {})
        return tuple(sorted(self._done, key=lambda held: (held.first, held.last)))

    def _turn(self, position: int, closing: set[int], opening: dict[int, LogicalVolume]) -> None:
        for number in closing:
            first, lv = self._open.pop(number)
            self._done.append(Held(lv=lv, first=first, last=position - 1, runs=self._runs[number]))
        for number, lv in opening.items():
            first = self._open[number][0] if number in self._open else position
            self._open[number] = (first, lv)

    def _geometry(self, vg: VolumeGroup) -> int:
        pvs = tuple((pv.name, pv.uuid, pv.pe_start_sectors) for pv in vg.pvs)
        number = self._geometries.setdefault((vg.extent_size_sectors, pvs), len(self._geometries))
        if number == len(self._pv_names):
            self._pv_names.append({pv.name: pv.uuid for pv in vg.pvs})
        return number

    def _number(self, lv: LogicalVolume, geometry: int, vg: VolumeGroup) -> int:
        number = self._number_of_lv.get((id(lv), geometry))
        if number is None:
            runs = in_sectors(vg, held_extents(self._pv_names[geometry], lv))
            number = self._number_of_key.setdefault((lv.uuid, runs), len(self._runs))
            if number == len(self._runs):
                self._runs.append(runs)
            self._number_of_lv[id(lv), geometry] = number
        return number


def in_sectors(vg: VolumeGroup, runs: tuple[PvExtents, ...]) -> tuple[HeldRun, ...]:
    """Runs of extents with their place in sectors of the PV, by the text's own geometry."""
    size = vg.extent_size_sectors
    starts = {pv.uuid: pv.pe_start_sectors for pv in vg.pvs}
    return tuple(
        HeldRun(
            run.pv_uuid,
            starts[run.pv_uuid] + run.start_extent * size,
            starts[run.pv_uuid] + run.end_extent * size,
            run.start_extent,
            run.extent_count,
            run.lv_start_extent,
        )
        for run in runs
    )


def _same_pvs(before: VolumeGroup, after: VolumeGroup) -> bool:
    return (
        before.extent_size_sectors == after.extent_size_sectors
        and len(before.pvs) == len(after.pvs)
        and all(one is other for one, other in zip(before.pvs, after.pvs, strict=True))
    )


def _columns(rows: list[tuple[int, int, int, int]]) -> PvTimeline:
    rows.sort(key=lambda row: (row[0], row[1], row[3]))
    return PvTimeline(
        starts=tuple(row[0] for row in rows),
        greatest_ends=tuple(accumulate((row[1] for row in rows), max)),
        rows=tuple(rows),
        cells=cells_of(rows),
    )


def _doubly(held: tuple[Held, ...]) -> dict[str, tuple[tuple[str, int, int], ...]]:
    """Pairs of LVs that one text puts on the same extents: a sweep over time, by place in each PV."""
    found: dict[str, list[tuple[str, int, int]]] = {}
    ending: list[tuple[int, int]] = []
    living: dict[str, list[tuple[int, int, int]]] = {}
    crossed: set[str] = set()
    for index, one in enumerate(held):
        while ending and ending[0][0] < one.first:
            gone = heappop(ending)[1]
            for run in held[gone].runs:
                places = living[run.pv_uuid]
                del places[bisect_left(places, (run.start_sectors, run.end_sectors, gone))]
        for run in one.runs:
            places = living.setdefault(run.pv_uuid, [])
            at = bisect_left(places, (run.start_sectors,))
            # As long as no two cross each other, of those before only the nearest can reach in.
            near = places[:at] if run.pv_uuid in crossed else places[max(0, at - 1) : at]
            near = [place for place in near if place[1] > run.start_sectors]
            near += places[at : bisect_left(places, (run.end_sectors,))]
            for _, _, number in near:
                other = held[number]
                crossed.add(run.pv_uuid)
                if other.lv.uuid != one.lv.uuid:
                    span = (one.first, min(one.last, other.last))
                    for mine, theirs in ((one, other), (other, one)):
                        pairs = found.setdefault(mine.lv.uuid, [])
                        if len(pairs) < _PAIRS_MAX:
                            pairs.append((theirs.lv.uuid, *span))
            insort(places, (run.start_sectors, run.end_sectors, index))
        heappush(ending, (one.last, index))
    return {uuid: tuple(pairs) for uuid, pairs in found.items()}
