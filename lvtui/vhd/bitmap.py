"""Sector bitmaps as Python integers: a block's 4096 sectors are one number.

Most significant bit first on disk, so bit `count - 1 - s` of the number is sector `s`. Set = the sector
is in this block; clear = zero (dynamic) or the parent's (differencing). What stands in the data area
under a clear bit belongs to whoever had the extent before, and is never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

_EDGES = frozenset({0xFF << n & 0xFF for n in range(9)} | {0xFF >> n for n in range(9)})
"""Bytes in which a run begins or ends."""
_TEXT = frozenset({0x09, 0x0A, 0x0D, *range(0x20, 0x7F)})


def from_bytes(data: bytes, sector_count: int) -> int:
    """The mask of a bitmap; bits behind the block's sectors are dropped."""
    return int.from_bytes(data, "big") >> max(0, len(data) * 8 - sector_count)


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


class Look(StrEnum):
    """What 512 bytes look like."""

    BITMAP = "bitmap"
    ODD = "odd"
    """Possible for a guest that writes single sectors, and for random data."""
    FOREIGN = "foreign"
    """Text, or one byte over and over: no disk in use has such a bitmap."""


def look_at(data: bytes) -> Look:
    """Whether bytes can be a bitmap of a disk in use rather than somebody's data.

    Guests write in 4 KiB, so nearly every byte is 00, FF or the edge of a run. A few odd bytes are a
    guest that writes single sectors; many, as in compressed data, are hardly a bitmap.
    """
    plain = sum(map(data.count, _EDGES))
    if (len(data) - plain) * 4 <= len(data):
        return Look.BITMAP
    is_text = sum(map(data.count, _TEXT)) * 20 >= len(data) * 19
    return Look.FOREIGN if is_text or data == data[:1] * len(data) else Look.ODD
