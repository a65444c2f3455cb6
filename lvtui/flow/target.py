"""What a plan that writes must know of the damaged group, and what closes ways B and C at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from lvtui.flow.discover import Discovery, find_lost
from lvtui.flow.judging import LostReport
from lvtui.flow.pvs import PvPlace
from lvtui.flow.reading import SourceFacts
from lvtui.flow.target_pv import TargetArea, TargetPv
from lvtui.flow.target_rules import (
    area_conflicts,
    device_conflicts,
    merged_conflicts,
    only_label_lost,
    place_conflicts,
)
from lvtui.host.device import SourceDevice
from lvtui.lvm.carve import CrcState, Slot
from lvtui.lvm.history import Version
from lvtui.lvm.mda import MDA_HEADER_BYTES
from lvtui.lvm.merge import Conflict
from lvtui.lvm.model import PhysicalVolume, VolumeGroup
from lvtui.lvm.stages import committed_text
from lvtui.message import message
from lvtui.rescue.graft import Comeback, comebacks, role_conflicts


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
        *device_conflicts(pvs, discovery),
        *area_conflicts(pvs, text),
        *role_conflicts(vg, back),
        *merged_conflicts(reports),
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
        source = None if place is None else discovery.sources[place.device]
        if place is None or source is None or (place.assumed and not only_label_lost(pv, source)):
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
        missing += place_conflicts(pv, place, source)
        found.append(_target_pv(pv, place, source))
    return tuple(found), missing


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
    return TargetPv(
        pv=pv,
        source=source,
        areas=tuple(areas),
        has_gaps=has_gaps,
        label_lost=place.assumed is not None,
    )
