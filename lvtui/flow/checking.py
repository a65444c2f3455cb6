"""`lvtui check`: one volume's disk through its whole chain, as proof beside the verdict. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lvtui.errors import FormatError, LvtuiError, Refused, UserError
from lvtui.flow.content import VhdContent
from lvtui.flow.discover import Discovery, find_lost, matching_names
from lvtui.flow.disks import refuse_others
from lvtui.flow.judging import LostReport
from lvtui.flow.second_proof import OpenedDisk, Reader, open_shelf
from lvtui.flow.shelf import Placed, Shelf
from lvtui.guest.probes import GuestContent, probe_disk
from lvtui.lvm.model import LogicalVolume
from lvtui.rescue.foreign import MANY_EXTENTS, foreign_signs
from lvtui.source import ByteRange
from lvtui.vhd.check import check_chain
from lvtui.vhd.damage import blocks_touched, damaged_ranges
from lvtui.vhd.extent import joined
from lvtui.vhd.finding import Finding, Severity, error, warning
from lvtui.vhd.flatten import VirtualDisk, disk_layers, virtual_disk
from lvtui.xen.names import VolumeRole, parse_volume

STOP = 4
DAMAGED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeCheck:
    """What is known about the disk in a volume."""

    lv_name: str
    lv_uuid: str
    report: LostReport | None
    """None of a volume that is present."""
    vhd: VhdContent | None
    """None where none belongs into it."""
    chain: tuple[Placed, ...]
    """The volumes that the disk is read from, leaf first."""
    findings: tuple[Finding, ...]
    damaged: tuple[ByteRange, ...]
    """Ranges of the disk that are lost or doubtful; of the volume, where it is the disk."""
    guest: GuestContent | None
    """What the disk holds; None where it cannot be read."""
    refusal: LvtuiError | None
    """Why no image of the disk can be made."""

    @property
    def exit_code(self) -> int:
        """0 sound, 4 no image of the disk can be made, 6 damage."""
        if self.refusal is not None:
            return STOP
        errors = any(finding.severity is Severity.ERROR for finding in self.findings)
        return DAMAGED if self.damaged or errors else 0


def check_volume(
    discovery: Discovery, name: str, *, at: str | None = None, bitmaps: bool = False
) -> VolumeCheck:
    """Check the disk of a lost or present volume.

    Args:
        discovery: SOURCE as read.
        name: as for `find_lost`, of lost volumes first.
        at: the version whose place of it is looked at.
        bitmaps: read every bitmap and the start of every extent, which takes a seek each.

    Raises:
        UserError: none or several match.
    """
    report, uuid = _find(discovery, name, at)
    paths = [source.path for source in discovery.sources]
    reports = (*discovery.lost, *discovery.shrunk)
    with open_shelf(paths, discovery.histories, discovery.places, reports) as shelf:
        if report is not None:
            return _check(shelf, shelf.of_report(report), report, bitmaps=bitmaps)
        placed = next((one for one in shelf.all() if one.key == uuid), None)
        if placed is None:
            raise UserError(
                "LV-VOL-04",
                "{name} is in a group that is no XenServer storage: there is no VHD to check.",
                name=name,
            )
        return _check(shelf, placed, None, bitmaps=bitmaps)


def _find(discovery: Discovery, name: str, at: str | None) -> tuple[LostReport | None, str]:
    """The report of a lost volume, or the uuid of a present one."""
    matches = matching_names(discovery.lost + discovery.shrunk, name)
    present = _present(discovery, name)
    is_wanted = any(
        one.name.holds_disk and not one.is_merged and not one.lost.shrunk for one in matches
    )
    if at is not None or is_wanted or (matches and not present):
        report = find_lost(discovery, name, at=at)
        return report, report.lost.lv.uuid
    if len(present) != 1:
        raise UserError(
            "LV-VOL-05",
            "{count:count} volumes of {spec}, lost or present, fit {name}. Give the whole name or uuid.",
            count=len(present),
            spec=discovery.spec,
            name=name,
        )
    return None, present[0].uuid


def _present(discovery: Discovery, name: str) -> list[LogicalVolume]:
    """The volumes that the groups have now and that a name means."""
    present = [
        lv
        for history in discovery.histories
        if history.current is not None and history.current.vg is not None
        for lv in history.current.vg.lvs
    ]
    plain = name.replace("-", "")
    exact = [lv for lv in present if name in {lv.name, lv.uuid}]
    return exact or [
        lv
        for lv in present
        if name
        and (
            lv.name.startswith(name)
            or (parse_volume(lv.name).vdi_uuid or "").startswith(name)
            or (plain and lv.uuid.replace("-", "").startswith(plain))
        )
    ]


def _check(
    shelf: Shelf, placed: Placed, report: LostReport | None, *, bitmaps: bool
) -> VolumeCheck:
    reader = Reader(shelf)
    whole = joined([*shelf.damage(placed)])
    base = VolumeCheck(
        lv_name=placed.lv.name,
        lv_uuid=placed.lv.uuid,
        report=report,
        vhd=report.vhd if report is not None else None,
        chain=(placed,),
        findings=(),
        damaged=whole,
        guest=None,
        refusal=None,
    )
    if placed.name.role is VolumeRole.RAW:
        return replace(base, guest=probe_disk(placed.source))
    try:
        refuse_others(placed.name, placed.lv.name)
        opened = reader.disk_in(placed)
    except (FormatError, Refused) as problem:
        at = problem.offset_bytes if isinstance(problem, FormatError) else None
        findings = (error("V1", at, "{why}", why=str(problem.message)),)
        return replace(base, findings=findings, refusal=problem)
    return _checked(shelf, reader, opened, base, bitmaps=bitmaps)


def _checked(
    shelf: Shelf, reader: Reader, opened: OpenedDisk, base: VolumeCheck, *, bitmaps: bool
) -> VolumeCheck:
    lost = {n: ranges for n, one in enumerate(opened.volumes) if (ranges := shelf.lost(one))}
    once = {
        n: ranges for n, one in enumerate(opened.volumes) if (ranges := shelf.taken(one, now=False))
    }
    disk = VirtualDisk(disk_layers(opened.chain), opened.image.size_bytes, opened.chain.end)
    at_risk = damaged_ranges(disk, once) if once else ()
    checked = check_chain(
        opened.chain,
        lost=lost,
        extent_bytes=opened.placed.vg.extent_bytes if bitmaps else None,
        bitmaps=bitmaps,
    )
    guest, refusal = None, None
    try:
        guest = probe_disk(virtual_disk(opened.chain))
    except Refused as problem:
        refusal = problem
    return replace(
        base,
        vhd=reader.content(opened),
        chain=opened.volumes,
        findings=(*checked.findings, *_at_risk(at_risk), *(_foreign(opened) if bitmaps else ())),
        damaged=joined([*checked.damaged, *checked.doubtful, *at_risk]),
        guest=guest,
        refusal=refusal,
    )


def _foreign(opened: OpenedDisk) -> tuple[Finding, ...]:
    """Writers outside LVM, by all extents of the leaf's volume."""
    extent_bytes = opened.placed.vg.extent_bytes
    signs = foreign_signs(opened.image, extent_bytes, most=MANY_EXTENTS)
    return tuple(error("V12", None, "{why}", why=str(reason)) for reason in signs.reasons())


def _at_risk(ranges: tuple[ByteRange, ...]) -> tuple[Finding, ...]:
    if not ranges:
        return ()
    return (
        warning(
            "V11",
            None,
            "{size:bytes} of the disk, in {count:count} blocks, stood in places that belonged to other "
            "volumes for a time: they may hold those volumes' data.",
            size=sum(item.length_bytes for item in ranges),
            count=blocks_touched(ranges),
        ),
    )
