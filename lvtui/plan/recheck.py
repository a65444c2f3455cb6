"""What a second look at the volume group says to a running copy: places that have other owners now.

Values only, light enough for the worker. Places count on the paths of the job's sources.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lvtui.message import Message
from lvtui.source import ByteRange


@dataclass(frozen=True, slots=True, order=True)
class SourceRange:
    """A range on one of a job's sources."""

    source: int
    offset_bytes: int
    length_bytes: int

    @property
    def end_bytes(self) -> int:
        """The first byte behind it."""
        return self.offset_bytes + self.length_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """The child's answer."""

    taken: tuple[SourceRange, ...] = ()
    """Places that an LV owns now which did not when the copy was planned, or new metadata."""
    touched: tuple[SourceRange, ...] = ()
    """Places that were given away since and are free again."""
    seqnos: tuple[int, ...] = ()
    """Of the texts in use now."""
    verdict: str | None = None
    """Of the volume, computed again; None where it is not lost any more, or cannot be judged."""
    note: Message | None = None
    """What happened, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchState:
    """What a job knows of its sources' metadata, kept through every run of the worker."""

    states: tuple[str, ...]
    """Of each metadata area: which text was in use when last looked at."""
    taken: tuple[SourceRange, ...] = ()
    touched: tuple[SourceRange, ...] = ()
    unknown: bool = False
    """Whether the last second look failed: what is read is at risk until one succeeds."""
    changes: int = 0
    note: Message | None = None
    overwritten: tuple[ByteRange, ...] = ()
    """Ranges of the image that were read when they may have been another owner's."""
    at_risk: tuple[ByteRange, ...] = ()


class Places:
    """Ranges on sources, to be asked which of them a read met."""

    def __init__(self, ranges: Iterable[SourceRange]) -> None:
        self._by_source: dict[int, list[tuple[int, int]]] = {}
        for where in sorted(ranges):
            own = self._by_source.setdefault(where.source, [])
            if own and where.offset_bytes <= own[-1][1]:
                own[-1] = (own[-1][0], max(own[-1][1], where.end_bytes))
            else:
                own.append((where.offset_bytes, where.end_bytes))

    def __bool__(self) -> bool:
        return bool(self._by_source)

    def within(self, source: int, offset_bytes: int, length_bytes: int) -> Iterator[ByteRange]:
        """The parts of a range on a source that lie in them."""
        own = self._by_source.get(source, [])
        end = offset_bytes + length_bytes
        at = max(bisect_right(own, (offset_bytes, 1 << 63)) - 1, 0)
        while at < len(own) and own[at][0] < end:
            low, high = max(own[at][0], offset_bytes), min(own[at][1], end)
            if low < high:
                yield ByteRange(low, high - low)
            at += 1


def merged(ranges: Iterable[ByteRange]) -> tuple[ByteRange, ...]:
    """Ranges in order, those that touch or overlap made one."""
    found: list[ByteRange] = []
    for item in sorted(ranges):
        if found and item.offset_bytes <= found[-1].end_bytes:
            end = max(item.end_bytes, found[-1].end_bytes)
            found[-1] = ByteRange(found[-1].offset_bytes, end - found[-1].offset_bytes)
        elif item.length_bytes:
            found.append(item)
    return tuple(found)


def without(ranges: Iterable[ByteRange], others: Iterable[ByteRange]) -> tuple[ByteRange, ...]:
    """The parts of `ranges` that lie in none of `others`."""
    kept: list[ByteRange] = []
    cuts = merged(others)
    for item in merged(ranges):
        start = item.offset_bytes
        for cut in cuts:
            if cut.end_bytes <= start:
                continue
            if cut.offset_bytes >= item.end_bytes:
                break
            if cut.offset_bytes > start:
                kept.append(ByteRange(start, cut.offset_bytes - start))
            start = max(start, cut.end_bytes)
        if start < item.end_bytes:
            kept.append(ByteRange(start, item.end_bytes - start))
    return tuple(kept)
