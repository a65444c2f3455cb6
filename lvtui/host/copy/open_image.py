"""What a copy writes to, as a protocol: a file, a device, a file on another host."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from lvtui.host.copy.manifest import Manifest
from lvtui.host.copy.verify import ReadBack
from lvtui.source import ByteRange


class OpenImage(Protocol):
    """An image that is being written, wherever it is."""

    path: Path
    """Its name now, for messages."""
    had_size: bool
    """Whether it had the image's size when it was opened; else no map of it holds."""
    may_hold_old: bool
    """Whether bytes that the map does not know may be in it: then zeros are written."""
    is_final: bool
    """Whether it has its final name."""

    def write(self, offset_bytes: int, data: bytes) -> int:
        """Write `data`, leaving out blocks of zeros; returns the bytes left out."""
        ...

    def zero(self, offset_bytes: int, length_bytes: int) -> None:
        """Make a range zeros."""
        ...

    def digest(self, where: ByteRange) -> bytes:
        """The sha256 of what was written."""
        ...

    def sync(self) -> None:
        """Make what was written durable; after an error nothing since the last one is."""
        ...

    def reopen(self) -> None:
        """After a failed sync: take another descriptor."""
        ...

    def publish(self) -> None:
        """Give it its final name; it was verified."""
        ...

    def close(self) -> None:
        """Close it."""
        ...

    def read_back(self, manifest: Manifest, on_unit: Callable[[int, bool], None]) -> ReadBack:
        """Read all of it as it is on the disk, and compare; `on_unit` may raise."""
        ...

    def back_digests(self, chunks: Sequence[ByteRange]) -> Iterator[bytes]:
        """The sha256 of chunks as they are on the disk."""
        ...
