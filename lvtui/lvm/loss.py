"""What a group lost: LVs of older versions that the current one does not have, or has smaller.

An LV is identified by its LV uuid: a renamed one is not lost, one that came back under its name with
another uuid is another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from lvtui.lvm.clones import clone_of
from lvtui.lvm.extents import overlaps, placed_extents
from lvtui.lvm.held import Held, LostVolume, Timeline
from lvtui.lvm.model import LogicalVolume, VolumeGroup
from lvtui.lvm.timeline import presence, timeline_of
from lvtui.lvm.version import History, Version

TRIM_SUFFIX = "_trim_lv"
"""sm `trim_util.py`: `<sr-uuid>_trim_lv` is made over all free extents and discarded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimHelper:
    """A volume by which XenServer discarded what was free."""

    lv: LogicalVolume
    first: Version
    last: Version


def lost_volumes(history: History) -> tuple[LostVolume, ...]:
    """LVs by uuid that some usable version has and the current does not; newest loss first.

    Without a current version every LV of any text is lost (commands.md), those of its newest whole
    text first. A renamed LV is not lost, nor is one that lives on in a clone of the group.
    """
    timeline = timeline_of(history)
    here = _current_uuids(history)
    found: list[tuple[int, LostVolume]] = []
    for uuid, held in timeline.by_uuid.items():
        if uuid in here:
            continue
        last = max(one.last for one in held)
        first_missing = timeline.known[last + 1] if last + 1 < len(timeline.known) else None
        seen = max((one for one in held if one.placed), key=lambda one: one.last, default=None)
        last_seen = timeline.known[last if seen is None else seen.last]
        lv = None if last_seen.vg is None else last_seen.vg.lv(uuid)
        if lv is not None:
            lost = LostVolume(
                lv=lv, history=history, last_seen=last_seen, first_missing=first_missing
            )
            found.append((last, lost))
    found.sort(key=lambda item: -item[0])
    return tuple(lost for _, lost in found)


def shrunk_volumes(history: History) -> tuple[LostVolume, ...]:
    """LVs that the current version has with fewer or other extents than an older one.

    An LV that a pvmove took elsewhere never became smaller and is not among them.
    """
    current = history.current
    if current is None or current.vg is None:
        return ()
    timeline = timeline_of(history)
    found: list[tuple[int, LostVolume]] = []
    for lv in current.vg.lvs:
        largest = _largest_before_a_drop(timeline.by_uuid.get(lv.uuid, ()))
        if largest is None:
            continue
        last_seen = timeline.known[largest.last]
        was = None if last_seen.vg is None else last_seen.vg.lv(lv.uuid)
        if was is None or last_seen.vg is None or _holds(current.vg, lv, last_seen.vg, was):
            continue
        lost = LostVolume(
            lv=was,
            history=history,
            last_seen=last_seen,
            first_missing=timeline.known[largest.last + 1],
            shrunk=True,
        )
        found.append((largest.last, lost))
    found.sort(key=lambda item: -item[0])
    return tuple(lost for _, lost in found)


def find_trim_helper(history: History) -> TrimHelper | None:
    """The newest helper that XenServer's "reclaim freed space" left in the texts."""
    timeline = timeline_of(history)
    helpers = (held for held in timeline.held if held.lv.name.endswith(TRIM_SUFFIX))
    newest = max(helpers, key=lambda held: held.last, default=None)
    if newest is None:
        return None
    return TrimHelper(
        lv=newest.lv, first=timeline.known[newest.first], last=timeline.known[newest.last]
    )


def absences(timeline: Timeline, uuid: str) -> tuple[tuple[int, int], ...]:
    """(first, last) positions at which an LV was away and then came back, as after a restore."""
    runs = presence(timeline, uuid)
    return tuple((one[1] + 1, other[0] - 1) for one, other in pairwise(runs))


def _current_uuids(history: History) -> frozenset[str]:
    """Of the group itself, and of one that took its disk over with its LVs (vgimportclone).

    What the clone had at first and lost later is the clone's loss, told there.
    """
    groups = [history, *(other.history for other in history.others)]
    clone = clone_of(history)
    cloned = timeline_of(clone.history).by_uuid.keys() if clone is not None else ()
    return frozenset(cloned) | frozenset(
        lv.uuid
        for group in groups
        if group.current is not None and group.current.vg is not None
        for lv in group.current.vg.lvs
    )


def _largest_before_a_drop(held: tuple[Held, ...]) -> Held | None:
    """The newest of its largest placements that a smaller one followed."""
    largest: Held | None = None
    dropped: Held | None = None
    for one in held:
        if largest is None or one.lv.extent_count >= largest.lv.extent_count:
            largest = one
        elif dropped is None or largest.lv.extent_count >= dropped.lv.extent_count:
            dropped = largest
    return dropped


def _holds(vg: VolumeGroup, lv: LogicalVolume, old_vg: VolumeGroup, old: LogicalVolume) -> bool:
    """Whether the LV has every extent that it had, at its old place in the LV."""
    shared = sum(
        mine.extent_count
        for mine, other in overlaps(placed_extents(old_vg, old), placed_extents(vg, lv))
        if mine.lv_start_extent == other.lv_start_extent
    )
    return shared >= old.extent_count
