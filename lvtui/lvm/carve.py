"""Every metadata text in a range of bytes: whole, wrapped round the ring's end, or torn.

Pure and fast: one scan over the bytes finds starts on the 512-byte grid, an index scan reads what a
list of versions needs (name, uuid, seqno, time, host, description) without parsing.
Old texts carry no checksum; a text is whole when its structure is (head, balanced braces, exactly
one `contents`, trailer, final LF LF NUL). Facts about placement per LVM release: the table in
`RingPlacement` below.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lvtui.lvm.mda import MetadataArea


class CopyState(StrEnum):
    """How much of a text is still on disk, and whether it is believed."""

    WHOLE = "whole"
    WRAPPED = "wrapped"
    """Whole, split at the ring's end."""
    TORN = "torn"
    SUSPECT = "suspect"
    """Complete, but it contradicts itself or its neighbours; never from the carver itself."""


class CrcState(StrEnum):
    """Only the texts that the area's header points to have a checksum."""

    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"


class Slot(StrEnum):
    """Which pointer of the area's header names the text."""

    COMMITTED = "committed"
    PRECOMMITTED = "precommitted"


class Origin(StrEnum):
    """Where a text came from."""

    RING = "ring"
    BACKUP_FILE = "backup-file"
    ARCHIVE_FILE = "archive-file"
    SCAN = "scan"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextIndex:
    """What can be read from a text without parsing it; None for what its lost part held."""

    vg_name: str | None
    vg_uuid: str | None
    seqno: int | None
    creation_time: int | None
    """Seconds since the epoch, by the clock of the host that wrote the text."""
    creation_host: str | None
    description: str | None
    lv_count: int | None
    """Entries of logical_volumes by structure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataCopy:
    """One text at one place."""

    device: int
    area: int | None
    """Index of the metadata area on the device; None outside every known area."""
    offset_bytes: int
    """Absolute on the device, of the VG name's first byte (of the first byte left, if torn)."""
    length_bytes: int
    """On disk up to the NUL, which is not counted; wrapped parts joined."""
    state: CopyState
    text: bytes
    """Without the NUL, wrapped parts joined."""
    index: TextIndex
    crc: CrcState = CrcState.UNKNOWN
    slot: Slot | None = None
    never_committed: bool = False
    """Newer than the committed text, or only named by the precommitted slot."""
    origin: Origin = Origin.RING

    @property
    def stripped(self) -> bytes:
        """The text without trailing blanks and line feeds: what `text_sha256` is taken of."""
        return self.text.rstrip(b" \t\r\n\0")

    @property
    def text_sha256(self) -> str:
        """Hex sha256 of `stripped`."""
        return hashlib.sha256(self.stripped).hexdigest()


def carve_area(
    area: MetadataArea,
    data: bytes | memoryview,
    *,
    progress: Callable[[int], bool] | None = None,
) -> tuple[MetadataCopy, ...]:
    """Every text in one metadata area, ordered by offset.

    Args:
        area: where it lies; its header tells committed and precommitted.
        data: the area's bytes, `area.size_bytes` of them or fewer where the dump ends early.
        progress: called with bytes done; returning False stops the carve with what is found.
    """
    raise NotImplementedError
