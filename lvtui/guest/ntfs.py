"""NTFS: the boot sector, and by way of the master file table the label and what is in use.

Source: the kernel's fs/ntfs3/ntfs.h, little endian. Boot sector: 3 `NTFS    `, 11 bytes a sector u16,
13 sectors a cluster (over 128: 2 to the power of 256 minus it), 40 sectors u64, 48 cluster of the MFT
u64, 64 clusters a record (negative: log2 of bytes), 72 serial u64. A record begins with `FILE` and has
sequence words at the end of each of its sectors; record 3 is $Volume, record 6 $Bitmap.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from lvtui.guest.filesystem import FileSystem, read_exactly, text_of
from lvtui.source import ByteSource
from lvtui.units import MiB

_VOLUME_RECORD = 3
_BITMAP_RECORD = 6
_VOLUME_NAME = 0x60
_DATA = 0x80
_END = 0xFFFFFFFF
_RECORD_SIZES = frozenset({512, 1024, 2048, 4096})
_ATTRIBUTES_MAX = 64
_RUNS_MAX = 4096
_BITMAP_BYTES_MAX = 32 * MiB
"""A volume of 1 TiB with clusters of 4 KiB; of larger ones the use is not counted."""


def probe_ntfs(source: ByteSource) -> FileSystem | None:
    """Read the boot sector, $Volume and $Bitmap; None where it is no NTFS."""
    boot = read_exactly(source, 0, 512)
    if boot is None or boot[3:11] != b"NTFS    " or boot[510:] != b"\x55\xaa":
        return None
    (sector_bytes,) = struct.unpack_from("<H", boot, 11)
    per_cluster = boot[13]
    cluster_bytes = sector_bytes * (per_cluster if per_cluster <= 128 else 1 << 256 - per_cluster)
    if sector_bytes not in {256, 512, 1024, 2048, 4096} or not 0 < cluster_bytes <= 2 * MiB:
        return None
    sectors, mft = struct.unpack_from("<QQ", boot, 40)
    (size,) = struct.unpack_from("<b", boot, 64)
    record_bytes = size * cluster_bytes if size > 0 else 1 << -size if size >= -12 else 0
    (serial,) = struct.unpack_from("<Q", boot, 72)
    label, used = "", None
    if record_bytes in _RECORD_SIZES:
        at = mft * cluster_bytes
        volume = _record(source, at + _VOLUME_RECORD * record_bytes, record_bytes)
        label = text_of(_resident(volume, _VOLUME_NAME), "utf-16-le")
        bitmap = _record(source, at + _BITMAP_RECORD * record_bytes, record_bytes)
        clusters = _clusters_in_use(
            source, bitmap, cluster_bytes, sectors * sector_bytes // cluster_bytes
        )
        used = None if clusters is None else min(clusters * cluster_bytes, sectors * sector_bytes)
    return FileSystem(
        kind="NTFS",
        label=label,
        uuid=f"{serial:016X}",
        size_bytes=sectors * sector_bytes,
        used_bytes=used,
    )


def _record(source: ByteSource, offset_bytes: int, length_bytes: int) -> bytes:
    """A record with its sector ends put back; empty where it is none."""
    found = read_exactly(source, offset_bytes, length_bytes)
    if found is None or not found.startswith(b"FILE"):
        return b""
    data = bytearray(found)
    at, count = struct.unpack_from("<HH", data, 4)
    if count != length_bytes // 512 + 1 or at + 2 * count > length_bytes:
        return b""
    for number in range(1, count):
        end = number * 512 - 2
        if data[end : end + 2] != data[at : at + 2]:
            return b""
        data[end : end + 2] = data[at + 2 * number : at + 2 * number + 2]
    return bytes(data)


def _attributes(record: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, the attribute's bytes) of a record."""
    if len(record) < 24:
        return
    (at,) = struct.unpack_from("<H", record, 20)
    for _ in range(_ATTRIBUTES_MAX):
        if at + 24 > len(record):
            return
        kind, length = struct.unpack_from("<II", record, at)
        if kind == _END or length < 24 or at + length > len(record):
            return
        yield kind, record[at : at + length]
        at += length


def _resident(record: bytes, wanted: int) -> bytes:
    for kind, data in _attributes(record):
        if kind == wanted and not data[8]:
            length, at = struct.unpack_from("<IH", data, 16)
            return data[at : at + length]
    return b""


def _clusters_in_use(
    source: ByteSource, record: bytes, cluster_bytes: int, cluster_count: int
) -> int | None:
    """Bits set in $Bitmap, of those that stand for a cluster.

    None where it cannot be read whole, or is too large to be counted.
    """
    for kind, data in _attributes(record):
        if kind != _DATA or len(data) < 64 or not data[8] or data[9]:
            continue
        (at,) = struct.unpack_from("<H", data, 32)
        (left,) = struct.unpack_from("<Q", data, 48)
        if left > _BITMAP_BYTES_MAX:
            return None
        count, bits = 0, cluster_count
        for cluster, clusters in _runs(data[at:]):
            length = min(left, clusters * cluster_bytes)
            part = read_exactly(source, cluster * cluster_bytes, length)
            if part is None:
                return None
            mask = (1 << min(bits, length * 8)) - 1
            count += (int.from_bytes(part, "little") & mask).bit_count()
            bits -= min(bits, length * 8)
            left -= length
        return None if left else count
    return None


def _runs(data: bytes) -> Iterator[tuple[int, int]]:
    """(first cluster, clusters) of a run list; a sparse run ends it: $Bitmap has none."""
    at, cluster = 0, 0
    for _ in range(_RUNS_MAX):
        if at >= len(data) or not data[at]:
            return
        of_length, of_offset = data[at] & 15, data[at] >> 4
        end = at + 1 + of_length + of_offset
        if not of_length or not of_offset or end > len(data):
            return
        length = int.from_bytes(data[at + 1 : at + 1 + of_length], "little")
        cluster += int.from_bytes(data[at + 1 + of_length : end], "little", signed=True)
        if cluster < 0:
            return
        yield cluster, length
        at = end
