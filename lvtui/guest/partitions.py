"""Partition tables: the only place that reads MBR and GPT, of a whole disk or of a guest's disk.

Formats (UEFI specification 2.10, chapter 5; the MBR as every BIOS reads it), little endian.

    MBR, first 512 bytes of the disk: +446 four entries of 16 bytes, +510 `55 AA`
        entry: +0 status, +4 type, +8 first LBA u32, +12 LBAs u32; CHS is not read
        types 05, 0F, 85: an extended partition, a chain of such sectors: their first entry is a
        logical partition (LBA from that sector), their second the next sector (LBA from the
        extended partition's start)
    GPT header, LBA 1, its twin in the last LBA
        +0 `EFI PART`, +8 revision, +12 header bytes u32, +16 crc u32 over the header with this field
        zero, +24 own LBA, +32 the twin's LBA, +40 first and last usable LBA, +56 disk GUID,
        +72 LBA of the entries, +80 their count u32, +84 bytes of one u32, +88 crc u32 of all of them
        entry: +0 type GUID, +16 GUID, +32 first LBA, +40 last LBA (included), +48 attributes,
        +56 name, UTF-16, 72 bytes

The sector size is that of the disk: a file does not tell it, so both are tried. Tables can lie:
everything is bounded, and a partition is cut to what the disk has.
"""

from __future__ import annotations

import struct
import zlib
from enum import StrEnum
from typing import NamedTuple

from lvtui.source import ByteSource
from lvtui.units import SECTOR_BYTES, MiB

SECTOR_SIZES = (512, 4096)
PARTITIONS_MAX = 256
"""Of one table; GPT makes room for 128."""
LOGICAL_MAX = 128
ENTRIES_BYTES_MAX = 1 * MiB

LVM_MBR_TYPE = "8e"
LVM_GPT_TYPE = "e6d6d379-f507-44c2-a23c-238f2a3df928"

_SIGNATURE = b"\x55\xaa"
_MBR_ENTRIES_AT = 446
_MBR_ENTRY = struct.Struct("<B3xB3xII")
_EXTENDED_TYPES = frozenset({0x05, 0x0F, 0x85})
_PROTECTIVE_TYPE = 0xEE
_GPT_MAGIC = b"EFI PART"
_GPT_HEADER = struct.Struct("<8s4xII4xQQQQ16sQIII")
_GPT_HEADER_BYTES_MIN = 92
_GPT_CRC_AT = 16
_GPT_ENTRY = struct.Struct("<16s16sQQQ72s")


class TableKind(StrEnum):
    """Which kind of table."""

    MBR = "MBR"
    GPT = "GPT"


class Partition(NamedTuple):
    """One partition, within the bounds of its disk."""

    number: int
    """As Linux numbers it: a GPT's slot, 1-4, logical ones from 5."""
    start_bytes: int
    size_bytes: int
    """What the disk has of it; the table may say more."""
    type: str
    """MBR: two hex digits; GPT: the type's GUID."""
    name: str
    """GPT only, as read; for screens through `safe`."""

    @property
    def end_bytes(self) -> int:
        """The first byte behind it."""
        return self.start_bytes + self.size_bytes

    @property
    def is_lvm(self) -> bool:
        """Whether its type says LVM."""
        return self.type in {LVM_MBR_TYPE, LVM_GPT_TYPE}


class PartitionTable(NamedTuple):
    """A table that was found."""

    kind: TableKind
    sector_bytes: int
    """The unit that it counts in."""
    partitions: tuple[Partition, ...]
    is_backup: bool = False
    """Read from the GPT at the disk's end: the first one is gone or damaged."""
    crc_ok: bool = True
    """False: a GPT of which no copy has good checksums; an MBR has none."""


def find_tables(disk: ByteSource, *, sector_bytes: int | None = None) -> tuple[PartitionTable, ...]:
    """Every partition table of a disk, the most credible first; never raises for bad bytes.

    Args:
        disk: the whole disk.
        sector_bytes: its sector size where that is known; None tries 512 and 4096.
    """
    sizes = SECTOR_SIZES if sector_bytes is None else (sector_bytes,)
    found = [table for size in sizes if (table := _gpt(disk, size)) is not None]
    found.sort(key=lambda table: (not table.crc_ok, table.is_backup))
    if not any(table.crc_ok for table in found):
        found.extend(table for size in sizes if (table := _mbr(disk, size)) is not None)
    return tuple(found)


def _gpt(disk: ByteSource, sector_bytes: int) -> PartitionTable | None:
    """The first good one of the GPT's two copies, else what is left of the first."""
    last = disk.size_bytes // sector_bytes - 1
    worst: PartitionTable | None = None
    for lba in dict.fromkeys((1, last)):
        table = _gpt_at(disk, lba, sector_bytes) if lba > 0 else None
        if table is not None and table.crc_ok:
            return table
        worst = worst or table
    return worst


def _gpt_at(disk: ByteSource, lba: int, sector_bytes: int) -> PartitionTable | None:
    piece = disk.pread(lba * sector_bytes, sector_bytes)
    header = piece.data
    if len(header) < sector_bytes or not header.startswith(_GPT_MAGIC):
        return None
    (_, header_bytes, crc, own_lba, _, _, _, _, entries_lba, count, entry_bytes, entries_crc) = (
        _GPT_HEADER.unpack_from(header)
    )
    sane = (
        _GPT_HEADER_BYTES_MIN <= header_bytes <= sector_bytes
        and entry_bytes >= _GPT_ENTRY.size
        and count * entry_bytes <= ENTRIES_BYTES_MAX
    )
    if not sane:
        return None
    unsigned = header[:_GPT_CRC_AT] + bytes(4) + header[_GPT_CRC_AT + 4 : header_bytes]
    entries = disk.pread(entries_lba * sector_bytes, count * entry_bytes).data
    crc_ok = zlib.crc32(unsigned) == crc and own_lba == lba and zlib.crc32(entries) == entries_crc
    from uuid import UUID  # noqa: PLC0415 - few disks have a GPT, and it loads much

    partitions = []
    for slot in range(min(len(entries) // entry_bytes, PARTITIONS_MAX)):
        type_guid, _, first, last, _, name = _GPT_ENTRY.unpack_from(entries, slot * entry_bytes)
        if not any(type_guid) or last < first:
            continue
        partition = _within(
            disk,
            number=slot + 1,
            start_bytes=first * sector_bytes,
            size_bytes=(last - first + 1) * sector_bytes,
            kind=str(UUID(bytes_le=type_guid)),
            name=name.decode("utf-16-le", "replace").partition("\0")[0],
        )
        if partition is not None:
            partitions.append(partition)
    return PartitionTable(
        kind=TableKind.GPT,
        sector_bytes=sector_bytes,
        partitions=tuple(partitions),
        is_backup=lba != 1,
        crc_ok=crc_ok,
    )


def _mbr(disk: ByteSource, sector_bytes: int) -> PartitionTable | None:
    entries = _mbr_entries(disk, 0)
    if entries is None:
        return None
    partitions: list[Partition] = []
    extended: list[int] = []
    for number, (kind, first, count) in enumerate(entries, 1):
        if kind in _EXTENDED_TYPES:
            extended.append(first)
        elif kind not in {0, _PROTECTIVE_TYPE}:
            partition = _within(
                disk,
                number=number,
                start_bytes=first * sector_bytes,
                size_bytes=count * sector_bytes,
                kind=f"{kind:02x}",
            )
            if partition is not None:
                partitions.append(partition)
    for first in extended[:1]:
        partitions.extend(_logical(disk, first, sector_bytes))
    if not partitions:
        return None
    return PartitionTable(
        kind=TableKind.MBR, sector_bytes=sector_bytes, partitions=tuple(partitions)
    )


def _logical(disk: ByteSource, extended: int, sector_bytes: int) -> list[Partition]:
    """The chain inside an extended partition; a chain that bites its tail ends there."""
    found: list[Partition] = []
    seen: set[int] = set()
    at = extended
    while at not in seen and len(seen) < LOGICAL_MAX:
        seen.add(at)
        entries = _mbr_entries(disk, at * sector_bytes)
        if entries is None:
            break
        (kind, first, count), (next_kind, next_first, _), *_ = entries
        partition = _within(
            disk,
            number=4 + len(seen),
            start_bytes=(at + first) * sector_bytes,
            size_bytes=count * sector_bytes,
            kind=f"{kind:02x}",
        )
        if kind and partition is not None:
            found.append(partition)
        if next_kind not in _EXTENDED_TYPES or not next_first:
            break
        at = extended + next_first
    return found


def _mbr_entries(disk: ByteSource, offset_bytes: int) -> list[tuple[int, int, int]] | None:
    """(type, first LBA, LBAs) of the four entries; None where the signature or the rules fail."""
    sector = disk.pread(offset_bytes, SECTOR_BYTES).data
    if len(sector) < SECTOR_BYTES or not sector.endswith(_SIGNATURE):
        return None
    entries = []
    for number in range(4):
        status, kind, first, count = _MBR_ENTRY.unpack_from(
            sector, _MBR_ENTRIES_AT + number * _MBR_ENTRY.size
        )
        # A file system's boot sector has the same signature, and code where the entries are.
        if status & 0x7F:
            return None
        entries.append((kind, first, count))
    return entries


def _within(
    disk: ByteSource,
    *,
    number: int,
    start_bytes: int,
    size_bytes: int,
    kind: str,
    name: str = "",
) -> Partition | None:
    """A partition cut to what the disk has; None where that is nothing."""
    size_bytes = min(size_bytes, disk.size_bytes - start_bytes)
    if start_bytes <= 0 or size_bytes <= 0:
        return None
    return Partition(
        number=number, start_bytes=start_bytes, size_bytes=size_bytes, type=kind, name=name
    )
