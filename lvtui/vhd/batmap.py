"""The batmap: tapdisk's cache that says which blocks are written in full, and its key field.

Right behind the padded BAT: 512 bytes of header, then one bit a block. Never needed to read a disk; a
cross-check of bitmaps (V8), a landmark where the header is lost, and the place that says `encrypted`.
Source: blktap include/vhd.h.

    0  8  cookie `tdbatmap`      20  4  version 0x00010002
    8  8  offset of the map      24  4  checksum of the map
   16  4  its size in sectors    28  1  marker;  29  1  key flag, 30 32 nonce, 62 32 SHA-256
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from lvtui.source import ByteSource
from lvtui.vhd.footer import round_up
from lvtui.vhd.header import BLOCK_BYTES

BATMAP_COOKIE = b"tdbatmap"
BATMAP_VERSION = 0x00010002
BATMAP_HEADER_BYTES = 512

_LAYOUT = struct.Struct(">8sQIIIBB")
_MAP_SECTORS_MAX = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Batmap:
    """A batmap's header."""

    offset_bytes: int
    """Of its header."""
    map_offset_bytes: int
    map_sectors: int
    version: int
    checksum: int
    encrypted: bool

    @property
    def end_bytes(self) -> int:
        """First byte behind the map."""
        return max(
            self.offset_bytes + BATMAP_HEADER_BYTES, self.map_offset_bytes + self.map_sectors * 512
        )


def read_batmap(source: ByteSource, offset_bytes: int) -> Batmap | None:
    """Read the batmap's header behind a BAT; None where there is none, or an impossible one."""
    data = source.pread(offset_bytes, BATMAP_HEADER_BYTES).data
    if len(data) != BATMAP_HEADER_BYTES or not data.startswith(BATMAP_COOKIE):
        return None
    _, map_offset, map_sectors, version, checksum, _, key = _LAYOUT.unpack_from(data)
    possible = (
        map_sectors <= _MAP_SECTORS_MAX
        and map_offset % 512 == 0
        and map_offset + map_sectors * 512 <= source.size_bytes
    )
    return Batmap(
        offset_bytes=offset_bytes,
        map_offset_bytes=map_offset if possible else offset_bytes,
        map_sectors=map_sectors if possible else 0,
        version=version,
        checksum=checksum,
        encrypted=key == 1,
    )


def map_checksum(data: bytes, size_bytes: int) -> int:
    """Sum over the part of the map that belongs to the disk's size, not over all of it."""
    part = round_up(round_up(size_bytes // BLOCK_BYTES, 8) // 8, 512)
    return ~sum(data[:part]) & 0xFFFFFFFF


def build_batmap(*, offset_bytes: int, data: bytes, size_bytes: int) -> bytes:
    """The header and the map behind it; `data` is padded to whole sectors."""
    padded = data.ljust(round_up(len(data), 512), b"\0")
    head = bytearray(BATMAP_HEADER_BYTES)
    _LAYOUT.pack_into(
        head,
        0,
        BATMAP_COOKIE,
        offset_bytes + BATMAP_HEADER_BYTES,
        len(padded) // 512,
        BATMAP_VERSION,
        map_checksum(padded, size_bytes),
        0,
        0,
    )
    return bytes(head) + padded


def full_blocks(data: bytes) -> list[int]:
    """The blocks whose bit is set, ascending."""
    found: list[int] = []
    for at, byte in enumerate(data):
        if byte:
            found.extend(at * 8 + bit for bit in range(8) if byte & (0x80 >> bit))
    return found
