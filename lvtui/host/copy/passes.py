"""The order of a copy: the good parts first, then the bad places, ever smaller (ddrescue's phases).

copying    pass 1 forward, pass 2 backward: behind a read that fails or is slow a stretch is skipped,
           a longer one each time; pass 5 takes what was skipped. What failed is `*`, untrimmed.
trimming   each `*` in clusters, then by sectors from both edges to the first that fails; what lies
           between is `/`.
scraping   each `/` taken apart to sectors; what fails alone is `-`, bad.
retrying   `-` once more, as often as asked, backward and forward in turn.

The heads of an image come before all: its first two chunks and its last one hold the tables of a VHD.
Source: the GNU ddrescue 1.27 manual, "Algorithm". Passes 3 and 4 of it are one with pass 2 here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from lvtui.host.copy.control import Control
from lvtui.host.copy.manifest import CHUNK_BYTES, UNIT_BYTES, chunk_count
from lvtui.plan.mapfile import BlockStatus, CopyMap, Phase
from lvtui.source import ByteRange
from lvtui.units import GiB, KiB

SKIP_BYTES_MIN = UNIT_BYTES
SKIP_BYTES_MAX = 1 * GiB
SKIP_SHARE = 100
"""No more than a hundredth of the image is skipped at once."""
CLUSTER_BYTES = 64 * KiB

UNFINISHED = (BlockStatus.UNTRIED, BlockStatus.UNTRIMMED, BlockStatus.UNSCRAPED)


class Hands(Protocol):
    """What does it; see `Engine`."""

    map: CopyMap

    @property
    def size_bytes(self) -> int: ...  # noqa: D102

    @property
    def sector_bytes(self) -> int: ...  # noqa: D102

    def enter(self, phase: Phase, current_pass: int) -> None: ...  # noqa: D102

    def chunk(self, index: int) -> ByteRange: ...  # noqa: D102

    def has_source(self, where: ByteRange) -> bool: ...  # noqa: D102

    def skip_hole(self, index: int) -> bool: ...  # noqa: D102

    def copy(self, span: ByteRange) -> ByteRange | None: ...  # noqa: D102

    def attempt(self, where: ByteRange, failed: BlockStatus, *, patient: bool = False) -> bool: ...  # noqa: D102

    def give_up(self, where: ByteRange) -> None: ...  # noqa: D102


class Skip:
    """How far to jump behind a bad place: ever farther, until something can be read again."""

    def __init__(self, size_bytes: int) -> None:
        """For an image of that size."""
        self._max_bytes = min(max(size_bytes // SKIP_SHARE, SKIP_BYTES_MIN), SKIP_BYTES_MAX)
        self._next_bytes = SKIP_BYTES_MIN

    def reset(self) -> None:
        """Something was read."""
        self._next_bytes = SKIP_BYTES_MIN

    def take(self) -> int:
        """Jump."""
        skipped = self._next_bytes
        self._next_bytes = min(skipped * 2, self._max_bytes)
        return skipped


class Passes:
    """Goes through all phases; `run` may be called again when ranges became unknown anew."""

    def __init__(self, hands: Hands, control: Control) -> None:
        """Nothing is read yet."""
        self._hands = hands
        self._control = control
        self._retried = 0

    def run(self) -> None:
        """Try everything, or end early when that is asked for."""
        for step in (
            self._heads,
            self._forward,
            self._backward,
            self._sweep,
            self._clusters,
            self._trim,
            self._scrape,
            self._retry,
        ):
            if self._control.finishing:
                break
            step()
        if self._control.finishing:
            for status in UNFINISHED:
                for where in self._hands.map.ranges(status):
                    self._hands.give_up(where)

    def _heads(self) -> None:
        self._hands.enter(Phase.COPYING, 1)
        last = chunk_count(self._hands.size_bytes) - 1
        for index in sorted({index for index in (0, 1, last) if index >= 0}):
            chunk = self._hands.chunk(index)
            blocks = self._hands.map.within(chunk)
            untried = {block.status for block in blocks} == {BlockStatus.UNTRIED}
            if untried and not self._hands.skip_hole(index):
                self._hands.copy(chunk)

    def _forward(self) -> None:
        skip, position = Skip(self._hands.size_bytes), 0
        while (stumbled := self._copy_from(position)) is not None:
            where, failed = stumbled
            if failed:
                position = where.end_bytes + skip.take()
            else:
                position = where.end_bytes
                skip.reset()
            if self._control.finishing:
                return

    def _copy_from(self, position: int) -> tuple[ByteRange, bool] | None:
        """Copy the next untried part of a chunk: where it ended, and whether by a failure."""
        untried = self._hands.map.next(BlockStatus.UNTRIED, position)
        if untried is None:
            return None
        index = untried.offset_bytes // CHUNK_BYTES
        chunk = self._hands.chunk(index)
        end = min(untried.end_bytes, chunk.end_bytes)
        span = ByteRange(untried.offset_bytes, end - untried.offset_bytes)
        if span == chunk and self._hands.skip_hole(index):
            return span, False
        stumbled = self._hands.copy(span)
        return (span, False) if stumbled is None else (stumbled, True)

    def _backward(self) -> None:
        self._hands.enter(Phase.COPYING, 2)
        skip, limit = Skip(self._hands.size_bytes), self._hands.size_bytes
        while (untried := self._hands.map.last(BlockStatus.UNTRIED, limit)) is not None:
            start = (untried.end_bytes - 1) // UNIT_BYTES * UNIT_BYTES
            start = max(start, untried.offset_bytes)
            unit = ByteRange(start, untried.end_bytes - start)
            if self._hands.attempt(unit, BlockStatus.UNTRIMMED):
                limit = start
                skip.reset()
            else:
                limit = start - skip.take()
            if self._control.finishing:
                return

    def _sweep(self) -> None:
        self._hands.enter(Phase.COPYING, 5)
        while self._copy_from(0) is not None:
            if self._control.finishing:
                return

    def _clusters(self) -> None:
        self._each(Phase.TRIMMING, BlockStatus.UNTRIMMED, CLUSTER_BYTES, BlockStatus.UNTRIMMED)

    def _trim(self) -> None:
        for where in self._hands.map.ranges(BlockStatus.UNTRIMMED):
            sectors = list(_steps(where, self._hands.sector_bytes))
            first = 0
            while first < len(sectors) and self._sector(sectors[first]):
                first += 1
            last = len(sectors) - 1
            while last > first and self._sector(sectors[last]):
                last -= 1
            if first > last or self._control.finishing:
                continue
            start, end = sectors[first].offset_bytes, sectors[last].end_bytes
            between = ByteRange(start, end - start)
            self._hands.map = self._hands.map.advance(between, BlockStatus.UNSCRAPED)

    def _sector(self, where: ByteRange) -> bool:
        if self._control.finishing:
            return False
        return self._hands.attempt(where, BlockStatus.UNTRIMMED)

    def _scrape(self) -> None:
        self._each(
            Phase.SCRAPING, BlockStatus.UNSCRAPED, CLUSTER_BYTES, BlockStatus.BAD, patient=True
        )

    def _retry(self) -> None:
        while self._retried < self._control.retries and not self._control.finishing:
            self._retried += 1
            self._each(
                Phase.RETRYING,
                BlockStatus.BAD,
                CLUSTER_BYTES,
                BlockStatus.BAD,
                patient=True,
                backward=bool(self._retried % 2),
            )

    def _each(
        self,
        phase: Phase,
        status: BlockStatus,
        step_bytes: int,
        failed: BlockStatus,
        *,
        patient: bool = False,
        backward: bool = False,
    ) -> None:
        """Try each range of a status, in steps."""
        ranges = self._hands.map.ranges(status)
        if ranges:
            self._hands.enter(phase, 1)
        for where in reversed(ranges) if backward else ranges:
            # large parts that have no source at all are passed over at once
            parts = list(_steps(where, UNIT_BYTES))
            for part in reversed(parts) if backward else parts:
                if status is BlockStatus.BAD and not self._hands.has_source(part):
                    continue
                steps = list(_steps(part, step_bytes))
                for step in reversed(steps) if backward else steps:
                    if self._control.finishing:
                        return
                    self._hands.attempt(step, failed, patient=patient)


def _steps(where: ByteRange, step_bytes: int) -> Iterator[ByteRange]:
    """A range cut at multiples of a step."""
    start = where.offset_bytes
    while start < where.end_bytes:
        end = min(start - start % step_bytes + step_bytes, where.end_bytes)
        yield ByteRange(start, end - start)
        start = end
