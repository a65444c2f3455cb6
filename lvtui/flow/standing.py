"""What stands in LVM's way on a group, but not in the way of a copy: said before anything is planned.

Facts: `lvs` hides an exported group and one of another host's system_id; with a damaged header of a
metadata area LVM refuses every write, and the cure that it names, `vgck --updatemetadata`, answers
"Volume group not found" (2.03.16, measured).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from lvtui.lvm.carve import CrcState, MetadataCopy, Slot
from lvtui.lvm.history import History
from lvtui.lvm.mda import MetadataArea
from lvtui.message import Message, message

EXPORTED = "EXPORTED"


class WithAreas(Protocol):
    """What this needs to know of a source."""

    @property
    def path(self) -> str:
        """Where it is."""
        ...

    @property
    def areas(self) -> tuple[MetadataArea, ...]:
        """Every metadata area on it."""
        ...


def standing_warnings(
    histories: Sequence[History],
    sources: Sequence[WithAreas],
    copies: Sequence[MetadataCopy],
) -> tuple[Message, ...]:
    """One sentence for each thing that stands in LVM's way."""
    return (*_damaged_headers(sources, copies), *_foreign_groups(histories))


def _foreign_groups(histories: Sequence[History]) -> Iterator[Message]:
    for history in histories:
        vg = history.current.vg if history.current is not None else None
        if vg is None:
            continue
        if EXPORTED in vg.status:
            yield message(
                "VG {vg} is exported: LVM shows and activates none of its volumes until vgimport "
                "{vg}. Copying by extents works as it is.",
                vg=vg.name,
            )
        if vg.system_id:
            yield message(
                "VG {vg} belongs to the host with the system_id {id}: LVM on any other host ignores "
                "it. Copying by extents works as it is.",
                vg=vg.name,
                id=vg.system_id,
            )


def _damaged_headers(
    sources: Sequence[WithAreas], copies: Sequence[MetadataCopy]
) -> Iterator[Message]:
    pointed = {
        (copy.device, copy.area): copy
        for copy in copies
        if copy.slot is Slot.COMMITTED and copy.crc is CrcState.OK and copy.file is None
    }
    for index, source in enumerate(sources):
        for area in source.areas:
            if area.header is None or area.header.crc_ok:
                continue
            text = pointed.get((index, area.index))
            if text is None:
                yield message(
                    "The header of the metadata area at byte {offset} of {path} is damaged, and "
                    "points to no text with a right checksum: which text is in use is not known.",
                    offset=area.offset_bytes,
                    path=source.path,
                )
                continue
            yield message(
                "The header of the metadata area at byte {offset} of {path} has a wrong checksum, "
                "read twice. The text that it points to (version {seqno}) has a right one and is "
                "taken for the one in use. LVM refuses every write to this group until the header "
                "is repaired, and what it advises, vgck --updatemetadata, fails on it.",
                offset=area.offset_bytes,
                path=source.path,
                seqno=text.index.seqno or 0,
            )
