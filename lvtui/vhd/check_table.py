"""V3 to V7: the block table against the volume, against itself, and against how tapdisk allocates.

The table has no checksum, so a plausible one is all the proof there is. Memory: runs of blocks, never
a list of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lvtui.source import ByteRange
from lvtui.vhd.bat import BlockTable
from lvtui.vhd.extent import joined
from lvtui.vhd.finding import Finding, error, info, warning
from lvtui.vhd.footer import CREATOR_TAP, round_up
from lvtui.vhd.header import BLOCK_BYTES, Header
from lvtui.vhd.image import Image

_ALIGN_SECTORS = 8


@dataclass(slots=True)
class TableCheck:
    """What the table shows."""

    allocated_blocks: int = 0
    findings: list[Finding] = field(default_factory=list)
    lost: list[ByteRange] = field(default_factory=list)
    """Ranges of the disk that this image should hold and cannot give."""
    doubtful: list[ByteRange] = field(default_factory=list)
    """Ranges that it gives, perhaps another block's."""


@dataclass(slots=True)
class _Seen:
    """How many blocks a rule hit, and where the first stood."""

    count: int = 0
    first: int | None = None

    def add(self, offset_bytes: int) -> None:
        self.count += 1
        if self.first is None:
            self.first = offset_bytes


def block_range(image: Image, block: int) -> ByteRange:
    """The part of the disk that a block is."""
    start = block * image.block_bytes
    return ByteRange(start, min(image.block_bytes, image.size_bytes - start))


class _Walk:
    """One pass over the entries, ascending by place."""

    def __init__(self, image: Image, header: Header, table: BlockTable, result: TableCheck) -> None:
        self.image, self.table, self.result = image, table, result
        self.first = image.headers_end_bytes // 512
        self.end = image.source.size_bytes // 512
        self.stride = image.stride_bytes // 512
        self.bitmap_sectors = header.bitmap_bytes // 512
        self.outside, self.cut, self.shared = _Seen(), _Seen(), _Seen()
        self.unaligned, self.behind, self.holes = _Seen(), _Seen(), _Seen()
        self.previous = self.previous_block = -1
        self.expected = round_up(self.first + self.bitmap_sectors, _ALIGN_SECTORS)
        self.expected -= self.bitmap_sectors

    def step(self, entry: int, block: int) -> None:
        at = self.table.offset_bytes + block * 4
        self.result.allocated_blocks += 1
        where = block_range(self.image, block)
        if not self.first <= entry < self.end:
            self.outside.add(at)
            self.result.lost.append(where)
            return
        if entry + self.stride > self.end:
            self.cut.add(at)
            _cut(self.result, where, (self.end - entry - self.bitmap_sectors) * 512)
        step = round_up(self.stride, _ALIGN_SECTORS)
        if self.previous >= 0 and entry < self.previous + self.stride:
            self.shared.add(at)
            self.result.doubtful += [where, block_range(self.image, self.previous_block)]
        elif entry >= self.expected + step:
            self.holes.add(entry * 512)
        if (entry + self.bitmap_sectors) % _ALIGN_SECTORS:
            self.unaligned.add(entry * 512)
        self.previous, self.previous_block, self.expected = entry, block, entry + step

    def look_behind(self) -> None:
        """Entries that no block of the disk has."""
        count, first = self.table.used_behind(self.image.block_count)
        if first is not None:
            self.behind = _Seen(count, self.table.offset_bytes + first * 4)


def check_table(image: Image) -> TableCheck:
    """Walk the table once, in the order in which the blocks stand in the volume."""
    result = TableCheck()
    table, header = image.table, image.header
    if table is None or header is None:
        if image.size_bytes > image.source.size_bytes:
            _cut(result, ByteRange(0, image.size_bytes), image.source.size_bytes)
            result.findings.append(error("V3", None, "The volume is shorter than its disk."))
        return result
    walk = _Walk(image, header, table, result)
    for entry, block in table.by_place(image.block_count):
        walk.step(entry, block)
    walk.look_behind()
    unread = table.unknown(image.block_count)
    for blocks in unread:
        start = blocks.start * image.block_bytes
        stop = min(blocks.stop * image.block_bytes, image.size_bytes)
        result.lost.append(ByteRange(start, stop - start))
    result.findings += _damage_findings(walk)
    if unread:
        result.findings.append(
            error(
                "V11",
                table.offset_bytes + unread[0].start * 4,
                "{count:count} entries of the block table cannot be read: what stands in these "
                "blocks is unknown.",
                count=sum(len(blocks) for blocks in unread),
            )
        )
    result.findings += _layout_findings(walk)
    result.lost, result.doubtful = list(joined(result.lost)), list(joined(result.doubtful))
    return result


def _cut(result: TableCheck, where: ByteRange, held_bytes: int) -> None:
    """The end of a block that the volume's end cuts off."""
    lost = where.length_bytes - max(0, held_bytes)
    if lost > 0:
        result.lost.append(ByteRange(where.end_bytes - lost, lost))


def _damage_findings(walk: _Walk) -> list[Finding]:
    found = []
    if walk.outside.count:
        found.append(
            error(
                "V3",
                walk.outside.first,
                "{count:count} entries of the block table point outside the volume or into its "
                "header: these blocks are lost.",
                count=walk.outside.count,
            )
        )
    if walk.cut.count:
        found.append(
            error(
                "V3",
                walk.cut.first,
                "The volume ends inside {count:count} blocks.",
                count=walk.cut.count,
            )
        )
    if walk.shared.count:
        found.append(
            error(
                "V4",
                walk.shared.first,
                "{count:count} times two blocks claim the same place: both are doubtful.",
                count=walk.shared.count,
            )
        )
    if walk.behind.count:
        found.append(
            error(
                "V7",
                walk.behind.first,
                "{count:count} entries of the block table lie behind the disk's end, where none can "
                "be: the table was overwritten, or the disk was larger.",
                count=walk.behind.count,
            )
        )
    return found


def _layout_findings(walk: _Walk) -> list[Finding]:
    """Only tapdisk's own layout is known well enough to call an exception one."""
    image = walk.image
    if image.footer.creator_app != CREATOR_TAP or image.block_bytes != BLOCK_BYTES:
        return []
    found = []
    if walk.unaligned.count:
        found.append(
            info(
                "V5",
                walk.unaligned.first,
                "{count:count} blocks are not aligned to 4 KiB: another program than XenServer's "
                "wrote them.",
                count=walk.unaligned.count,
            )
        )
    if walk.holes.count:
        found.append(
            warning(
                "V6",
                walk.holes.first,
                "Before {count:count} blocks there is unused room: a lost update of the block table, "
                "or another program wrote here.",
                count=walk.holes.count,
            )
        )
    return found
