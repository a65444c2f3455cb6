"""What a plan that writes must know of the damaged group, and what closes ways B and C at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lvtui.flow.discover import Discovery, find_lost
from lvtui.flow.judging import LostReport
from lvtui.flow.pvs import PvPlace
from lvtui.flow.reading import SourceFacts
from lvtui.host.device import SourceDevice
from lvtui.lvm.carve import CrcState, Slot
from lvtui.lvm.history import Version
from lvtui.lvm.mda import MDA_HEADER_BYTES, MetadataArea
from lvtui.lvm.merge import Conflict
from lvtui.lvm.model import PhysicalVolume, VolumeGroup
from lvtui.lvm.stages import committed_text
from lvtui.message import message
from lvtui.plan.plan import identity_text
from lvtui.rescue.graft import Comeback, comebacks, role_conflicts
from lvtui.units import SECTOR_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetArea:
    """A metadata area of the group, read whole."""

    area: MetadataArea
    sha256: str
    text: bytes | None
    """The text in use there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPv:
    """A PV of the group and the device that it is."""

    pv: PhysicalVolume
    source: SourceFacts
    areas: tuple[TargetArea, ...]
    has_gaps: bool

    @property
    def identity(self) -> str:
        """Of its device."""
        return identity_text(self.source.identity)

    @property
    def data_start_bytes(self) -> int:
        """Where the data begin, by text or label, whichever is more."""
        starts = [self.pv.pe_start_sectors * SECTOR_BYTES]
        label = self.source.label
        if label is not None and label.data_areas:
            starts.append(label.data_areas[0].offset_bytes)
        return max(starts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The group, what is to come back, and what is against it."""

    discovery: Discovery
    reports: tuple[LostReport, ...]
    current: VolumeGroup
    current_text: bytes
    pvs: tuple[TargetPv, ...]
    back: tuple[Comeback, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def text_bytes_max(self) -> int:
        """LVM keeps two texts in an area: half the ring, less a sector (2.03's own limit)."""
        sizes = [area.area.size_bytes for pv in self.pvs for area in pv.areas]
        ring_bytes = min(sizes, default=0) - MDA_HEADER_BYTES
        return ring_bytes // 2 - MDA_HEADER_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """No such plan can be made at all."""

    conflicts: tuple[Conflict, ...]


def find_target(
    discovery: Discovery, names: Sequence[str], *, at: str | None = None
) -> Target | Closed:
    """Gather everything about the group of the named volumes.

    Raises:
        UserError: as `find_lost`.
    """
    reports = tuple(find_lost(discovery, name, at=at) for name in names)
    reports = tuple({report.lost.lv.uuid: report for report in reports}.values())
    history = reports[0].lost.history
    current = history.current
    if current is None or current.vg is None:
        return Closed(
            conflicts=(
                Conflict(
                    code="LV-WAY-01",
                    message=message(
                        "{vg} has no metadata in use that can be read: there is nothing to graft "
                        "into. Copy the volume out (lvtui extract), or restore the group by hand.",
                        vg=history.vg_name or "The group",
                    ),
                ),
            )
        )
    vg = current.vg
    pvs, missing = _target_pvs(discovery, vg)
    back = comebacks(vg, [(r.lost.lv, _origin(r)) for r in reports])
    text = _current_text(current)
    conflicts = [
        *missing,
        *_device_conflicts(pvs, discovery),
        *_area_conflicts(pvs, text),
        *role_conflicts(vg, back),
        *_merged_conflicts(reports),
    ]
    return Target(
        discovery=discovery,
        reports=reports,
        current=vg,
        current_text=text,
        pvs=pvs,
        back=back,
        conflicts=tuple(conflicts),
    )


def _origin(report: LostReport) -> VolumeGroup:
    vg = report.lost.last_seen.vg
    assert vg is not None, "lost volumes come from parsed versions only"
    return vg


def _current_text(version: Version) -> bytes:
    copies = [
        copy
        for copy in version.copies
        if copy.slot is Slot.COMMITTED and copy.crc is CrcState.OK and not copy.never_committed
    ]
    return (copies or list(version.copies))[0].text


def _target_pvs(
    discovery: Discovery, vg: VolumeGroup
) -> tuple[tuple[TargetPv, ...], list[Conflict]]:
    found: list[TargetPv] = []
    missing: list[Conflict] = []
    for pv in vg.pvs:
        place = discovery.places.place_of(pv.uuid)
        if place is None or place.assumed is not None:
            missing.append(
                Conflict(
                    code="LV-WAY-02",
                    message=message(
                        "No label of the given sources names PV {pv} ({hint}). Name every PV of "
                        "{vg}, joined by commas; LVM itself does not see one without a label.",
                        pv=pv.uuid,
                        hint=pv.device_hint or "device unknown",
                        vg=vg.name,
                    ),
                )
            )
            continue
        missing += _place_conflicts(pv, place, discovery.sources[place.device])
        found.append(_target_pv(pv, place, discovery.sources[place.device]))
    return tuple(found), missing


def _place_conflicts(pv: PhysicalVolume, place: PvPlace, source: SourceFacts) -> Iterator[Conflict]:
    if place.base_bytes:
        yield Conflict(
            code="LV-WAY-03",
            message=message(
                "PV {pv} begins inside {path} (at byte {base}). LVM needs the partition or array "
                "itself: name that device.",
                pv=pv.uuid,
                path=source.path,
                base=place.base_bytes,
            ),
        )
    if source.identity.kind != "block":
        yield Conflict(
            code="LV-WAY-04",
            message=message(
                "{path} is a file, and LVM works on block devices only. For an image: losetup "
                "--find --show {path}, then name the loop device.",
                path=source.path,
            ),
        )
    need_bytes = (pv.dev_size_sectors or 0) * SECTOR_BYTES
    if source.size_bytes < need_bytes:
        yield Conflict(
            code="LV-WAY-05",
            message=message(
                "{path} has {size:bytes}, the metadata say {need:bytes}: the device shrank.",
                path=source.path,
                size=source.size_bytes,
                need=need_bytes,
            ),
        )


def _target_pv(pv: PhysicalVolume, place: PvPlace, source: SourceFacts) -> TargetPv:
    sites = [site for site in source.sites if site.base_bytes == place.base_bytes]
    areas: list[TargetArea] = []
    has_gaps = False
    with SourceDevice(source.path) as device:
        for area in (area for site in sites for area in site.areas):
            piece = device.pread(area.offset_bytes, area.size_bytes)
            has_gaps = has_gaps or bool(piece.gaps)
            digest = hashlib.sha256(piece.data).hexdigest()
            areas.append(TargetArea(area=area, sha256=digest, text=committed_text(piece.data)))
    return TargetPv(pv=pv, source=source, areas=tuple(areas), has_gaps=has_gaps)


def _device_conflicts(pvs: Sequence[TargetPv], discovery: Discovery) -> Iterator[Conflict]:
    known = {pv.pv.uuid for pv in pvs}
    for uuid, place in discovery.places.copies:
        if uuid in known:
            yield Conflict(
                code="LV-WAY-06",
                message=message(
                    "PV {pv} stands twice: also on {path}. LVM would choose one of them by itself. "
                    "Take the other one away first.",
                    pv=uuid,
                    path=discovery.sources[place.device].path,
                ),
            )


def _area_conflicts(pvs: Sequence[TargetPv], text: bytes) -> Iterator[Conflict]:
    for pv in pvs:
        start = pv.pv.pe_start_sectors * SECTOR_BYTES
        for one in pv.areas:
            end = one.area.offset_bytes + one.area.size_bytes
            if one.area.offset_bytes < start < end:
                yield Conflict(
                    code="LV-WAY-07",
                    message=message(
                        "On {path} the data begin at byte {start}, inside the metadata area (to "
                        "byte {end}): each write of LVM would destroy data.",
                        path=pv.source.path,
                        start=start,
                        end=end,
                    ),
                )
            if one.text is None or one.text.rstrip(b"\n") != text.rstrip(b"\n"):
                yield Conflict(
                    code="LV-WAY-08",
                    message=message(
                        "The metadata areas of the group disagree: {path} (byte {offset}) does not "
                        "hold the version in use. Settle that with LVM first.",
                        path=pv.source.path,
                        offset=one.area.offset_bytes,
                    ),
                )
        if pv.has_gaps:
            yield Conflict(
                code="LV-WAY-09",
                message=message(
                    "The metadata on {path} have read errors. Nothing is written to a failing disk: "
                    "copy the volume out (lvtui extract).",
                    path=pv.source.path,
                ),
            )
    if not any(pv.areas for pv in pvs):
        yield Conflict(
            code="LV-WAY-10",
            message=message("No PV of the group among the given sources has a metadata area."),
        )


def _merged_conflicts(reports: Sequence[LostReport]) -> Iterator[Conflict]:
    for report in reports:
        if report.is_merged:
            yield Conflict(
                code="LV-WAY-11",
                message=message(
                    "{lv} was merged into another volume by the storage manager; it is not lost. "
                    "Restored beside it, it would be a stale copy.",
                    lv=report.lost.lv.name,
                ),
            )
