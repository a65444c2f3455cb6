"""What of a lost footer or header can be made again, and from what; every made byte is declared.

Both footers gone: the header's neighbours tell the type, the block table and the LV's size bound the
disk's size. Header gone: every writer seen puts the table at 1536 and uses 2 MiB; in an LV the table has
2^20 entries, and the batmap behind it is the landmark that proves it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from lvtui.message import Message, message
from lvtui.source import ByteRange, ByteSource
from lvtui.vhd.bat import BlockTable
from lvtui.vhd.batmap import BATMAP_COOKIE
from lvtui.vhd.footer import (
    FOOTER_BYTES,
    DiskType,
    Footer,
    build_footer,
    round_up,
    tap_footer,
)
from lvtui.vhd.footers import FooterPlace
from lvtui.vhd.header import (
    BAT_OFFSET_BYTES,
    BLOCK_BYTES,
    HEADER_VERSION,
    NO_UUID,
    SR_BAT_ENTRIES,
    Header,
)

EMPTY_LV_BYTES = 4_329_472
"""Metadata of an LV's image, up to the first block's data: sm's calcOverheadEmpty for 2 TiB."""
_BLOCK_ROOM_BYTES = BLOCK_BYTES + 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """Bytes that were not read but made."""

    range: ByteRange
    why: Message
    data: bytes | None
    """For the repair of a copy; None where the bytes cannot be made in full (a parent's name)."""


@dataclass(frozen=True, slots=True)
class SizeBounds:
    """What the block table and the LV's size say about a lost disk size."""

    at_least_bytes: int
    """The highest block that is in use must fit."""
    at_most_bytes: int
    """What a fully inflated LV of this size holds; below `at_least` where the LV is deflated."""

    def choose(self, hint_bytes: int | None) -> int:
        """The hint (xapi's record, a partition table) where it is possible, else the upper bound."""
        if hint_bytes is not None and hint_bytes % 512 == 0 and self.at_least_bytes <= hint_bytes:
            return hint_bytes
        return max(self.at_least_bytes, self.at_most_bytes)


def size_bounds(table: BlockTable, container_bytes: int) -> SizeBounds:
    """Bounds of the disk's size, from the table and the size of the LV."""
    low = (highest_block(table) + 1) * BLOCK_BYTES
    room = max(0, (container_bytes - EMPTY_LV_BYTES) // _BLOCK_ROOM_BYTES)
    return SizeBounds(max(low, BLOCK_BYTES), min(room, table.entry_count) * BLOCK_BYTES)


def highest_block(table: BlockTable) -> int:
    """The highest block with an entry, -1 for none."""
    highest = -1
    for window in table.windows():
        used = window.used()
        if used:
            highest = used[-1]
    return highest


def made_uuid(*parts: bytes) -> bytes:
    """A uuid (version 4 in form) that depends on nothing but `parts`: no two runs differ."""
    digest = bytearray(hashlib.sha256(b"lvtui-vhd\0" + b"\0".join(parts)).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x40
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def rebuild_footer(
    header: Header,
    table: BlockTable,
    container_bytes: int,
    *,
    header_data: bytes,
    may_have_parent: bool,
    hint_bytes: int | None,
    uuid: bytes | None,
) -> Footer:
    """A footer for an image that has lost both.

    Its uuid is made, or `uuid`: what a child's header names, so that the chain stands again. Where a
    parent cannot be ruled out the type is differencing: absent sectors then are unknown, not zero.
    """
    differencing = header.has_parent_field or may_have_parent
    return tap_footer(
        size_bytes=size_bounds(table, container_bytes).choose(hint_bytes),
        disk_type=DiskType.DIFFERENCING if differencing else DiskType.DYNAMIC,
        uuid=uuid or made_uuid(header_data),
        timestamp_s=header.parent_timestamp_s,
    )


def rebuild_header(
    source: ByteSource, *, size_bytes: int | None, damaged: Header | None
) -> Header | None:
    """A header for an image that has lost it; None where nothing proves that a table is there.

    `damaged`: a header whose sum does not fit; its parent fields are kept, its geometry is not.
    """
    counts = [SR_BAT_ENTRIES]
    if damaged is not None:
        counts.append(damaged.bat_entries)
    if size_bytes is not None:
        counts.append(-(-size_bytes // BLOCK_BYTES))
    for count in counts:
        end = BAT_OFFSET_BYTES + round_up(count * 4, 512)
        cookie = source.pread(end, len(BATMAP_COOKIE)) if end < source.size_bytes else None
        if cookie is not None and cookie.data == BATMAP_COOKIE:
            # The landmark behind the table may have outlived the table.
            doubt = _impossible_entries(source, count)
            return _made_header(count, damaged) if doubt * 2 <= count else None
    if size_bytes is None:
        return None
    count = -(-size_bytes // BLOCK_BYTES)
    if count <= 0 or BAT_OFFSET_BYTES + count * 4 > source.size_bytes:
        return None
    return _made_header(count, damaged) if _impossible_entries(source, count) == 0 else None


def _impossible_entries(source: ByteSource, count: int) -> int:
    table = BlockTable(source, BAT_OFFSET_BYTES, count)
    first_free = (BAT_OFFSET_BYTES + round_up(count * 4, 512)) // 512
    end_sector = source.size_bytes // 512
    unread = sum(len(blocks) for blocks in table.unknown())
    return unread + sum(not first_free <= entry < end_sector for _, entry in table.used())


def _made_header(count: int, damaged: Header | None) -> Header:
    return Header(
        table_offset_bytes=BAT_OFFSET_BYTES,
        version=HEADER_VERSION,
        bat_entries=count,
        block_bytes=BLOCK_BYTES,
        parent_uuid=damaged.parent_uuid if damaged else NO_UUID,
        parent_timestamp_s=damaged.parent_timestamp_s if damaged else 0,
        parent_name=damaged.parent_name if damaged else "",
        locators=damaged.locators if damaged else (),
        checksum_ok=False,
    )


def data_end_bytes(header: Header, table: BlockTable) -> int:
    """First byte behind the last block: a file's tail footer stands there, an LV's at the LV's end."""
    limit = table.source.size_bytes // 512
    highest = max((entry for _, entry in table.used() if entry < limit), default=-1)
    if highest < 0:
        return header.table_offset_bytes + header.bat_bytes
    return highest * 512 + header.bitmap_bytes + header.block_bytes


def made_footers(
    head: FooterPlace, tail: FooterPlace, footer: Footer, end_bytes: int
) -> tuple[Rebuilt, ...]:
    """The footers that are not there, for the repair of a copy: from the other one, or made."""
    found = next((p.data for p in (head, tail) if p.footer is not None), None)
    data = found if found is not None else build_footer(footer)
    why = (
        message("no footer is left: it was made from header, block table and volume size")
        if found is None
        else message("the footer was taken from its other copy")
    )
    made = []
    if head.footer is None:
        made.append(Rebuilt(range=ByteRange(0, FOOTER_BYTES), why=why, data=data))
    if tail.footer is None:
        # Cut right behind the last block (or inside it), the file's end is no place for a footer.
        room = max(tail.offset_bytes, end_bytes)
        made.append(Rebuilt(range=ByteRange(room, FOOTER_BYTES), why=why, data=data))
    return tuple(made)
