"""The protocol by which pure code reads bytes: a device, an image, an LV through its extents."""

from __future__ import annotations

from typing import Protocol

from lvtui.values import dataclass


@dataclass(frozen=True, slots=True, order=True)
class ByteRange:
    """`length_bytes` bytes from `offset_bytes`."""

    offset_bytes: int
    length_bytes: int

    @property
    def end_bytes(self) -> int:
        """The offset of the first byte behind the range."""
        return self.offset_bytes + self.length_bytes


@dataclass(frozen=True, slots=True)
class Piece:
    """What a read gave.

    Shorter than asked only at the end of the source. Bytes that could not be read are zero in
    `data` and named in `gaps` (absolute in the source): a caller that ignores gaps calls a
    read error zeros, so whoever judges content looks at them.
    """

    data: bytes
    gaps: tuple[ByteRange, ...] = ()


class ByteSource(Protocol):
    """Random access to bytes; never raises for an unreadable sector, see `Piece.gaps`."""

    @property
    def size_bytes(self) -> int:
        """Size of the source."""
        ...

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read up to `length_bytes` at `offset_bytes`."""
        ...


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Bytes in memory as a source: a saved head, a test's bytes."""

    data: bytes

    @property
    def size_bytes(self) -> int:
        """Size of the bytes."""
        return len(self.data)

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read a slice."""
        return Piece(self.data[offset_bytes : offset_bytes + length_bytes])
