"""Way C: which bytes un-hide a restored leaf, and what forbids it (facts/xenserver.md 2.1, 4.1).

A raw volume loses its tag in the text. A VHD carries `hidden` in its footer, twice: the head copy
alone decides its fate, and one with a stale checksum stops every scan of the SR. The tail footer is
written only where no data can be.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from lvtui.errors import FormatError
from lvtui.flow.target import Target
from lvtui.host.device import SourceDevice
from lvtui.lvm.mapping import MappedRange, VolumeSource, map_volume
from lvtui.lvm.merge import Conflict
from lvtui.message import message
from lvtui.rescue.graft import Comeback
from lvtui.rescue.unhide import FooterWrite, footer_writes
from lvtui.source import ByteSource
from lvtui.vhd.image import open_image
from lvtui.xen.names import VolumeRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Unhiding:
    """The writes that un-hide one volume."""

    name: str
    ranges: tuple[MappedRange, ...]
    writes: tuple[FooterWrite, ...]


def find_unhiding(target: Target) -> tuple[tuple[Unhiding, ...], tuple[Conflict, ...]]:
    """What un-hides the wanted leaves; what forbids way C for any of them."""
    found: list[Unhiding] = []
    conflicts: list[Conflict] = []
    with ExitStack() as stack:
        devices = [stack.enter_context(SourceDevice(s.path)) for s in target.discovery.sources]
        pvs = target.discovery.places.readers(devices)
        for one in target.back:
            if one.role is not VolumeRole.VHD:
                continue
            ranges = map_volume(one.origin, one.lv)
            source = VolumeSource(ranges, pvs)
            conflicts += _against(target, one, source)
            if one.is_parent or conflicts:
                continue
            writes, problem = footer_writes(source)
            if problem is not None:
                conflicts.append(
                    Conflict(
                        code="LV-WAY-22",
                        message=message(
                            "{lv} cannot be un-hidden: {why}", lv=one.lv.name, why=str(problem)
                        ),
                    )
                )
            found.append(Unhiding(name=one.lv.name, ranges=ranges, writes=writes))
    return tuple(found), tuple(conflicts)


def _against(target: Target, one: Comeback, source: ByteSource) -> list[Conflict]:
    """The parent must stand under the name by which the storage manager looks for it."""
    try:
        image = open_image(source, name=one.lv.name)
    except FormatError as error:
        return [
            Conflict(
                code="LV-WAY-23",
                message=message(
                    "{lv} holds no VHD that can be read ({why}): it would stop every scan of the SR.",
                    lv=one.lv.name,
                    why=str(error),
                ),
            )
        ]
    if image.header is None or not image.parent_paths:
        return []
    parent = image.parent_name
    names = {lv.name for lv in target.current.lvs} | {b.lv.name for b in target.back}
    if parent is not None and parent.lv_name in names:
        return []
    return [
        Conflict(
            code="LV-WAY-24",
            message=message(
                "{lv} stands on {parent}, which is not there under this name: the storage manager "
                "would stop its work on the whole SR. Take way A, or name the parent too.",
                lv=one.lv.name,
                parent=parent.lv_name if parent else "a parent that it does not name",
            ),
        )
    ]
