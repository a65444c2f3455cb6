"""Ranges of an image as the copier goes through them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lvtui.host.copy.manifest import UNIT_BYTES
from lvtui.plan.mapfile import BlockStatus, CopyMap
from lvtui.source import ByteRange

TRIED = frozenset({BlockStatus.DONE, BlockStatus.BAD})
"""A chunk of which all was tried has a digest."""


def is_whole(copy_map: CopyMap, chunk: ByteRange) -> bool:
    """Whether all of a chunk was tried."""
    return all(block.status in TRIED for block in copy_map.within(chunk))


def forget_part(copy_map: CopyMap, chunk: ByteRange) -> CopyMap:
    """The map without what is there of a chunk that is not whole."""
    if is_whole(copy_map, chunk):
        return copy_map
    for block in copy_map.within(chunk):
        if block.status is BlockStatus.DONE:
            where = ByteRange(block.offset_bytes, block.length_bytes)
            copy_map = copy_map.advance(where, BlockStatus.UNTRIED)
    return copy_map


def units(where: ByteRange) -> Iterator[ByteRange]:
    """A range in what is read at once."""
    for start in range(where.offset_bytes, where.end_bytes, UNIT_BYTES):
        yield ByteRange(start, min(UNIT_BYTES, where.end_bytes - start))


def span_to(span: ByteRange, stumbled: ByteRange | None) -> ByteRange:
    """The beginning of a span, up to the end of the read in it that stumbled; else all of it."""
    if stumbled is None:
        return span
    return ByteRange(span.offset_bytes, stumbled.end_bytes - span.offset_bytes)
