"""ext2, ext3, ext4: the superblock at byte 1024.

Source: Linux, fs/ext4/ext4.h (struct ext4_super_block), little endian.

    4 blocks u32, 12 free blocks u32, 24 log2(block size) - 10, 44 mounted u32, 48 written u32,
    56 magic EF53, 92 96 100 features (compatible, incompatible, read-only), 104 uuid,
    120 label 16, 136 last mounted on 64, 336 and 344 the high halves of the counts
"""

from __future__ import annotations

import struct

from lvtui.guest.filesystem import FileSystem, dashed, read_exactly, text_of
from lvtui.source import ByteSource

_AT = 1024
_MAGIC = 0xEF53
_HAS_JOURNAL = 0x4
_64BIT = 0x80
_EXT4_INCOMPATIBLE = 0x40 | 0x80 | 0x200
"""extents, 64bit, flex_bg."""
_EXT4_READ_ONLY = 0x8 | 0x10 | 0x20 | 0x40 | 0x400
"""huge_file, gdt_csum, dir_nlink, extra_isize, metadata_csum."""
_LOG_BLOCK_MAX = 6


def probe_ext(source: ByteSource) -> FileSystem | None:
    """Read the superblock; None where there is none that can be one."""
    data = read_exactly(source, _AT, 1024)
    if data is None or struct.unpack_from("<H", data, 56)[0] != _MAGIC:
        return None
    (log_block,) = struct.unpack_from("<I", data, 24)
    compatible, incompatible, read_only = struct.unpack_from("<III", data, 92)
    if log_block > _LOG_BLOCK_MAX:
        return None
    blocks, free = struct.unpack_from("<I", data, 4)[0], struct.unpack_from("<I", data, 12)[0]
    if incompatible & _64BIT:
        blocks |= struct.unpack_from("<I", data, 336)[0] << 32
        free |= struct.unpack_from("<I", data, 344)[0] << 32
    if not blocks or free > blocks:
        return None
    block_bytes = 1024 << log_block
    _, written = struct.unpack_from("<II", data, 44)
    return FileSystem(
        kind=_kind(compatible, incompatible, read_only),
        label=text_of(data[120:136]),
        uuid=dashed(data[104:120]),
        size_bytes=blocks * block_bytes,
        used_bytes=(blocks - free) * block_bytes,
        last_mounted_on=text_of(data[136:200]),
        last_written=written or None,
    )


def _kind(compatible: int, incompatible: int, read_only: int) -> str:
    if incompatible & _EXT4_INCOMPATIBLE or read_only & _EXT4_READ_ONLY:
        return "ext4"
    return "ext3" if compatible & _HAS_JOURNAL else "ext2"
