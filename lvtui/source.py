"""The protocol by which pure code reads bytes: a device, an image, an LV through its extents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


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


@dataclass(frozen=True, slots=True)
class WindowSource:
    """A part of a source as a source of its own: a partition, a PV inside a whole disk."""

    source: ByteSource
    base_bytes: int
    """Where the part begins; offset 0 of this source."""
    length_bytes: int
    """How long the part says it is; `size_bytes` is what the source has of it."""

    @property
    def size_bytes(self) -> int:
        """What there is of the part."""
        return max(0, min(self.length_bytes, self.source.size_bytes - self.base_bytes))

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read within the part; gaps count from its beginning."""
        length_bytes = min(length_bytes, self.size_bytes - offset_bytes)
        if offset_bytes < 0 or length_bytes <= 0:
            return Piece(b"")
        piece = self.source.pread(self.base_bytes + offset_bytes, length_bytes)
        if not piece.gaps:
            return piece
        gaps = (ByteRange(g.offset_bytes - self.base_bytes, g.length_bytes) for g in piece.gaps)
        return Piece(piece.data, tuple(gaps))
