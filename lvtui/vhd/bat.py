"""The block table (BAT): where each block of the virtual disk stands, read in windows.

The table of an LV always has 1 048 576 entries of four bytes, big-endian: the sector of the block's
bitmap, 0xFFFFFFFF = not there. It has no checksum. Nobody here holds it whole: a chain of thirty
costs thirty windows, and a window without a block is one comparison.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from lvtui.source import ByteRange, ByteSource

UNUSED = 0xFFFFFFFF
WINDOW_ENTRIES = 1 << 14
"""64 KiB of the table: 32 GiB of the disk."""
_SORT_PARTS = 64


@dataclass(frozen=True, slots=True)
class Window:
    """Entries of the blocks from `first` on."""

    first: int
    entries: array[int]
    """Empty where all are unused: the common case costs no memory."""
    count: int
    unknown: tuple[range, ...]
    """Blocks whose entry could not be read."""

    @property
    def is_empty(self) -> bool:
        """Whether no block is in it."""
        return not self.entries

    def is_unknown(self, block: int) -> bool:
        """Whether the block's entry could not be read."""
        return any(block in blocks for blocks in self.unknown)

    def entry(self, block: int) -> int:
        """The entry of a block of this window."""
        return self.entries[block - self.first] if self.entries else UNUSED

    def used(self, first: int = 0, end: int = UNUSED) -> list[int]:
        """The blocks from `first` to `end` that have an entry, readable or not, ascending."""
        if not self.entries:
            return []
        low = max(0, first - self.first)
        part = self.entries[low : max(0, end - self.first)]
        low += self.first
        found = [low + i for i, entry in enumerate(part) if entry != UNUSED]
        if self.unknown:
            unread = (block for blocks in self.unknown for block in blocks if first <= block < end)
            found = sorted({*found, *unread})
        return found

    def readable(self, first: int = 0, end: int = UNUSED) -> Iterator[tuple[int, int]]:
        """(block, entry) of every readable used entry from `first` to `end`, ascending."""
        if not self.entries:
            return
        at = max(first, self.first)
        end = min(end, self.first + self.count)
        for unread in (*self.unknown, range(end, end)):
            stop = min(unread.start, end)
            part = self.entries[at - self.first : stop - self.first] if at < stop else ()
            yield from ((at + i, entry) for i, entry in enumerate(part) if entry != UNUSED)
            at = max(at, unread.stop)

    def used_count(self, first: int) -> int:
        """How many readable entries from block `first` on are in use."""
        if self.unknown:
            return sum(1 for _ in self.readable(first))
        part = self.entries[max(0, first - self.first) :]
        return len(part) - part.count(UNUSED)


@dataclass(slots=True)
class BlockTable:
    """A BAT inside a source. `limit` cuts it at the disk's end; later entries are V7's matter."""

    source: ByteSource
    offset_bytes: int
    entry_count: int
    _cached: Window | None = field(default=None, repr=False)

    def window(self, number: int) -> Window:
        """Window `number`; the last one used is kept."""
        first = number * WINDOW_ENTRIES
        if self._cached is not None and self._cached.first == first:
            return self._cached
        window = self._read(first, max(0, min(WINDOW_ENTRIES, self.entry_count - first)))
        self._cached = window
        return window

    def _read(self, first: int, count: int) -> Window:
        at = self.offset_bytes + first * 4
        piece = self.source.pread(at, count * 4)
        gaps = [(gap.offset_bytes - at, gap.end_bytes - at) for gap in piece.gaps]
        data = piece.data
        if len(data) < count * 4:
            gaps.append((len(data), count * 4))
            data = data.ljust(count * 4, b"\0")
        if not gaps and data.count(b"\xff") == len(data):
            return Window(first, array("I"), count, ())
        entries = array("I")
        entries.frombytes(data)
        if sys.byteorder == "little":
            entries.byteswap()
        unknown = tuple(
            range(first + max(0, start) // 4, first + min(count, -(-end // 4)))
            for start, end in gaps
        )
        return Window(first, entries, count, unknown)

    def windows(self, first_block: int = 0, end_block: int | None = None) -> Iterator[Window]:
        """The windows that hold these blocks; the first and last may reach beyond."""
        end = min(self.entry_count, self.entry_count if end_block is None else end_block)
        for number in range(first_block // WINDOW_ENTRIES, -(-end // WINDOW_ENTRIES)):
            yield self.window(number)

    def entry(self, block: int) -> int | None:
        """One entry; None where it could not be read or lies behind the table."""
        if not 0 <= block < self.entry_count:
            return UNUSED
        window = self.window(block // WINDOW_ENTRIES)
        return None if window.is_unknown(block) else window.entry(block)

    def used(self, first_block: int = 0, end_block: int | None = None) -> Iterator[tuple[int, int]]:
        """(block, entry) of every readable used entry, ascending by block."""
        end = self.entry_count if end_block is None else end_block
        for window in self.windows(first_block, end_block):
            yield from window.readable(first_block, end)

    def used_behind(self, block: int) -> tuple[int, int | None]:
        """How many entries from `block` on are in use, and the first of them."""
        count, first = 0, None
        for window in self.windows(block):
            count += window.used_count(block)
            if count and first is None:
                first = next(window.readable(block))[0]
        return count, first

    def unknown(self, end_block: int | None = None) -> tuple[range, ...]:
        """Blocks whose entry could not be read, before `end_block`, runs joined."""
        end = self.entry_count if end_block is None else end_block
        joined: list[range] = []
        for window in self.windows(0, end_block):
            for blocks in window.unknown:
                cut = range(blocks.start, min(blocks.stop, end))
                if joined and cut and joined[-1].stop >= cut.start:
                    joined[-1] = range(joined[-1].start, cut.stop)
                elif cut:
                    joined.append(cut)
        return tuple(joined)

    def by_place(self, end_block: int | None = None) -> Iterator[tuple[int, int]]:
        """(entry, block) of every readable used entry, ascending by place in the volume.

        Sorted in parts by the entry's high bits, as numbers of an array: a full table of a million
        entries stays far below the memory that a list of pairs would take.
        """
        parts = [array("Q") for _ in range(_SORT_PARTS)]
        shift = 26
        for block, entry in self.used(0, end_block):
            parts[entry >> shift].append(entry << 32 | block)
        for part in parts:
            for key in sorted(part):
                yield key >> 32, key & UNUSED


def blocks_hit(
    table: BlockTable,
    stride_sectors: int,
    ranges: tuple[ByteRange, ...],
    end_block: int | None = None,
) -> Iterator[int]:
    """The blocks before `end_block` with any byte, bitmap or data, inside the ranges (sorted, apart).

    `stride_sectors`: bitmap and data of one block.
    """
    ends = [hit.end_bytes for hit in ranges]
    for block, entry in table.used(0, end_block):
        start = entry * 512
        # The first range that ends behind the block's start is the only one that can matter.
        found = bisect_right(ends, start)
        if found < len(ranges) and ranges[found].offset_bytes < start + stride_sectors * 512:
            yield block
