"""A whole source read once from its start to its end, as fast as the disk gives it.

Buffered, with the kernel told what comes next and what is not needed again: it is the only read that
is not O_DIRECT, so what it finds is read again through `SourceDevice.pread`. Holes are skipped.
Memory stays flat: one window, and no more of the page cache than two.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from lvtui.host.device import SourceDevice
from lvtui.source import ByteRange
from lvtui.units import SECTOR_BYTES, MiB

WINDOW_BYTES = 4 * MiB


@dataclass(frozen=True, slots=True)
class Window:
    """What stands at `offset_bytes` of the source: `data[start:end]`; valid until the next one."""

    offset_bytes: int
    data: bytearray
    start: int
    """Before it stands the last sector of the window before, or zeros."""
    end: int
    gaps: tuple[ByteRange, ...] = ()

    @property
    def end_bytes(self) -> int:
        """Where it ends on the source."""
        return self.offset_bytes + self.end - self.start


def sweep(device: SourceDevice, *, window_bytes: int = WINDOW_BYTES) -> Iterator[Window]:
    """Every window of a source but for its holes.

    Raises:
        SourceReadError: the device is gone.
    """
    data = bytearray(SECTOR_BYTES + window_bytes)
    with ExitStack() as stack:
        descriptor = device.reopen_buffered()
        stack.callback(os.close, descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        if device.is_block:
            # Pages that are there may be older than what was written through a volume.
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        at = 0
        while (following := device.seek_data(at)) < device.size_bytes:
            if following > at:
                at = following // SECTOR_BYTES * SECTOR_BYTES
                data[:SECTOR_BYTES] = bytes(SECTOR_BYTES)
            length = min(window_bytes, device.size_bytes - at)
            got = _read(descriptor, memoryview(data)[SECTOR_BYTES : SECTOR_BYTES + length], at)
            gaps: tuple[ByteRange, ...] = ()
            if got < length:
                piece = device.pread(at + got, length - got)
                data[SECTOR_BYTES + got : SECTOR_BYTES + got + len(piece.data)] = piece.data
                length, gaps = got + len(piece.data), piece.gaps
                if not piece.data:
                    return
            os.posix_fadvise(descriptor, at + length, window_bytes, os.POSIX_FADV_WILLNEED)
            yield Window(at, data, SECTOR_BYTES, SECTOR_BYTES + length, gaps)
            os.posix_fadvise(descriptor, at, length, os.POSIX_FADV_DONTNEED)
            if length == window_bytes:
                data[:SECTOR_BYTES] = data[-SECTOR_BYTES:]
            at += length


def _read(descriptor: int, view: memoryview, offset_bytes: int) -> int:
    """Bytes read until the view is full or the source refuses: then sector by sector elsewhere."""
    done = 0
    while done < len(view):
        try:
            got = os.preadv(descriptor, [view[done:]], offset_bytes + done)
        except OSError:
            # Whether it is a bad sector or the end of the device, SourceDevice tells.
            return done
        if got == 0:
            return done
        done += got
    return done
