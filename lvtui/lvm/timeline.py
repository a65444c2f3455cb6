"""Who held which extents when: the one index that losses and verdicts are read from.

Work is done for what changed between neighbours, never for every LV of every version: LVs are
interned, so that two versions are compared by identity, and an LV's placement is computed once per
object and geometry. A placement that stays (a tag came, a name changed) is one `Held`, however many
versions it lasts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from lvtui.lvm.breaks import branches, gaps
from lvtui.lvm.extents import PvExtents, held_extents
from lvtui.lvm.model import LogicalVolume, VolumeGroup
from lvtui.lvm.repeats import repeats
from lvtui.lvm.version import Held, HeldRun, History, Timeline, Version

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
    by_pv: dict[str, list[tuple[int, int, int]]] = {}
    for index, one in enumerate(held):
        by_uuid.setdefault(one.lv.uuid, []).append(one)
        for run in one.runs:
            by_pv.setdefault(run.pv_uuid, []).append((run.start_sectors, run.end_sectors, index))
    positions = {version.id: position for position, version in enumerate(known)}
    positions |= {one: positions[twin] for one, twin in again.items() if twin in positions}
    return Timeline(
        versions=versions,
        known=known,
        positions=positions,
        gaps=tuple(gaps(line)),
        branches=tuple(branches(known)),
        held=held,
        by_uuid={uuid: tuple(all_of_it) for uuid, all_of_it in by_uuid.items()},
        by_pv={pv_uuid: _with_greatest_end(runs) for pv_uuid, runs in by_pv.items()},
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
    timeline: Timeline, pv_uuid: str, start_sectors: int, end_sectors: int
) -> Iterator[tuple[Held, int, int]]:
    """Every (held, start, end) that shares sectors with the range, in any known version."""
    runs = timeline.by_pv.get(pv_uuid, ())
    for at in range(bisect_left(runs, (end_sectors,)) - 1, -1, -1):
        start, end, index, greatest_end = runs[at]
        if greatest_end <= start_sectors:
            return
        if end > start_sectors:
            yield timeline.held[index], max(start, start_sectors), min(end, end_sectors)


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


def _with_greatest_end(runs: list[tuple[int, int, int]]) -> tuple[tuple[int, int, int, int], ...]:
    out = []
    greatest = 0
    for start, end, index in sorted(runs):
        greatest = max(greatest, end)
        out.append((start, end, index, greatest))
    return tuple(out)
