"""Sector bitmaps as Python integers: a block's 4096 sectors are one number.

Most significant bit first on disk, so bit `count - 1 - s` of the number is sector `s`. Set = the sector
is in this block; clear = zero (dynamic) or the parent's (differencing). What stands in the data area
under a clear bit belongs to whoever had the extent before, and is never read.
"""

from __future__ import annotations

from collections.abc import Iterator

_BYTE_RUNS = frozenset({0x00, 0xFF})
_EDGES = frozenset({0xFF << n & 0xFF for n in range(9)} | {0xFF >> n for n in range(9)})
"""Bytes in which a run begins or ends."""


def from_bytes(data: bytes, sector_count: int) -> int:
    """The mask of a bitmap; bits behind the block's sectors are dropped."""
    return int.from_bytes(data, "big") >> (len(data) * 8 - sector_count)


def to_bytes(mask: int, sector_count: int, length_bytes: int) -> bytes:
    """The bitmap of a mask, padded."""
    return (mask << (length_bytes * 8 - sector_count)).to_bytes(length_bytes, "big")


def full(sector_count: int) -> int:
    """Every sector."""
    return (1 << sector_count) - 1


def span(sector_count: int, first: int, end: int) -> int:
    """The sectors `first` to `end` (not included) of a block."""
    return (1 << (sector_count - first)) - (1 << (sector_count - end)) if end > first else 0


def runs(mask: int, sector_count: int) -> Iterator[tuple[int, int]]:
    """(first sector, end sector) of every run of set bits, ascending; cost by runs, not by bits."""
    while mask:
        top = mask.bit_length()
        # Ones from the top down to the highest zero below them.
        zeros_below = ~mask & ((1 << top) - 1)
        bottom = zeros_below.bit_length()
        yield sector_count - top, sector_count - bottom
        mask &= (1 << bottom) - 1


def looks_like_bitmap(data: bytes) -> bool:
    """Whether bytes can be a bitmap of a disk in use rather than somebody's data.

    Guests write in 4 KiB, so nearly every byte is 00, FF or the edge of a run. A few odd bytes are a
    guest that writes single sectors; many, as in text or compressed data, are not a bitmap.
    """
    plain = sum(map(data.count, _EDGES))
    return (len(data) - plain) * 4 <= len(data)
