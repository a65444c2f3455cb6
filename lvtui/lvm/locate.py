"""Where on a whole disk PVs can lie: the only place that derives a PV's beginning.

A PV begins at byte 0 of what LVM was given: a disk, a partition, an MD array. Given the whole disk,
its beginning is told by, in this order:

    a label        it stands in one of the first four sectors and holds the number of its own
    a header       a metadata area's header names its place from the PV's beginning
    the sizes      texts give the PV's size; one partition has exactly that size
    the first text a ring's first text (seqno 1) stands behind the header of an area at 4096

The last two are conclusions: what rests on them is at best `likely`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from lvtui.lvm.label import LABEL_SCAN_SECTORS, PvLabel
from lvtui.lvm.mda import AREA_STARTS_BYTES, MDA_HEADER_BYTES, MdaHeader, MetadataArea
from lvtui.message import Message
from lvtui.units import SECTOR_BYTES

_NUMBERS = re.compile(rb"\n(dev_size|pe_start) = (\d{1,15})(?=\n)")
_FIRST_TEXT_AT_BYTES = AREA_STARTS_BYTES[0] + MDA_HEADER_BYTES
_TEXTS_ASKED_MAX = 64


class Region(NamedTuple):
    """A part of a source that LVM may have seen as a device: the whole, a partition, an MD member."""

    base_bytes: int
    length_bytes: int
    where: Message | None = None
    """What it is, for an operator; None: the source itself."""
    is_device: bool = True
    """Whether its length is that of a device; False: it runs from a PV's beginning to the end."""
    events: int | None = None
    """Of the MD superblock, if it is a member's data."""

    @property
    def end_bytes(self) -> int:
        """The first byte behind it."""
        return self.base_bytes + self.length_bytes


class PvSite(NamedTuple):
    """A place where a PV begins: it has a label, a metadata area, or both."""

    device: int
    """Index of the source path."""
    region: Region
    label: PvLabel | None
    """Its offset counts from the region's beginning."""
    areas: tuple[MetadataArea, ...]
    """Offsets count from the beginning of the source."""
    is_certain: bool = True
    """False: only texts were found, and none is of a PV of the region's size; it may begin elsewhere."""

    @property
    def base_bytes(self) -> int:
        """Where the PV begins on the source."""
        return self.region.base_bytes

    @property
    def has_good_label(self) -> bool:
        """Whether LVM itself would take the label."""
        return self.label is not None and self.label.crc_ok and self.label.sector_ok


def chosen_label(sites: Sequence[PvSite]) -> PvLabel | None:
    """The label that LVM would take, else the best that is left."""
    labelled = [site for site in sites if site.label]
    return min(labelled, key=lambda site: not site.has_good_label).label if labelled else None


class TextPlace(NamedTuple):
    """A metadata text outside every known area."""

    offset_bytes: int
    """From the beginning of the source."""
    text: bytes
    seqno: int | None
    is_whole: bool

    @property
    def end_bytes(self) -> int:
        """Behind its last byte."""
        return self.offset_bytes + len(self.text)


def base_by_label(offset_bytes: int, label: PvLabel) -> int | None:
    """Where the PV begins whose label stands at `offset_bytes`; None if the label lies."""
    base_bytes = offset_bytes - label.sector * SECTOR_BYTES
    if not label.crc_ok or label.sector >= LABEL_SCAN_SECTORS or base_bytes < 0:
        return None
    return base_bytes


def base_by_header(offset_bytes: int, header: MdaHeader) -> int | None:
    """Where the PV begins whose area's header stands at `offset_bytes`; None if it lies."""
    base_bytes = offset_bytes - header.start_bytes
    if not header.crc_ok or header.start_bytes == 0 or base_bytes < 0:
        return None
    return base_bytes if base_bytes % SECTOR_BYTES == 0 else None


def base_by_texts(
    texts: Sequence[TextPlace], regions: Sequence[Region], source_bytes: int
) -> int | None:
    """Where the PV may begin in whose first area these texts of one group lie; None: not told.

    Args:
        texts: of one VG, outside every area, by offset.
        regions: what LVM may have seen as a device, the whole source among them.
        source_bytes: how large the source is.
    """
    sizes = pv_sizes(texts)
    found: list[tuple[int, int, int]] = []
    for pe_start_bytes, size_bytes in sizes:
        by_size = [region.base_bytes for region in regions if region.length_bytes == size_bytes]
        by_first = [
            text.offset_bytes - _FIRST_TEXT_AT_BYTES
            for text in texts
            if text.seqno == 1 and text.is_whole
        ]
        for rank, bases in enumerate((by_size, by_first)):
            for base_bytes in bases:
                if base_bytes < 0 or base_bytes + size_bytes > source_bytes:
                    continue
                first, behind = base_bytes + _FIRST_TEXT_AT_BYTES, base_bytes + pe_start_bytes
                inside = sum(
                    first <= text.offset_bytes and text.end_bytes < behind for text in texts
                )
                if inside:
                    found.append((-inside, rank, base_bytes))
    return min(found)[2] if found else None


def pv_sizes(texts: Sequence[TextPlace]) -> tuple[tuple[int, int], ...]:
    """(pe_start, dev_size) in bytes of every PV that the texts describe, each pair once."""
    pairs: dict[tuple[int, int], None] = {}
    for text in texts[-_TEXTS_ASKED_MAX:]:
        size_bytes = None
        for key, digits in _NUMBERS.findall(text.text):
            number = int(digits) * SECTOR_BYTES
            if key == b"dev_size":
                size_bytes = number
            elif size_bytes is not None:
                pairs.setdefault((number, size_bytes))
                size_bytes = None
    return tuple(pairs)
