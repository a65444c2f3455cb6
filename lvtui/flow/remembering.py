"""A source whose small reads are kept: footers, headers and locators of parents that chains share."""

from __future__ import annotations

from dataclasses import dataclass, field

from lvtui.source import ByteSource, Piece

_REMEMBERED_BYTES_MAX = 2048


@dataclass(slots=True)
class RememberingSource:
    """A source whose small reads are kept."""

    source: ByteSource
    _kept: dict[tuple[int, int], Piece] = field(default_factory=dict, repr=False)

    @property
    def size_bytes(self) -> int:
        """Size of the source."""
        return self.source.size_bytes

    def pread(self, offset_bytes: int, length_bytes: int) -> Piece:
        """Read, or remember."""
        if length_bytes > _REMEMBERED_BYTES_MAX:
            return self.source.pread(offset_bytes, length_bytes)
        asked = (offset_bytes, length_bytes)
        piece = self._kept.get(asked)
        if piece is None:
            piece = self._kept[asked] = self.source.pread(offset_bytes, length_bytes)
        return piece
