"""From a lost volume to the disk inside it, as what a copy job needs: its layers and what they lack.

Nothing is written. What belongs to other volumes now is never read into an image of the disk: it is a
gap there, while a copy of the whole volume (`lv`) takes its bytes as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lvtui.errors import Refused
from lvtui.flow.discover import Discovery
from lvtui.flow.judging import LostReport
from lvtui.flow.second_proof import OpenedDisk, Reader, open_shelf
from lvtui.flow.shelf import Placed, Shelf
from lvtui.lvm.mapping import MappedRange
from lvtui.plan.job import JobLayer, JobPiece
from lvtui.source import ByteRange
from lvtui.vhd.damage import LossySource, damaged_ranges
from lvtui.vhd.extent import joined
from lvtui.vhd.flatten import VirtualDisk
from lvtui.vhd.header import BLOCK_BYTES
from lvtui.vhd.stack import disk_of, image_of
from lvtui.vhd.write import VhdFile, blocks_with_data
from lvtui.xen.names import VolumeName, VolumeRole

Pieces = Callable[[tuple[MappedRange, ...]], tuple[JobPiece, ...]]
"""A volume's ranges as pieces on the sources."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskPlan:
    """What a job copies in the format `vhd` or `raw`."""

    layers: tuple[JobLayer, ...]
    size_bytes: int
    """Of the image."""
    need_bytes: int
    """What it takes on a file system with holes, at most."""
    overwritten: tuple[ByteRange, ...]
    """Ranges of the image whose places belong to others now: gaps."""
    at_risk: tuple[ByteRange, ...]
    """Ranges of the image whose places belonged to others for a time: copied as they are."""


def plan_disk(
    discovery: Discovery, report: LostReport, fmt: str, pieces: Pieces, *, partial: bool = False
) -> DiskPlan:
    """Find the disk's volumes, and open it once as the worker will.

    Raises:
        FormatError, Refused: there is no usable VHD, a parent is missing (and `partial` was not asked
            for), it is encrypted, or no VHD belongs into this volume.
    """
    refuse_others(report.name, report.lost.lv.name)
    paths = [source.path for source in discovery.sources]
    reports = (*discovery.lost, *discovery.shrunk)
    with open_shelf(paths, discovery.histories, discovery.places, reports) as shelf:
        opened = Reader(shelf).disk_in(shelf.of_report(report))
        volumes = _named(opened)
        lossy = [
            (name, LossySource(one.source, shelf.taken(one, now=True))) for name, one in volumes
        ]
        made = image_of(lossy, fmt, partial=partial)
        disk = disk_of([(name, one.source) for name, one in volumes], partial=True)
        return DiskPlan(
            layers=tuple(
                JobLayer(
                    name=name,
                    size_bytes=one.source.size_bytes,
                    pieces=pieces(one.ranges),
                    lost=shelf.taken(one, now=True),
                )
                for name, one in volumes
            ),
            size_bytes=made.size_bytes,
            need_bytes=min(made.size_bytes, (len(blocks_with_data(disk)) + 4) * BLOCK_BYTES),
            overwritten=_in_image(made, _hit(shelf, volumes, disk, now=True)),
            at_risk=_in_image(made, _hit(shelf, volumes, disk, now=False)),
        )


def refuse_others(name: VolumeName, lv_name: str) -> None:
    """Volumes that hold no VHD.

    Raises:
        Refused: it is one.
    """
    if name.role is VolumeRole.QCOW2:
        raise Refused(
            "LV-VHD-12",
            "{name} holds a QCOW2 image, not a VHD: lvtui copies it as it is (--format lv); "
            "qemu-img convert -f qcow2 makes a disk of the copy.",
            name=lv_name,
        )
    if name.role is VolumeRole.RAW:
        raise Refused(
            "LV-VHD-13",
            "{name} is a raw volume: the disk itself, without a VHD. Copy it as it is (--format lv).",
            name=lv_name,
        )
    if name.role not in {VolumeRole.VHD, VolumeRole.OLD} and not name.neutral:
        raise Refused(
            "LV-VHD-14",
            "{name} is no disk of a XenServer storage: only the volume can be copied (--format lv).",
            name=lv_name,
        )


def _named(opened: OpenedDisk) -> list[tuple[str, Placed]]:
    """The layers' volumes; a raw root under the name that its child knows."""
    volumes = [(one.lv.name, one) for one in opened.volumes]
    root = opened.chain.raw_root
    if root is not None:
        volumes[-1] = (root.name, volumes[-1][1])
    return volumes


def _hit(
    shelf: Shelf, volumes: list[tuple[str, Placed]], disk: VirtualDisk, *, now: bool
) -> tuple[ByteRange, ...]:
    lost = {
        number: ranges
        for number, (_, one) in enumerate(volumes[: len(disk.layers)])
        if (ranges := shelf.taken(one, now=now))
    }
    return damaged_ranges(disk, lost) if lost else ()


def _in_image(made: VirtualDisk | VhdFile, ranges: Iterable[ByteRange]) -> tuple[ByteRange, ...]:
    if isinstance(made, VhdFile):
        return joined([place for virtual in ranges for place in made.places_of(virtual)])
    return tuple(ranges)
