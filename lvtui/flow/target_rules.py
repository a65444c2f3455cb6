"""What closes ways B and C at once: devices, areas and volumes that nothing may be written for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lvtui.flow.discover import Discovery
from lvtui.flow.judging import LostReport
from lvtui.flow.pvs import PvPlace
from lvtui.flow.reading import SourceFacts
from lvtui.flow.target_pv import TargetPv
from lvtui.lvm.merge import Conflict
from lvtui.lvm.model import PhysicalVolume
from lvtui.message import message
from lvtui.units import SECTOR_BYTES


def only_label_lost(pv: PhysicalVolume, source: SourceFacts) -> bool:
    """Whether a PV lacks its label only: its area is there, with its header, and its size fits."""
    return (
        source.label is None
        and len(source.areas) == 1
        and all(area.named_by == "header" for area in source.areas)
        and source.size_bytes == (pv.dev_size_sectors or 0) * SECTOR_BYTES
    )


def place_conflicts(pv: PhysicalVolume, place: PvPlace, source: SourceFacts) -> Iterator[Conflict]:
    """Devices on which LVM cannot work."""
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


def device_conflicts(pvs: Sequence[TargetPv], discovery: Discovery) -> Iterator[Conflict]:
    """PVs that stand twice."""
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


def area_conflicts(pvs: Sequence[TargetPv], text: bytes) -> Iterator[Conflict]:
    """Metadata areas that disagree, cannot be read, or reach into the data."""
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


def merged_conflicts(reports: Sequence[LostReport]) -> Iterator[Conflict]:
    """Volumes that are not lost but merged."""
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
