"""A group that took another's disk over with its volumes: vgimportclone, or an array's resignature.

VG id, PV ids and names change, the ids of the LVs do not, and the ring begins anew at its front, over
the oldest texts. What the group lost before is on the clone's PVs, and is judged over its versions too.
"""

from __future__ import annotations

from collections.abc import Iterator

from lvtui.lvm.held import Gap, OtherGroup
from lvtui.lvm.model import LogicalVolume, PhysicalVolume, VolumeGroup
from lvtui.lvm.timeline import timeline_of
from lvtui.lvm.version import History, Version


def clone_of(history: History) -> OtherGroup | None:
    """The group that goes on with the volumes of one that is in use no more."""
    if history.current is not None:
        return None
    own = timeline_of(history)
    for other in history.others:
        theirs = timeline_of(other.history)
        if not theirs.known or not own.known:
            continue
        is_later = other.history.current is not None or _time(theirs.known) > _time(own.known)
        if not is_later or own.by_uuid.keys().isdisjoint(theirs.by_uuid):
            continue
        if _are_alike(own.known[-1].vg, theirs.known[0].vg, other):
            return other
    return None


def _are_alike(before: VolumeGroup | None, after: VolumeGroup | None, other: OtherGroup) -> bool:
    """Whether the PVs that are one place have one shape: extents lie where they lay."""
    if before is None or after is None or before.extent_size_sectors != after.extent_size_sectors:
        return False
    here = {pv.uuid: _shape(pv) for pv in before.pvs}
    there = {pv.uuid: _shape(pv) for pv in after.pvs}
    return all(
        one not in here or two not in there or here[one] == there[two]
        for one, two in other.pv_uuids
    )


def unknown_between(history: History, clone: OtherGroup) -> Iterator[Gap]:
    """Versions that are not known between a group's last text and its clone's newest one."""
    theirs = timeline_of(clone.history)
    before, after = timeline_of(history).known[-1], theirs.known[0]
    last, first = before.seqno or 0, after.seqno or 0
    if not _goes_on(before.vg, after.vg):
        yield Gap(after=-1, missing_seqnos=None)
    elif first > last + 1:
        yield Gap(after=-1, missing_seqnos=(last + 1, first - 1))
    current = clone.history.current
    end = len(theirs.known) if current is None else theirs.positions.get(current.id, 0)
    yield from (gap for gap in theirs.gaps if 0 <= gap.after < end)


def _goes_on(before: VolumeGroup | None, after: VolumeGroup | None) -> bool:
    """Whether the clone's first known text has volumes of the group's last one."""
    if before is None or after is None:
        return False
    uuids = {lv.uuid for lv in before.lvs}
    return any(lv.uuid in uuids for lv in after.lvs)


def cloned_pvs(history: History, other: History) -> tuple[tuple[str, str], ...]:
    """(PV uuid of the group, PV uuid of the other) of PVs that hold the same volumes alike."""
    pairs = ((history, other, False), (other, history, True))
    for one, two, is_swapped in pairs:
        before = next((v.vg for v in reversed(one.versions) if v.usable), None)
        after = next((v.vg for v in two.versions if v.usable), None)
        found = _pairs(before, after) if before is not None and after is not None else ()
        if found:
            return tuple((b, a) for a, b in found) if is_swapped else found
    return ()


def _pairs(before: VolumeGroup, after: VolumeGroup) -> tuple[tuple[str, str], ...]:
    """By the volumes that both have, at the same extents; empty where anything contradicts."""
    here = {lv.uuid: lv for lv in after.lvs}
    found: dict[str, str] = {}
    for lv in before.lvs:
        same = here.get(lv.uuid)
        for one, other in _areas(before, lv, after, same) if same is not None else ():
            if found.setdefault(one.uuid, other.uuid) != other.uuid or _shape(one) != _shape(other):
                return ()
    if len(set(found.values())) != len(found):
        return ()
    # a PV without a volume is told by what is left: one of its shape on either side
    for pv in before.pvs:
        alike = [o for o in after.pvs if o.uuid not in found.values() and _shape(o) == _shape(pv)]
        if found and pv.uuid not in found and len(alike) == 1:
            found[pv.uuid] = alike[0].uuid
    return tuple(found.items())


def _areas(
    before: VolumeGroup, lv: LogicalVolume, after: VolumeGroup, same: LogicalVolume
) -> Iterator[tuple[PhysicalVolume, PhysicalVolume]]:
    for one, other in zip(lv.segments, same.segments, strict=False):
        if one.start_extent != other.start_extent or len(one.stripes) != len(other.stripes):
            return
        for mine, theirs in zip(one.stripes, other.stripes, strict=True):
            pv, new = before.pv(mine.pv_name), after.pv(theirs.pv_name)
            if mine.start_extent == theirs.start_extent and pv is not None and new is not None:
                yield pv, new


def _shape(pv: PhysicalVolume) -> tuple[int, int]:
    return pv.pe_start_sectors, pv.pe_count


def _time(known: tuple[Version, ...]) -> int:
    return known[-1].creation_time or 0
