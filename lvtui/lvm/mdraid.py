"""MD (software RAID) superblocks: where the data of a member begin, and how new they are.

Format (Linux `include/uapi/linux/raid/md_p.h`), little endian.

    version  place on the member                     data
    0.90     64 KiB before the end, 64 KiB aligned   from 0
    1.0      8 KiB before the end, 4 KiB aligned     at data_offset (0)
    1.1      0                                       at data_offset
    1.2      4096                                    at data_offset

    1.x: +0 magic u32, +4 major 1, +16 set uuid, +72 level i32, +80 size in sectors u64,
         +128 data_offset u64, +136 data_size u64, +144 super_offset u64 (sectors),
         +200 events u64, +216 checksum u32, +220 roles u32, +256 a role u16 each
    0.90: +0 magic u32, +4 major 0, +8 minor 90, +28 level i32, +32 size in KiB u32,
         +152 checksum u32, +156 events low u32, +160 events high u32

The installer of XenServer mirrors its disks with 1.0: each half looks like the PV itself.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from lvtui.source import ByteSource
from lvtui.units import SECTOR_BYTES, KiB

MD_MAGIC = 0xA92B4EFC
_SUPER_BYTES = 4 * KiB
_ROLES_MAX = 1920
_ROLES_AT = 256
_CHECKSUM_AT = 216
_MIRROR = 1
_MULTIPATH = -4


class MdMember(NamedTuple):
    """What a superblock says of the disk or partition that it stands on."""

    version: str
    """`0.90`, `1.0`, `1.1` or `1.2`."""
    level: int
    """1: a mirror. Of other levels a member holds only a part of the data, in stripes."""
    data_offset_bytes: int
    data_size_bytes: int
    events: int
    """Counts up while the array lives: the half with more is the newer one."""

    @property
    def holds_all(self) -> bool:
        """Whether the member by itself has all data."""
        return self.level in {_MIRROR, _MULTIPATH}


def find_md(member: ByteSource) -> MdMember | None:
    """The superblock of an MD member, where one with a good checksum is; never raises."""
    sectors = member.size_bytes // SECTOR_BYTES
    at_end = (sectors - 16) & ~7
    for version, sector in (("1.2", 8), ("1.1", 0), ("1.0", at_end)):
        if sector >= 0:
            found = _version_1(member.pread(sector * SECTOR_BYTES, _SUPER_BYTES).data, sector)
            if found is not None:
                return _member(version, found, member.size_bytes)
    old = (sectors & ~127) - 128
    if old >= 0:
        return _version_0(member.pread(old * SECTOR_BYTES, _SUPER_BYTES).data, old)
    return None


def _version_1(block: bytes, sector: int) -> tuple[int, int, int, int] | None:
    """(level, data_offset, data_size, events) in sectors, when magic, place and checksum agree."""
    if len(block) < _ROLES_AT or struct.unpack_from("<II", block) != (MD_MAGIC, 1):
        return None
    level, data_offset, data_size, super_offset = struct.unpack_from("<i52xQQQ", block, 72)
    (events,) = struct.unpack_from("<Q", block, 200)
    checksum, roles = struct.unpack_from("<II", block, _CHECKSUM_AT)
    if super_offset != sector or roles > _ROLES_MAX:
        return None
    whole = block[: _ROLES_AT + 2 * roles]
    if len(whole) < _ROLES_AT + 2 * roles or _checksum_1(whole) != checksum:
        return None
    return level, data_offset, data_size, events


def _checksum_1(block: bytes) -> int:
    block = block[:_CHECKSUM_AT] + bytes(4) + block[_CHECKSUM_AT + 4 :]
    total: int = sum(struct.unpack_from(f"<{len(block) // 4}I", block))
    if len(block) % 4:
        total += struct.unpack_from("<H", block, len(block) - 2)[0]
    return ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF


def _member(version: str, found: tuple[int, int, int, int], size_bytes: int) -> MdMember | None:
    level, data_offset, data_size, events = found
    data_offset_bytes = data_offset * SECTOR_BYTES
    data_size_bytes = min(data_size * SECTOR_BYTES, size_bytes - data_offset_bytes)
    if data_size_bytes <= 0:
        return None
    return MdMember(
        version=version,
        level=level,
        data_offset_bytes=data_offset_bytes,
        data_size_bytes=data_size_bytes,
        events=events,
    )


def _version_0(block: bytes, sector: int) -> MdMember | None:
    if len(block) < _SUPER_BYTES or struct.unpack_from("<III", block) != (MD_MAGIC, 0, 90):
        return None
    level, size_kib = struct.unpack_from("<iI", block, 28)
    checksum, events_low, events_high = struct.unpack_from("<III", block, 152)
    total = sum(struct.unpack("<1024I", block)) - checksum
    if ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF != checksum:
        return None
    return MdMember(
        version="0.90",
        level=level,
        data_offset_bytes=0,
        data_size_bytes=min(size_kib * KiB, sector * SECTOR_BYTES) or sector * SECTOR_BYTES,
        events=events_high << 32 | events_low,
    )
