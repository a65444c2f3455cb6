"""Reads of a copy, judged: slow ones, failed ones, and a disk that went and answers only errors."""

from __future__ import annotations

from lvtui.host.copy.image import JobImage
from lvtui.host.copy.meter import Meter
from lvtui.host.machine import Clock
from lvtui.source import ByteRange, Piece

LOST_READS_MAX = 16
"""After so many reads in a row without a readable byte the source itself is looked at."""
SLOW_SECONDS = 1.0
SLOW_TIMES = 10
"""A read is slow that takes so long, and so many times the average of its copy."""


class Reads:
    """The reads of one run."""

    def __init__(self, image: JobImage, clock: Clock, meter: Meter) -> None:
        """Nothing was read yet."""
        self._image = image
        self._clock = clock
        self._meter = meter
        self._lost_reads = 0
        self._seconds = 0.0
        self._count = 0

    def once(self, where: ByteRange) -> Piece:
        """Read a range at once."""
        return self._image.read(where.offset_bytes, where.length_bytes)

    def patiently(self, where: ByteRange) -> Piece:
        """Read a range; what fails is taken apart to sectors."""
        self._image.patient = True
        try:
            return self.once(where)
        finally:
            self._image.patient = False

    def timed(self, where: ByteRange) -> tuple[Piece, bool]:
        """Read at once; and whether that was slow."""
        start = self._clock.now()
        read = self.once(where)
        seconds = self._clock.now() - start
        average = self._seconds / max(self._count, 1)
        is_slow = seconds >= SLOW_SECONDS and seconds >= SLOW_TIMES * average and self._count > 0
        self._count += 1
        self._seconds += seconds
        return read, is_slow

    def lost(self, where: ByteRange, gaps: tuple[ByteRange, ...]) -> bool:
        """Whether something failed. A disk that went reads as errors everywhere: that is no damage.

        Raises:
            SourceReadError, SourceChangedError: it went.
        """
        if not gaps:
            self._lost_reads = 0
            return False
        failed = [gap for gap in gaps if self._image.has_source(gap)]
        if not failed:
            return False
        self._meter.read_errors += len(failed)
        if sum(gap.length_bytes for gap in failed) < where.length_bytes:
            self._lost_reads = 0
        else:
            self._lost_reads += 1
            if self._lost_reads % LOST_READS_MAX == 0:
                self._image.check_sources()
        return True
