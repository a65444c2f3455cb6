"""Several groups on one disk: an earlier owner, a group that was created over another, a clone.

An LV lost with its whole group may lie where a later group has its LVs, or its metadata. Two PVs are
the same place when they have one uuid (vgremove and vgcreate keep it), or when both groups have one
PV each and their texts stand in one and the same metadata area (pvcreate gives a new uuid).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate

from lvtui.lvm.carve import Origin
from lvtui.lvm.clones import cloned_pvs
from lvtui.lvm.held import LostVolume, OtherGroup
from lvtui.lvm.model import VolumeGroup
from lvtui.lvm.owners import Share, own_runs, shares
from lvtui.lvm.timeline import timeline_of
from lvtui.lvm.version import History
from lvtui.message import Message, message

_OTHERS_MAX = 16
"""A ring can hold a text of another group in every sector; the newest ones count."""

Place = tuple[int, int | None]


def with_others(histories: tuple[History, ...]) -> tuple[History, ...]:
    """Each history with the groups that share a place with it; `histories` are in-use first."""
    candidates = [(one, vg) for one in histories if (vg := newest_vg(one)) is not None]
    candidates = candidates[: _OTHERS_MAX + 1]
    if len(candidates) < 2:
        return histories
    places = {id(one): _places(one) for one, _ in candidates}
    times = {id(one): _latest_times(one) for one, _ in candidates}
    out = []
    for history in histories:
        vg = newest_vg(history)
        others = []
        if vg is not None:
            own = places.get(id(history)) or _places(history)
            for other, other_vg in candidates:
                pairs = _same_pvs(vg, own, other_vg, places[id(other)])
                if not pairs and own & places[id(other)] and other is not history:
                    pairs = cloned_pvs(history, other)
                if other is not history and pairs:
                    others.append(
                        OtherGroup(history=other, pv_uuids=pairs, latest_times=times[id(other)])
                    )
        out.append(replace(history, others=tuple(others)) if others else history)
    return tuple(out)


def newest_vg(history: History) -> VolumeGroup | None:
    """Of the current version, else of the newest usable one."""
    if history.current is not None:
        return history.current.vg
    return next((version.vg for version in reversed(history.versions) if version.usable), None)


def foreign_shares(lost: LostVolume, other: OtherGroup) -> tuple[Share, ...]:
    """What LVs of another group held of the lost LV's place since it was last seen."""
    timeline = timeline_of(other.history)
    since = _first_position_since(lost, other)
    current = other.history.current
    now = -1 if current is None else timeline.positions.get(current.id, -1)
    runs = ((since, len(timeline.known)),)
    return shares(timeline, lost, runs, dict(other.pv_uuids), now=now)


def metadata_over(lost: LostVolume) -> Iterator[Message]:
    """Groups whose label and metadata lie where the lost LV's data were."""
    for other in lost.history.others:
        vg = newest_vg(other.history)
        known = timeline_of(other.history).known
        if vg is None or _first_position_since(lost, other) >= len(known):
            continue
        pvs = dict(other.pv_uuids)
        starts = {pv.uuid: pv.pe_start_sectors for pv in vg.pvs}
        if any(
            run.start_sectors < starts.get(pvs.get(run.pv_uuid, ""), 0) for run in own_runs(lost)
        ):
            yield message("part of it lies where group {vg} keeps its metadata", vg=vg.name)


def _first_position_since(lost: LostVolume, other: OtherGroup) -> int:
    """By time: seqnos of two groups do not compare."""
    time = lost.last_seen.creation_time
    if time is None:
        return 0
    return bisect_left(other.latest_times, time)


def _latest_times(history: History) -> tuple[int, ...]:
    times = (version.creation_time or 0 for version in timeline_of(history).known)
    return tuple(accumulate(times, max))


def _places(history: History) -> frozenset[Place]:
    return frozenset(
        (copy.device, copy.area)
        for version in history.versions
        for copy in version.copies
        if copy.origin is Origin.RING
    )


def _same_pvs(
    vg: VolumeGroup, places: frozenset[Place], other: VolumeGroup, other_places: frozenset[Place]
) -> tuple[tuple[str, str], ...]:
    theirs = {pv.uuid for pv in other.pvs}
    shared = tuple((pv.uuid, pv.uuid) for pv in vg.pvs if pv.uuid in theirs)
    if not shared and len(vg.pvs) == len(other.pvs) == 1 and places & other_places:
        return ((vg.pvs[0].uuid, other.pvs[0].uuid),)
    return shared
