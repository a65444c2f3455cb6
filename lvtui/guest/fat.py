"""FAT12, FAT16, FAT32 and exFAT: the boot sector, little endian.

Source: Microsoft's FAT specification 1.03 and exFAT specification: 11 bytes a sector, 13 sectors a
cluster, 19 and 32 sectors in all; FAT32 has serial and label at 67 and 71, the others at 39 and 43.
exFAT: 3 `EXFAT   `, 72 sectors u64, 100 serial, 108 log2 of bytes a sector. The kind goes by the count
of clusters.
"""

from __future__ import annotations

import struct

from lvtui.guest.filesystem import FileSystem, read_exactly, text_of
from lvtui.source import ByteSource

_SECTORS = frozenset({512, 1024, 2048, 4096})
_FAT12_CLUSTERS = 4085
_FAT16_CLUSTERS = 65525


def probe_fat(source: ByteSource) -> FileSystem | None:
    """Read the boot sector; None where it is no FAT."""
    boot = read_exactly(source, 0, 512)
    if boot is None or boot[510:] != b"\x55\xaa" or boot[0] not in {0xEB, 0xE9}:
        return None
    if boot[3:11] == b"EXFAT   ":
        return _exfat(boot)
    sector_bytes, per_cluster, reserved, tables = struct.unpack_from("<HBHB", boot, 11)
    root_entries, sectors_small, _, table_small = struct.unpack_from("<HHBH", boot, 17)
    (sectors_large,) = struct.unpack_from("<I", boot, 32)
    (table_large,) = struct.unpack_from("<I", boot, 36)
    is_power = per_cluster and per_cluster & (per_cluster - 1) == 0
    if sector_bytes not in _SECTORS or not is_power or tables not in {1, 2} or not reserved:
        return None
    sectors = sectors_small or sectors_large
    table = table_small or table_large
    data = sectors - reserved - tables * table - -(-root_entries * 32 // sector_bytes)
    if data <= 0 or not table:
        return None
    clusters = data // per_cluster
    is_32 = not table_small
    kind = "FAT12" if clusters < _FAT12_CLUSTERS else "FAT16" if clusters < _FAT16_CLUSTERS else ""
    at = 67 if is_32 else 39
    (serial,) = struct.unpack_from("<I", boot, at)
    label = text_of(boot[at + 4 : at + 15], "cp437")
    return FileSystem(
        kind="FAT32" if is_32 else kind or "FAT16",
        label="" if label == "NO NAME" else label,
        uuid=f"{serial >> 16:04X}-{serial & 0xFFFF:04X}",
        size_bytes=sectors * sector_bytes,
    )


def _exfat(boot: bytes) -> FileSystem | None:
    (sectors,) = struct.unpack_from("<Q", boot, 72)
    (serial,) = struct.unpack_from("<I", boot, 100)
    shift = boot[108]
    if not 9 <= shift <= 12:
        return None
    return FileSystem(
        kind="exFAT",
        uuid=f"{serial >> 16:04X}-{serial & 0xFFFF:04X}",
        size_bytes=sectors << shift,
    )
