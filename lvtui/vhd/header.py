"""The dynamic header of a sparse VHD, 1024 bytes, with its eight parent locator entries.

Source: Microsoft's VHD specification 1.0, blktap include/vhd.h. Big-endian:

     0  8  cookie `cxsparse`      40   16  parent's footer uuid; zero = none, or a raw LV
     8  8  all ones               56    4  parent's time
    16  8  offset of the BAT      64  512  parent's name, UTF-16BE
    24  4  version 0x00010000    576 8x24  locators: code, space, length, reserved, offset:8
    28  4  BAT entries           768  256  reserved
    32  4  block size
    36  4  checksum
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from lvtui.vhd.footer import NO_OFFSET, checksum, round_up

HEADER_BYTES = 1024
HEADER_COOKIE = b"cxsparse"
HEADER_VERSION = 0x00010000
BLOCK_BYTES = 2 << 20
"""The block size of every tool seen; the largest that libvhd takes."""
BAT_OFFSET_BYTES = 1536
SR_BAT_ENTRIES = 1 << 20
"""In an LV the table is always made for 2 TiB, so that the disk can grow."""
NO_UUID = bytes(16)

_LAYOUT = struct.Struct(">8sQQIIII16sII")
_LOCATOR = struct.Struct(">4sIIIQ")
_CHECKSUM_AT = 36
_ENTRIES_MAX = (1 << 20) + 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class LocatorEntry:
    """Where one of the parent's paths stands."""

    code: bytes
    """`MacX`, `W2ku`, `W2ru`, …"""
    space: int
    """Sectors by the specification, bytes as tapdisk writes it."""
    length_bytes: int
    offset_bytes: int

    @property
    def space_bytes(self) -> int | None:
        """The room taken; None where the value is neither sectors nor whole sectors in bytes."""
        if self.space < 512:
            return self.space * 512
        return self.space if self.space % 512 == 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A dynamic header as read; `checksum_ok` and `is_plausible` say what it is worth."""

    table_offset_bytes: int
    version: int
    bat_entries: int
    block_bytes: int
    parent_uuid: bytes
    parent_timestamp_s: int
    parent_name: str
    """The parent's base name; hostile text, for show only."""
    locators: tuple[LocatorEntry, ...]
    checksum_ok: bool

    @property
    def bat_bytes(self) -> int:
        """The table on disk, padded to whole sectors."""
        return round_up(self.bat_entries * 4, 512)

    @property
    def bitmap_bytes(self) -> int:
        """The bitmap in front of each block, padded to whole sectors."""
        return round_up(-(-self.block_bytes // (512 * 8)), 512)

    @property
    def has_parent_field(self) -> bool:
        """Whether a parent's uuid is given."""
        return self.parent_uuid != NO_UUID

    def is_plausible(self, container_bytes: int) -> bool:
        """Whether table and block size are possible inside a volume of that size."""
        block = self.block_bytes
        return (
            512 <= block <= BLOCK_BYTES
            and block & (block - 1) == 0
            and 0 < self.bat_entries <= _ENTRIES_MAX
            and self.table_offset_bytes % 512 == 0
            and self.table_offset_bytes >= 512
            and self.table_offset_bytes + self.bat_bytes <= container_bytes
        )


def parse_header(data: bytes) -> Header | None:
    """Parse a header; None where the cookie is missing or it does not end as every writer ends it."""
    if len(data) != HEADER_BYTES or not data.startswith(HEADER_COOKIE):
        return None
    _, following, table, version, entries, block, found_sum, parent, parent_time, _ = (
        _LAYOUT.unpack_from(data)
    )
    locators = tuple(
        LocatorEntry(code=code, space=space, length_bytes=length, offset_bytes=offset)
        for code, space, length, _, offset in _LOCATOR.iter_unpack(data[576:768])
        if code != bytes(4)
    )
    name = data[64:576].decode("utf-16-be", "replace").partition("\0")[0]
    return Header(
        table_offset_bytes=table,
        version=version,
        bat_entries=entries,
        block_bytes=block,
        parent_uuid=parent,
        parent_timestamp_s=parent_time,
        parent_name=name,
        locators=locators,
        checksum_ok=found_sum == checksum(data, _CHECKSUM_AT) and following == NO_OFFSET,
    )


def build_header(*, bat_entries: int, table_offset_bytes: int = BAT_OFFSET_BYTES) -> bytes:
    """The header of a stand-alone image with 2 MiB blocks."""
    data = bytearray(HEADER_BYTES)
    _LAYOUT.pack_into(
        data,
        0,
        HEADER_COOKIE,
        NO_OFFSET,
        table_offset_bytes,
        HEADER_VERSION,
        bat_entries,
        BLOCK_BYTES,
        0,
        NO_UUID,
        0,
        0,
    )
    struct.pack_into(">I", data, _CHECKSUM_AT, checksum(data, _CHECKSUM_AT))
    return bytes(data)
