"""An SR's life as its LVM texts show it: each LV stage by stage, its journals, and what is unknown.

The only place that walks the versions for what the storage manager did. What its work looks like is
written down in sm (xapi-project/sm, drivers/cleanup.py and LVHDSR.py, read at v3.2.12).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate

from lvtui.lvm.held import Timeline
from lvtui.lvm.model import LogicalVolume
from lvtui.lvm.timeline import position_of, timeline_of
from lvtui.lvm.version import History, Version
from lvtui.xen.names import VolumeName, VolumeRole, volume_in

_UNCOUNTABLE = 1 << 32
"""Stands for an unknown number of missing versions; sums of it stay above any real number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One LV while its name, size, permission and tags stay, in consecutive known versions."""

    lv: LogicalVolume
    name: VolumeName
    first: int
    """Position in `Timeline.known`."""
    last: int

    @property
    def writable(self) -> bool:
        """Whether LVM lets it be written: base copies are read-only."""
        return "WRITE" in self.lv.status

    @property
    def vdi(self) -> str | None:
        """The VDI whose disk it is, under its own name (not `OLD_`)."""
        return self.name.vdi_uuid if self.is_disk else None

    @property
    def is_disk(self) -> bool:
        """Whether it is a VDI under that VDI's name."""
        return self.name.holds_disk and self.name.role is not VolumeRole.OLD

    def covers(self, position: int) -> bool:
        """Whether it is there in this version."""
        return self.first <= position <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """All stages of all LVs of one history, and where versions are missing between."""

    timeline: Timeline
    stages: dict[str, tuple[Stage, ...]]
    """By LV uuid, oldest first."""
    begun: dict[int, tuple[Stage, ...]]
    """By the position that they begin at."""
    journals: dict[tuple[str, str], tuple[Stage, ...]]
    """By (`coalesce`, VDI uuid)."""
    disks: dict[str, tuple[Stage, ...]]
    """Stages that bear a VDI's own name, by VDI uuid."""
    unknown: tuple[int, ...]
    """Per position: how many versions are missing between the first and this one."""
    left: tuple[tuple[int, int], ...]
    """(first, restored): at position `restored` the history went back to before `first`."""

    @property
    def known(self) -> tuple[Version, ...]:
        """The usable versions, oldest first."""
        return self.timeline.known

    def missing(self, first: int, last: int) -> int | None:
        """How many versions are unknown between two positions; None where nobody can tell.

        A text that was restored in between hides what happened, as an unknown number does.
        """
        count = self.unknown[last] - self.unknown[first]
        if count >= _UNCOUNTABLE or any(first < one <= last for _, one in self.left):
            return None
        return count

    def unbroken(self, first: int, last: int) -> bool:
        """Whether every version between two positions is known."""
        return first >= 0 and self.missing(first, last) == 0

    def journal(self, kind: str, vdi: str, first: int, last: int) -> tuple[Stage, ...]:
        """Journals of a VDI that stood in some version of a range."""
        found = self.journals.get((kind, vdi), ())
        return tuple(one for one in found if one.first <= last and one.last >= first)

    def at(self, uuid: str, position: int) -> Stage | None:
        """An LV as a version has it."""
        stages = self.stages.get(uuid, ())
        index = bisect_left(stages, position, key=lambda stage: stage.last)
        return stages[index] if index < len(stages) and stages[index].covers(position) else None

    def before(self, stage: Stage) -> Stage | None:
        """The stage of the same LV that it follows without a break; versions may be missing."""
        return self.at(stage.lv.uuid, stage.first - 1) if stage.first else None

    def named_since(self, stage: Stage) -> int:
        """The position from which on the LV bore the name of this stage."""
        first = stage
        while (older := self.before(first)) is not None and _same_name(older, stage):
            first = older
        return first.first

    def position(self, version: Version) -> int:
        """Of a version; of one that is not usable, that of the known one before it, or -1."""
        return position_of(self.timeline, version)

    def seqno(self, position: int) -> int:
        """For sentences."""
        return self.known[position].seqno or 0


def past_of(history: History) -> Past:
    """Walk a history once."""
    timeline = timeline_of(history)
    stages = _Walk().over(timeline)
    begun: dict[int, list[Stage]] = defaultdict(list)
    journals: dict[tuple[str, str], list[Stage]] = defaultdict(list)
    disks: dict[str, list[Stage]] = defaultdict(list)
    for stage in sorted((one for each in stages.values() for one in each), key=_by_place):
        begun[stage.first].append(stage)
        if stage.name.vdi_uuid is None:
            continue
        if stage.name.journal is not None:
            journals[stage.name.journal, stage.name.vdi_uuid].append(stage)
        elif stage.is_disk:
            disks[stage.name.vdi_uuid].append(stage)
    return Past(
        timeline=timeline,
        stages={uuid: tuple(each) for uuid, each in stages.items()},
        begun={position: tuple(each) for position, each in begun.items()},
        journals={key: tuple(each) for key, each in journals.items()},
        disks={vdi: tuple(each) for vdi, each in disks.items()},
        unknown=_unknown(timeline),
        left=timeline.branches,
    )


def _by_place(stage: Stage) -> tuple[int, str]:
    return stage.first, stage.lv.uuid


def _same_name(one: Stage, other: Stage) -> bool:
    return (one.name.role, one.name.vdi_uuid) == (other.name.role, other.name.vdi_uuid)


def _unknown(timeline: Timeline) -> tuple[int, ...]:
    missing = [0] * len(timeline.known)
    for gap in timeline.gaps:
        if gap.after + 1 < len(missing):
            run = gap.missing_seqnos
            missing[gap.after + 1] += _UNCOUNTABLE if run is None else run[1] - run[0] + 1
    return tuple(accumulate(missing))


@dataclass(frozen=True, slots=True)
class _Open:
    lv: LogicalVolume
    name: VolumeName
    first: int


class _Walk:
    """Work is done for what changed between neighbours: LVs are interned by their text."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._done: dict[str, list[Stage]] = defaultdict(list)

    def over(self, timeline: Timeline) -> dict[str, list[Stage]]:
        present: set[int] = set()
        position = -1
        for position, version in enumerate(timeline.known):
            lvs = version.vg.lvs if version.vg is not None else ()
            now = set(map(id, lvs))
            if now == present:
                continue
            here = {lv.uuid for lv in lvs}
            for uuid in self._open.keys() - here:
                self._close(uuid, position - 1)
            for lv in lvs:
                if id(lv) not in present:
                    self._take(lv, version, position)
            present = now
        for uuid in tuple(self._open):
            self._close(uuid, position)
        return self._done

    def _take(self, lv: LogicalVolume, version: Version, position: int) -> None:
        before = self._open.get(lv.uuid)
        if before is not None:
            if before.first == position or _facets(before.lv) == _facets(lv):
                return  # a text that lies may hold one uuid twice: the first one counts
            self._close(lv.uuid, position - 1)
        vg_name = version.vg.name if version.vg is not None else ""
        self._open[lv.uuid] = _Open(lv, volume_in(vg_name, lv.name, lv.tags), position)

    def _close(self, uuid: str, last: int) -> None:
        one = self._open.pop(uuid)
        self._done[uuid].append(Stage(lv=one.lv, name=one.name, first=one.first, last=last))


def _facets(lv: LogicalVolume) -> tuple[object, ...]:
    return lv.name, lv.status, lv.tags, lv.extent_count
