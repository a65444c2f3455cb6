"""Every volume of an SR that may hold a disk, as it lies now or lay in an older version, to be read.

The order is that of preference: volumes that are present, lost ones, older places of either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lvtui.errors import FormatError
from lvtui.flow.content import Where
from lvtui.flow.judging import LostReport
from lvtui.flow.pvs import PvPlaces
from lvtui.flow.remembering import RememberingSource
from lvtui.lvm.extents import union
from lvtui.lvm.history import History, LostVolume, Version
from lvtui.lvm.mapping import MappedRange, VolumeSource, map_volume
from lvtui.lvm.model import LogicalVolume, VolumeGroup
from lvtui.lvm.timeline import position_of, timeline_of
from lvtui.lvm.verdict import Verdict, judge
from lvtui.source import ByteRange, ByteSource
from lvtui.vhd.chain import Candidate, Catalogue
from lvtui.vhd.extent import joined
from lvtui.xen.names import VolumeName, VolumeRole, parse_group, volume_in

_OLDER_MAX = 4096
_MGT = frozenset({"MGT"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One volume in one place."""

    key: str
    """The LV's uuid; with `@version` behind it where the group as it is now does not have it so."""
    lv: LogicalVolume
    vg: VolumeGroup
    name: VolumeName
    history: History
    version: Version
    """Whose text places it."""
    ranges: tuple[MappedRange, ...]
    is_present: bool
    report: LostReport | None
    """Of a lost one."""
    source: RememberingSource

    @property
    def where(self) -> Where:
        """Where it stands."""
        if self.is_present:
            return Where.PRESENT
        return Where.LOST if self.report is not None else Where.OLDER


class Shelf:
    """The volumes of every SR in the histories."""

    def __init__(
        self,
        histories: Iterable[History],
        places: PvPlaces,
        devices: Sequence[ByteSource],
        reports: Iterable[LostReport],
    ) -> None:
        self._histories = tuple(h for h in histories if parse_group(h.vg_name or "").is_lvm_sr)
        self._places = places
        self._sizes = [device.size_bytes for device in devices]
        self._readers: Mapping[str, ByteSource] = places.readers(devices)
        self._reports = tuple(reports)
        self._placed: dict[str, Placed] | None = None
        self._taken: dict[tuple[str, bool], tuple[ByteRange, ...]] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._catalogue: Catalogue | None = None

    def of_report(self, report: LostReport) -> Placed:
        """A lost volume; of one that is shrunk, or as an older version has it, that place."""
        lost = report.lost
        return self._make(
            f"{lost.lv.uuid}@{lost.last_seen.id}",
            lost.lv,
            lost.last_seen,
            lost.history,
            report.ranges,
            is_present=False,
            report=report,
        )

    def placed(self, key: str) -> Placed:
        """The volume of a key that a chain names."""
        return self._all()[key]

    def all(self) -> Iterable[Placed]:
        """Every volume in every place, in the order of preference."""
        return self._all().values()

    def metadata_volumes(self) -> Iterator[Placed]:
        """Every MGT volume, as `all` would give them; without looking at anything else."""
        heads: set[tuple[str, int]] = set()
        for one in (*self._present(names=_MGT), *self._lost(_MGT), *self._older(set(), names=_MGT)):
            if one.name.role is VolumeRole.MGT and one.ranges and _head(one.ranges) not in heads:
                heads.add(_head(one.ranges))
                yield one

    def catalogue(self) -> Catalogue:
        """All of them as candidates for a parent."""
        if self._catalogue is None:
            disks = [
                one
                for one in self._all().values()
                if one.ranges and (one.name.holds_disk or one.name.neutral)
            ]
            last: dict[tuple[str, int], int] = {}
            for one in disks:
                head = _head(one.ranges)
                last[head] = max(last.get(head, -1), _since(one))
            # What begins in one place is the VHD of who had the place last.
            own = [one for one in disks if _since(one) == last[_head(one.ranges)]]
            found = {
                (one.key, one.lv.name): Candidate(one.key, one.lv.name, one.source) for one in own
            }
            for one in own:
                for older in self._names_of(one):
                    found.setdefault((one.key, older), Candidate(one.key, older, one.source))
            self._catalogue = Catalogue(tuple(found.values()))
        return self._catalogue

    def _names_of(self, one: Placed) -> Iterator[str]:
        """Raw volumes have no uuid inside: they are found by the names that they ever had."""
        if one.name.role is VolumeRole.RAW:
            for held in timeline_of(one.history).by_uuid.get(one.lv.uuid, ()):
                yield held.lv.name

    def verdict(self, one: Placed) -> Verdict | None:
        """What LVM's history says of its place; None for a volume that is present."""
        if one.is_present:
            return None
        if one.report is not None:
            return one.report.verdict
        if one.key not in self._verdicts:
            lost = LostVolume(
                lv=one.lv, history=one.history, last_seen=one.version, first_missing=None
            )
            self._verdicts[one.key] = judge(lost)
        return self._verdicts[one.key]

    def taken(self, one: Placed, *, now: bool) -> tuple[ByteRange, ...]:
        """Ranges of the volume that are somebody else's now, or were for a time; sorted, apart."""
        if (one.key, now) not in self._taken:
            verdict = self.verdict(one)
            size = verdict.extent_bytes if verdict is not None else 0
            runs = {
                (start, start + share.extent_count)
                for share in (verdict.shares if verdict is not None else ())
                if share.now is now
                for start in (share.run.lv_start_extent + share.offset_extents,)
            }
            self._taken[one.key, now] = tuple(
                ByteRange(start * size, (end - start) * size) for start, end in union(runs)
            )
        return self._taken[one.key, now]

    def owner_of_head(self, one: Placed) -> str | None:
        """Who has the volume's beginning now."""
        verdict = self.verdict(one)
        for share in verdict.shares if verdict is not None else ():
            if share.now and not share.run.lv_start_extent + share.offset_extents:
                return share.owner.name
        return None

    def damage(self, one: Placed) -> tuple[ByteRange, ...]:
        """Ranges of the volume that are somebody else's, were for a time, or cannot be read."""
        return joined([*self.lost(one), *self.taken(one, now=False)])

    def lost(self, one: Placed) -> tuple[ByteRange, ...]:
        """Ranges of the volume that are somebody else's now, or on no device that was given."""
        return joined([*self.taken(one, now=True), *self._out_of_reach(one.ranges)])

    def _out_of_reach(self, ranges: tuple[MappedRange, ...]) -> Iterator[ByteRange]:
        for run in ranges:
            place = self._places.place_of(run.pv_uuid)
            there = 0
            if place is not None:
                start = place.base_bytes + run.pv_offset_bytes
                there = max(0, min(run.length_bytes, self._sizes[place.device] - start))
            if there < run.length_bytes:
                yield ByteRange(run.lv_offset_bytes + there, run.length_bytes - there)

    def _all(self) -> dict[str, Placed]:
        if self._placed is None:
            self._placed = {}
            for one in (*self._present(), *self._lost()):
                self._placed.setdefault(one.key, one)
            firsts = {
                (one.lv.uuid, *_head(one.ranges)) for one in self._placed.values() if one.ranges
            }
            for one in self._older(firsts):
                self._placed.setdefault(one.key, one)
        return self._placed

    def _present(self, names: frozenset[str] | None = None) -> Iterator[Placed]:
        for history in self._histories:
            current = history.current
            if current is None or current.vg is None:
                continue
            for lv in current.vg.lvs:
                if names is not None and lv.name not in names:
                    continue
                ranges = _mapped(current.vg, lv)
                yield self._make(lv.uuid, lv, current, history, ranges, is_present=True)

    def _lost(self, names: frozenset[str] | None = None) -> Iterator[Placed]:
        groups = {history.vg_uuid for history in self._histories}
        for report in self._reports:
            if names is not None and report.lost.lv.name not in names:
                continue
            if report.lost.history.vg_uuid in groups:
                yield self.of_report(report)

    def _older(
        self, firsts: set[tuple[str, str, int]], names: frozenset[str] | None = None
    ) -> Iterator[Placed]:
        """Places whose first extent was elsewhere; newest first."""
        count = 0
        for history in self._histories:
            timeline = timeline_of(history)
            wanted = (one for one in timeline.held if names is None or one.lv.name in names)
            for held in sorted(wanted, key=lambda held: -held.last):
                version = timeline.known[held.last]
                name = volume_in(history.vg_name or "", held.lv.name, held.lv.tags)
                if version.vg is None or not (name.holds_disk or name.role is VolumeRole.MGT):
                    continue
                ranges = _mapped(version.vg, held.lv)
                if not ranges or count == _OLDER_MAX:
                    continue
                first = (held.lv.uuid, *_head(ranges))
                if first in firsts:
                    continue
                firsts.add(first)
                count += 1
                key = f"{held.lv.uuid}@{version.id}"
                yield self._make(key, held.lv, version, history, ranges, is_present=False)

    def _make(
        self,
        key: str,
        lv: LogicalVolume,
        version: Version,
        history: History,
        ranges: tuple[MappedRange, ...],
        *,
        is_present: bool,
        report: LostReport | None = None,
    ) -> Placed:
        vg = version.vg
        assert vg is not None, "only parsed versions place volumes"
        return Placed(
            key=key,
            lv=lv,
            vg=vg,
            name=volume_in(vg.name, lv.name, lv.tags),
            history=history,
            version=version,
            ranges=ranges,
            is_present=is_present,
            report=report,
            source=RememberingSource(VolumeSource(ranges, self._readers)),
        )


def _head(ranges: tuple[MappedRange, ...]) -> tuple[str, int]:
    """Where a volume begins."""
    return ranges[0].pv_uuid, ranges[0].pv_offset_bytes


def _since(one: Placed) -> int:
    """The last version that has it, as a number that grows; those that are present come last."""
    position = position_of(timeline_of(one.history), one.version)
    return position + (1 << 32 if one.is_present else 0)


def _mapped(vg: VolumeGroup, lv: LogicalVolume) -> tuple[MappedRange, ...]:
    try:
        return map_volume(vg, lv)
    except FormatError:
        return ()
