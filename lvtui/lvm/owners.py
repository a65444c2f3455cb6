"""Who took a lost LV's extents: each owner's share, since when, and whether it has it now.

Time is counted in positions of the timeline, places in sectors of the PV, so that a group whose
extent size or data start changed is still compared rightly. Shares of one owner are joined: an owner
that came and went a thousand times is one line, not a thousand.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lvtui.lvm.extents import Run, placed_extents, union, without
from lvtui.lvm.loss import absences
from lvtui.lvm.model import LogicalVolume
from lvtui.lvm.timeline import holders, in_sectors, position_of, presence
from lvtui.lvm.version import Held, HeldRun, LostVolume, Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Adjacent extents of one of the lost LV's runs that one other LV held."""

    owner: LogicalVolume
    """As its newest version there has it."""
    place: Run
    """In extents along the lost LV's runs; one extent lies between runs that are not adjacent."""
    run: HeldRun
    offset_extents: int
    """From the beginning of `run`."""
    extent_count: int
    since_seqno: int
    """Of the first version in which the owner held any of it."""
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
    extent_sectors = _extent_sectors(lost)
    owners: dict[str, _Owner] = {}
    starts: list[int] = []
    runs = own_runs(lost)
    at = 0
    for run in runs:
        starts.append(at)
        for pv_uuid in dict.fromkeys((run.pv_uuid, aliases.get(run.pv_uuid, run.pv_uuid))):
            found = holders(timeline, pv_uuid, run.start_sectors, run.end_sectors)
            for held, start_sectors, end_sectors in found:
                position = _first_common(since, held)
                if position is None or _is_its_own(held, lost, run, start_sectors):
                    continue
                start = (start_sectors - run.start_sectors) // extent_sectors
                end = -((run.start_sectors - end_sectors) // extent_sectors)
                owner = owners.setdefault(held.lv.uuid, _Owner())
                owner.add(
                    held, (at + start, at + end), position, now=held.first <= now <= held.last
                )
        at += run.extent_count + 1  # runs are not adjacent: what is joined lies in one of them
    found_shares = []
    for owner in owners.values():
        for place, position, is_now in owner.joined():
            index = bisect_right(starts, place[0]) - 1
            found_shares.append(
                Share(
                    owner=owner.newest.lv,
                    place=place,
                    run=runs[index],
                    offset_extents=place[0] - starts[index],
                    extent_count=place[1] - place[0],
                    since_seqno=timeline.known[position].seqno or 0,
                    now=is_now,
                )
            )
    return tuple(sorted(found_shares, key=lambda share: (share.place, share.since_seqno)))


@dataclass(slots=True)
class _Owner:
    """One other LV's pieces, before they are joined."""

    helds: list[Held] = field(default_factory=list)
    pieces: list[tuple[Run, int]] = field(default_factory=list)
    now: list[Run] = field(default_factory=list)

    @property
    def newest(self) -> Held:
        return max(self.helds, key=lambda held: held.last)

    def add(self, held: Held, place: Run, position: int, *, now: bool) -> None:
        self.helds.append(held)
        self.pieces.append((place, position))
        if now:
            self.now.append(place)

    def joined(self) -> Iterator[tuple[Run, int, bool]]:
        taken = union(self.now)
        past = without(union(place for place, _ in self.pieces), taken)
        runs = sorted([(run, True) for run in taken] + [(run, False) for run in past])
        first: dict[int, int] = {}
        starts = [run[0] for run, _ in runs]
        for (start, end), position in self.pieces:
            index = max(bisect_right(starts, start) - 1, 0)
            while index < len(runs) and runs[index][0][0] < end:
                if runs[index][0][1] > start:
                    first[index] = min(first.get(index, position), position)
                index += 1
        for index, (run, is_now) in enumerate(runs):
            yield run, first[index], is_now


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
