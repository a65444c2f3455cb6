"""XFS, btrfs, swap, LVM PVs, ISO 9660 and what is encrypted: one superblock each.

Sources: Linux fs/xfs/libxfs/xfs_format.h (big endian), fs/btrfs, mm/swapfile.c (include/linux/swap.h),
lvm2 lib/format_text/layout.h, ECMA-119 8.4, cryptsetup's LUKS formats, BitLocker's boot sector.
"""

from __future__ import annotations

import struct

from lvtui.guest.filesystem import FileSystem, dashed, read_exactly, text_of
from lvtui.source import ByteSource

_SWAP_PAGES = (4096, 65536, 16384, 8192)
_UUID_GROUPS = (6, 4, 4, 4, 4, 4, 6)


def probe_xfs(source: ByteSource) -> FileSystem | None:
    """0 `XFSB`, 4 bytes a block, 8 blocks u64, 32 uuid, 108 label 12, 144 free blocks u64."""
    data = read_exactly(source, 0, 512)
    if data is None or not data.startswith(b"XFSB"):
        return None
    block_bytes, blocks = struct.unpack_from(">IQ", data, 4)
    (free,) = struct.unpack_from(">Q", data, 144)
    if not 512 <= block_bytes <= 65536 or not blocks:
        return None
    return FileSystem(
        kind="XFS",
        label=text_of(data[108:120]),
        uuid=dashed(data[32:48]),
        size_bytes=blocks * block_bytes,
        used_bytes=(blocks - free) * block_bytes if free <= blocks else None,
    )


def probe_btrfs(source: ByteSource) -> FileSystem | None:
    """At 65536: 32 uuid, 64 `_BHRfS_M`, 112 size u64, 120 used u64, 299 label 256."""
    data = read_exactly(source, 65536, 4096)
    if data is None or data[64:72] != b"_BHRfS_M":
        return None
    size, used = struct.unpack_from("<QQ", data, 112)
    return FileSystem(
        kind="btrfs",
        label=text_of(data[299:555]),
        uuid=dashed(data[32:48]),
        size_bytes=size,
        used_bytes=used if used <= size else None,
    )


def probe_swap(source: ByteSource) -> FileSystem | None:
    """The last 10 bytes of the first page; at 1024: 4 last page u32, 12 uuid, 28 label 16."""
    for page_bytes in _SWAP_PAGES:
        mark = read_exactly(source, page_bytes - 10, 10)
        if mark not in {b"SWAPSPACE2", b"SWAP-SPACE"}:
            continue
        data = read_exactly(source, 1024, 64)
        if mark == b"SWAP-SPACE" or data is None:
            return FileSystem(kind="swap")
        (last_page,) = struct.unpack_from("<I", data, 4)
        return FileSystem(
            kind="swap",
            label=text_of(data[28:44]),
            uuid=dashed(data[12:28]),
            size_bytes=(last_page + 1) * page_bytes,
        )
    return None


def probe_lvm(source: ByteSource) -> FileSystem | None:
    """A label in one of the first four sectors: 20 offset of the PV header u32, 24 `LVM2 001`."""
    data = read_exactly(source, 0, 2048)
    for at in range(0, 2048, 512) if data is not None else ():
        assert data is not None
        label = data[at : at + 512]
        if not label.startswith(b"LABELONE") or label[24:32] != b"LVM2 001":
            continue
        (start,) = struct.unpack_from("<I", label, 20)
        header = label[start : start + 40]
        if len(header) < 40:
            continue
        text = text_of(header[:32], "ascii")
        uuid, begin = [], 0
        for count in _UUID_GROUPS:
            uuid.append(text[begin : begin + count])
            begin += count
        (size,) = struct.unpack_from("<Q", header, 32)
        return FileSystem(kind="LVM PV", uuid="-".join(uuid), size_bytes=size)
    return None


def probe_iso(source: ByteSource) -> FileSystem | None:
    """Sector 16 of 2048 bytes: 1 `CD001`, 40 label 32, 80 sectors u32, 128 bytes a sector u16."""
    data = read_exactly(source, 32768, 2048)
    if data is None or data[:6] != b"\x01CD001":
        return None
    (sectors,) = struct.unpack_from("<I", data, 80)
    (sector_bytes,) = struct.unpack_from("<H", data, 128)
    return FileSystem(
        kind="ISO 9660", label=text_of(data[40:72], "ascii"), size_bytes=sectors * sector_bytes
    )


def probe_encrypted(source: ByteSource) -> FileSystem | None:
    """LUKS: 0 magic, 6 version, 24 label 48 (version 2), 168 uuid 40; BitLocker: 3 `-FVE-FS-`."""
    data = read_exactly(source, 0, 512)
    if data is None:
        return None
    if data.startswith(b"LUKS\xba\xbe"):
        label = text_of(data[24:72]) if data[6:8] == b"\0\2" else ""
        return FileSystem(kind="LUKS", label=label, uuid=text_of(data[168:208], "ascii"))
    return FileSystem(kind="BitLocker") if data[3:11] == b"-FVE-FS-" else None
