"""What a guest's disk holds: its partition table, and in each partition a file system's superblock.

Reads some tens of sectors, never mounts, never follows a structure further than one step. No library
does this: dissect's file systems parse whole trees, need cstruct, and are AGPL, which this program's
licence does not go with; pytsk3 and libblkid are compiled code that reads a path, not bytes out of a
chain.
"""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.guest.ext import probe_ext
from lvtui.guest.fat import probe_fat
from lvtui.guest.filesystem import FileSystem
from lvtui.guest.ntfs import probe_ntfs
from lvtui.guest.others import (
    probe_btrfs,
    probe_encrypted,
    probe_iso,
    probe_lvm,
    probe_swap,
    probe_xfs,
)
from lvtui.guest.partitions import Partition, PartitionTable, find_tables
from lvtui.source import ByteSource, WindowSource

_PROBES = (
    probe_encrypted,
    probe_ntfs,
    probe_xfs,
    probe_lvm,
    probe_ext,
    probe_btrfs,
    probe_swap,
    probe_iso,
    probe_fat,
)
"""FAT last: its boot sector has no magic of its own."""
PARTS_MAX = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestPart:
    """A partition, or the whole disk where there is no table, and what was found in it."""

    partition: Partition | None
    file_system: FileSystem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestContent:
    """What is on a disk."""

    table: PartitionTable | None
    parts: tuple[GuestPart, ...]
    """By place; without a table at most one, the whole disk."""

    @property
    def file_systems(self) -> tuple[FileSystem, ...]:
        """Those that were found."""
        return tuple(part.file_system for part in self.parts if part.file_system is not None)


def probe(source: ByteSource) -> FileSystem | None:
    """What begins at the start of a source; None where nothing is known of it."""
    return next((found for look in _PROBES if (found := look(source)) is not None), None)


def probe_disk(disk: ByteSource) -> GuestContent:
    """Look at a whole disk; never raises for what it finds there."""
    whole = probe(disk)
    # A boot sector's code looks like an MBR's, a hybrid ISO has a real one.
    if whole is not None and whole.kind != "ISO 9660":
        return GuestContent(table=None, parts=(GuestPart(partition=None, file_system=whole),))
    tables = find_tables(disk, sector_bytes=512)
    if not tables or not tables[0].partitions:
        parts = (GuestPart(partition=None, file_system=whole),) if whole else ()
        return GuestContent(table=tables[0] if tables else None, parts=parts)
    return GuestContent(
        table=tables[0],
        parts=tuple(
            GuestPart(
                partition=partition,
                file_system=probe(WindowSource(disk, partition.start_bytes, partition.size_bytes)),
            )
            for partition in sorted(tables[0].partitions, key=lambda one: one.start_bytes)[
                :PARTS_MAX
            ]
        ),
    )
