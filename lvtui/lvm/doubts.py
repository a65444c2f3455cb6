"""Why a lost LV is not `intact` although no known version gave its extents away.

Unknown versions, another geometry, a PV that left, a second writer, a text that contradicts itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from lvtui.lvm.clones import clone_of, unknown_between
from lvtui.lvm.extents import Run
from lvtui.lvm.held import Gap, HeldRun, LostVolume, Timeline
from lvtui.lvm.model import PhysicalVolume, VolumeGroup
from lvtui.lvm.owners import own_runs, reference_position
from lvtui.lvm.timeline import position_of
from lvtui.message import Message, message


def unmapped(lost: LostVolume) -> Message | None:
    """Why the LV cannot be mapped at all: a segment type, or stripes that are no PVs."""
    vg = lost.last_seen.vg
    if vg is None:
        return message("the text that it was last seen in cannot be read")
    names = {pv.name for pv in vg.pvs}
    for segment in lost.lv.segments:
        if not segment.is_mapped:
            return message("segment type {type} cannot be mapped", type=segment.type)
        for stripe in segment.stripes:
            if stripe.pv_name not in names:
                return message("a segment lies on {name}, which is no PV", name=stripe.pv_name)
    return None


def risks(timeline: Timeline, lost: LostVolume) -> Iterator[Message]:
    """What makes it at risk."""
    before = lost.last_seen.vg
    now = _now(timeline, lost)
    position = position_of(timeline, lost.last_seen)
    then = {} if before is None else _ends_by_uuid(before)
    here = {} if now is None else _ends_by_uuid(now)
    beyond = gone = False
    sharing: dict[str, str] = {}
    runs = own_runs(lost)
    for run in runs:
        start, end = then.get(run.pv_uuid, (0, 0))
        beyond = beyond or run.end_sectors > end
        start, end = here.get(run.pv_uuid, (run.start_sectors, run.end_sectors))
        gone = gone or run.start_sectors < start or run.end_sectors > end
    for uuid, first, last in timeline.doubly.get(lost.lv.uuid, ()):
        if first <= position <= last:
            sharing[uuid] = _name_at(timeline, uuid, position)
    if beyond:
        yield message("its own text places it beyond the end of a PV")
    elif gone:
        yield message("part of it lies outside the PV as the PV is now")
    if _overlap_each_other(runs):
        yield message("its own segments lie on one another")
    for name in sharing.values():
        yield message("its own text gives part of it to {name} as well", name=name)


def doubts(
    timeline: Timeline, lost: LostVolume, gaps: tuple[Gap, ...], aliases: Mapping[str, str]
) -> Iterator[Message]:
    """What makes it at best likely."""
    clone = clone_of(lost.history)
    if clone is not None and clone.history.current is not None:
        gaps = (*gaps, *unknown_between(lost.history, clone))
    elif lost.history.current is None:
        yield message("the group has no readable text in use; what came last is not known")
    for gap in gaps:
        if gap.missing_seqnos is None:
            yield message("a text written since is torn or contradicts itself")
        elif gap.missing_seqnos[0] == gap.missing_seqnos[1]:
            yield message("version {seqno} is not known", seqno=gap.missing_seqnos[0])
        else:
            first, last = gap.missing_seqnos
            yield message("versions {first} to {last} are not known", first=first, last=last)
    yield from _geometry_doubts(timeline, lost, aliases)
    if not lost.last_seen.usable:
        yield message("the version that it was last seen in was never in use, or is doubtful")
    if _forked_since(timeline, lost):
        yield message(
            "two hosts wrote this group: nobody may have removed it, and a VM may still write to it"
        )
    if _moving_since(timeline, lost):
        yield message("it was being moved when it was last seen; this is its place before that")


def relevant_gaps(timeline: Timeline, lost: LostVolume, since: tuple[Run, ...]) -> tuple[Gap, ...]:
    """Unknown versions in which somebody may have had the extents."""
    end = len(timeline.known)
    if lost.history.current is not None:
        end = reference_position(timeline, lost)
    last_seen = position_of(timeline, lost.last_seen)
    return tuple(
        gap
        for gap in timeline.gaps
        if gap.after < end
        and (gap.after >= last_seen or any(start - 1 <= gap.after < stop for start, stop in since))
    )


def replaced_pvs(timeline: Timeline, lost: LostVolume) -> dict[str, str]:
    """PVs that left, and the one newcomer of exactly their shape: the same PV with a new uuid.

    A vgimportclone or a pvcreate over the old place changes the uuid and leaves the extents.
    """
    before = lost.last_seen.vg
    now = _now(timeline, lost)
    if before is None or now is None:
        return {}
    stayed = {pv.uuid for pv in before.pvs} & {pv.uuid for pv in now.pvs}
    found = {}
    for pv in before.pvs:
        alike = [new for new in now.pvs if new.uuid not in stayed and _shape(new) == _shape(pv)]
        if pv.uuid not in stayed and len(alike) == 1:
            found[pv.uuid] = alike[0].uuid
    return found


def _geometry_doubts(
    timeline: Timeline, lost: LostVolume, aliases: Mapping[str, str]
) -> Iterator[Message]:
    before = lost.last_seen.vg
    now = _now(timeline, lost)
    if before is None or now is None:
        return
    if before.extent_size_sectors != now.extent_size_sectors:
        yield message("the group's extent size has changed since")
    pvs = {pv.uuid: pv for pv in now.pvs}
    old = {pv.uuid: pv for pv in before.pvs}
    for uuid in dict.fromkeys(run.pv_uuid for run in own_runs(lost)):
        if uuid in aliases:
            yield message("PV {uuid} has another id now: {other}", uuid=uuid, other=aliases[uuid])
        elif uuid not in pvs:
            yield message("PV {uuid} is not in the group any more", uuid=uuid)
        elif pvs[uuid].pe_start_sectors != old[uuid].pe_start_sectors:
            yield message("the data of PV {uuid} begins at another place now", uuid=uuid)


def _forked_since(timeline: Timeline, lost: LostVolume) -> bool:
    last_seen = position_of(timeline, lost.last_seen)
    return any(timeline.positions.get(other.id, -1) > last_seen for _, other in lost.history.forks)


def _moving_since(timeline: Timeline, lost: LostVolume) -> bool:
    last_seen = position_of(timeline, lost.last_seen)
    return any(
        held.last > last_seen and not held.placed for held in timeline.by_uuid.get(lost.lv.uuid, ())
    )


def _name_at(timeline: Timeline, uuid: str, position: int) -> str:
    held = timeline.by_uuid[uuid]
    return next(one.lv.name for one in held if one.first <= position <= one.last)


def _now(timeline: Timeline, lost: LostVolume) -> VolumeGroup | None:
    position = reference_position(timeline, lost)
    return timeline.known[position].vg if position >= 0 else None


def _ends_by_uuid(vg: VolumeGroup) -> dict[str, tuple[int, int]]:
    return {
        pv.uuid: (
            pv.pe_start_sectors,
            pv.pe_start_sectors + pv.pe_count * vg.extent_size_sectors,
        )
        for pv in vg.pvs
    }


def _shape(pv: PhysicalVolume) -> tuple[int, int, int | None]:
    return pv.pe_start_sectors, pv.pe_count, pv.dev_size_sectors


def _overlap_each_other(runs: tuple[HeldRun, ...]) -> bool:
    places = sorted((run.pv_uuid, run.start_sectors, run.end_sectors) for run in runs)
    return any(one[0] == other[0] and other[1] < one[2] for one, other in pairwise(places))
