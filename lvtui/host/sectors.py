"""Reading of a descriptor that has bad sectors: what can be read is read, the rest is named.

Knows O_DIRECT's alignment, short reads, and how far a failed read is taken apart. Opens nothing.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
from collections.abc import Callable

from lvtui.source import ByteRange, Piece
from lvtui.units import KiB, MiB

_BUFFER_BYTES = 4 * MiB
_RETRY_BYTES = 64 * KiB
"""A read that failed is repeated in pieces of this size, then a piece that fails by sectors."""
_FAILED_READS_MAX = 1024
"""Of one `pread`. Behind it what fails is a gap as it is: a disk that answers each bad read after
seconds must not hold a reader for a day. A read of up to 128 KiB is always resolved to sectors."""

_UNREADABLE = frozenset({errno.EIO, errno.EREMOTEIO, errno.ENODATA, errno.EILSEQ, errno.ETIMEDOUT})
"""What Linux answers for a sector that the medium, the path or its check sum does not give."""

ReadInto = Callable[[int, memoryview, int], int]
"""(descriptor, buffer, offset) → bytes read: the one call by which bytes come in."""


def preadv(descriptor: int, buffer: memoryview, offset_bytes: int) -> int:
    """The kernel's own."""
    return os.preadv(descriptor, [buffer], offset_bytes)


class SectorReader:
    """Reads one open descriptor."""

    def __init__(
        self,
        descriptor: int,
        *,
        size_bytes: int,
        sector_bytes: int,
        is_block: bool,
        read_into: ReadInto = preadv,
    ) -> None:
        self._fd = descriptor
        self._size_bytes = size_bytes
        self._sector_bytes = sector_bytes
        self._is_block = is_block
        self._read_into = read_into
        self.patient = True
        """Whether a read that failed is taken apart to sectors; else what follows is a gap."""
        self.is_direct = bool(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_DIRECT)
        # Aligned to a page, as O_DIRECT wants it; anonymous, so that no error arrives as SIGBUS.
        self._buffer = mmap.mmap(-1, _BUFFER_BYTES)

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read up to `length_bytes` at `offset_bytes`; unreadable sectors are zero and gaps.

        Raises:
            OSError: not for an unreadable sector, but for a device that is gone.
        """
        end = min(offset_bytes + length_bytes, self._size_bytes)
        if offset_bytes < 0 or offset_bytes >= end:
            return Piece(b"")
        whole = self._pread_file(offset_bytes, end - offset_bytes)
        if whole is not None:
            return Piece(whole)
        unit = self._unit_bytes
        at = offset_bytes // unit * unit
        parts: list[bytes] = []
        gaps: list[ByteRange] = []
        failed_reads = 0
        while at < end:
            chunk = min(_BUFFER_BYTES, -(-(end - at) // unit) * unit)
            failed_reads = self._fill(at, chunk, gaps, failed_reads)
            first = max(0, offset_bytes - at)
            parts.append(self._buffer[first : min(chunk, end - at)])
            at += chunk
        met = _joined(gaps, offset_bytes, end)
        return Piece(parts[0] if len(parts) == 1 else b"".join(parts), met)

    def _pread_file(self, offset_bytes: int, length_bytes: int) -> bytes | None:
        """The usual case, a good file: in one piece without a copy; None where more care is due."""
        if self._is_block or self.is_direct or self._read_into is not preadv:
            return None
        try:
            data = os.pread(self._fd, length_bytes, offset_bytes)
        except OSError:
            return None
        return data if len(data) == length_bytes else None

    @property
    def _unit_bytes(self) -> int:
        """What a read must be aligned to."""
        return self._sector_bytes if self.is_direct else 1

    def _fill(self, at: int, length: int, gaps: list[ByteRange], failed_reads: int) -> int:
        """Read `length` bytes at `at` to the buffer's beginning, zeros and gaps where it fails.

        Returns: `failed_reads`, counted on.
        """
        view = memoryview(self._buffer)
        ranges = [ByteRange(at, min(at + length, self._size_bytes) - at)]
        if not self.is_direct and self._is_block:
            os.posix_fadvise(self._fd, at, length, os.POSIX_FADV_DONTNEED)
        while ranges:
            todo = ranges.pop()
            got = self._read(view[todo.offset_bytes - at : todo.end_bytes - at], todo.offset_bytes)
            rest = ByteRange(todo.offset_bytes + got, todo.length_bytes - got)
            if not rest.length_bytes:
                continue
            failed_reads += 1
            takes_apart = self.patient and failed_reads <= _FAILED_READS_MAX
            smaller = self._pieces(rest) if takes_apart else ()
            if smaller:
                ranges.extend(reversed(smaller))
            else:
                view[rest.offset_bytes - at : rest.end_bytes - at] = bytes(rest.length_bytes)
                gaps.append(rest)
        return failed_reads

    def _pieces(self, failed: ByteRange) -> tuple[ByteRange, ...]:
        """What to read one by one instead of a range that failed; nothing if it is a sector."""
        sector = self._sector_bytes if self.is_direct else max(self._sector_bytes, mmap.PAGESIZE)
        for unit in (_RETRY_BYTES, sector):
            first = failed.offset_bytes // unit * unit
            if failed.end_bytes - first > unit:
                cuts = range(first, failed.end_bytes, unit)
                return tuple(
                    ByteRange(start, min(cut + unit, failed.end_bytes) - start)
                    for cut in cuts
                    for start in [max(cut, failed.offset_bytes)]
                )
        return ()

    def _read(self, view: memoryview, offset_bytes: int) -> int:
        """Read until `view` is full, the medium refuses, or the source ends; bytes read."""
        done = 0
        while done < len(view):
            try:
                got = self._read_into(self._fd, view[done:], offset_bytes + done)
            except OSError as error:
                if error.errno == errno.EINVAL and self.is_direct:
                    self._go_buffered(offset_bytes, len(view))
                    continue
                if error.errno not in _UNREADABLE:
                    raise
                return done
            # A short direct read may end inside a sector, from where no direct read can go on.
            usable = got if done + got == len(view) else got // self._unit_bytes * self._unit_bytes
            if usable == 0:
                # The end: the source became shorter than it was when it was opened.
                return done
            done += usable
        return done

    def _go_buffered(self, offset_bytes: int, length_bytes: int) -> None:
        flags = fcntl.fcntl(self._fd, fcntl.F_GETFL)
        fcntl.fcntl(self._fd, fcntl.F_SETFL, flags & ~os.O_DIRECT)
        self.is_direct = False
        os.posix_fadvise(self._fd, offset_bytes, length_bytes, os.POSIX_FADV_DONTNEED)


def _joined(gaps: list[ByteRange], start: int, end: int) -> tuple[ByteRange, ...]:
    """The gaps between `start` and `end`, neighbours as one."""
    joined: list[ByteRange] = []
    for gap in gaps:
        first, behind = max(gap.offset_bytes, start), min(gap.end_bytes, end)
        if first >= behind:
            continue
        if joined and joined[-1].end_bytes == first:
            first = joined.pop().offset_bytes
        joined.append(ByteRange(first, behind - first))
    return tuple(joined)
