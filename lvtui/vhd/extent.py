"""Runs of a virtual disk: where each comes from; and the small arithmetic on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lvtui.source import ByteRange
from lvtui.vhd import bitmap
from lvtui.vhd.header import BLOCK_BYTES

SECTOR = 512
BLOCK_SECTORS = BLOCK_BYTES // SECTOR


class Kind(StrEnum):
    """Where a run of the disk comes from."""

    DATA = "data"
    ZERO = "zero"
    """Nobody ever wrote it."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Extent:
    """A run of the virtual disk."""

    offset_bytes: int
    length_bytes: int
    kind: Kind
    layer: int = -1
    """Index into `VirtualDisk.layers`, for DATA."""
    source_offset_bytes: int = 0
    """Where it stands in that layer's source, for DATA."""

    @property
    def end_bytes(self) -> int:
        """The first byte behind it."""
        return self.offset_bytes + self.length_bytes


def runs_of(
    mask: int, base: int, kind: Kind, layer: int = -1, source_base: int = 0
) -> Iterator[Extent]:
    """The runs of a 2 MiB block's mask; `source_base` is where its sector 0 would stand."""
    for first, end in bitmap.runs(mask, BLOCK_SECTORS):
        at = first * SECTOR
        source_at = source_base + at if kind is Kind.DATA else 0
        yield Extent(base + at, (end - first) * SECTOR, kind, layer, source_at)


def cut(extents: Iterator[Extent], start: int, stop: int) -> Iterator[Extent]:
    """The parts of extents between two offsets."""
    for extent in extents:
        low, high = max(extent.offset_bytes, start), min(extent.end_bytes, stop)
        if low >= high:
            continue
        if low == extent.offset_bytes and high == extent.end_bytes:
            yield extent
        else:
            at = extent.source_offset_bytes
            at += low - extent.offset_bytes if extent.kind is Kind.DATA else 0
            yield Extent(low, high - low, extent.kind, extent.layer, at)


def joined(ranges: list[ByteRange]) -> tuple[ByteRange, ...]:
    """Ranges in order, those that touch or overlap made one."""
    found: list[ByteRange] = []
    for item in sorted(ranges):
        if found and item.offset_bytes <= found[-1].end_bytes:
            end = max(item.end_bytes, found[-1].end_bytes)
            found[-1] = ByteRange(found[-1].offset_bytes, end - found[-1].offset_bytes)
        elif item.length_bytes:
            found.append(item)
    return tuple(found)
