"""Every metadata text in a range of bytes: whole, wrapped round the ring's end, or torn.

`lvm/scan.py` finds them; here they become copies with a place on a device, and what the area's
header says of them: committed, precommitted, written but never committed. Only the texts that the
header points to have a checksum.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from lvtui.lvm.index import TextIndex
from lvtui.lvm.label import lvm_crc
from lvtui.lvm.mda import AREA_BYTES_MAX, MDA_HEADER_BYTES, MetadataArea, RawLocation, ring_bytes
from lvtui.lvm.scan import CopyState, Progress, find_texts
from lvtui.source import ByteRange, ByteSource
from lvtui.units import MiB

__all__ = [
    "CopyState",
    "CrcState",
    "MetadataCopy",
    "Origin",
    "Slot",
    "TextIndex",
    "carve_area",
    "carve_range",
    "carve_source",
]


_READ_BYTES = 4 * MiB


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


class MetadataCopy(NamedTuple):
    """One text at one place; a tuple, because one is made for each text."""

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
    index: TextIndex  # type: ignore[assignment]  # a tuple has a method of that name
    crc: CrcState = CrcState.UNKNOWN
    slot: Slot | None = None
    never_committed: bool = False
    """Newer than the committed text, or only named by the precommitted slot."""
    origin: Origin = Origin.RING
    file: str | None = None
    """The file that it was read from, where that is none of SOURCE: `device` and `offset_bytes` are
    then no place on a disk."""

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
    gaps: tuple[ByteRange, ...] = (),
    progress: Progress | None = None,
) -> tuple[MetadataCopy, ...]:
    """Every text in one metadata area, ordered by offset.

    Args:
        area: where it lies; its header tells committed and precommitted.
        data: the area's bytes, `area.size_bytes` of them or fewer where the dump ends early.
        gaps: unreadable ranges, absolute on the device, zero in `data`; a text over one is torn.
        progress: called with bytes done; returning False stops the carve with what is found.
    """
    buffer = bytes(data[: area.size_bytes])
    texts = find_texts(
        buffer,
        start=MDA_HEADER_BYTES,
        wraps=len(buffer) == area.size_bytes,
        gaps=_relative(gaps, area.offset_bytes),
        progress=progress,
    )
    copies = tuple(
        MetadataCopy(
            device=area.device,
            area=area.index,
            offset_bytes=area.offset_bytes + text.start,
            length_bytes=len(text.text),
            state=text.state,
            text=text.text,
            index=text.known,
        )
        for text in texts
    )
    return _with_slots(copies, area, buffer)


def carve_range(
    data: bytes,
    *,
    device: int,
    offset_bytes: int,
    gaps: tuple[ByteRange, ...] = (),
    progress: Progress | None = None,
) -> tuple[MetadataCopy, ...]:
    """Every text in bytes that belong to no known area, ordered by offset; none can be wrapped.

    Args:
        data: what stands on the device at `offset_bytes`, which is a multiple of 512.
        device: index of the source path.
        offset_bytes: absolute on the device.
        gaps: unreadable ranges, absolute on the device, zero in `data`.
        progress: as in `carve_area`.
    """
    relative = _relative(gaps, offset_bytes)
    texts = find_texts(data, start=0, wraps=False, gaps=relative, progress=progress)
    return tuple(
        MetadataCopy(
            device=device,
            area=None,
            offset_bytes=offset_bytes + text.start,
            length_bytes=len(text.text),
            state=text.state,
            text=text.text,
            index=text.known,
            origin=Origin.SCAN,
        )
        for text in texts
    )


def carve_source(
    source: ByteSource,
    areas: tuple[MetadataArea, ...],
    device: int,
    *,
    progress: Progress | None = None,
    read_bytes: int = _READ_BYTES,
) -> tuple[MetadataCopy, ...]:
    """Every text in the areas of one device, by area and offset; areas that overlap give it once.

    Args:
        source: the device.
        areas: from `find_areas`.
        device: index of the source path.
        progress: called with bytes done, of the sum of the areas' sizes; returning False stops
            with what is found.
        read_bytes: how much is read between two calls of `progress`.
    """
    copies: dict[int, MetadataCopy] = {}
    base = 0
    for area in areas:
        chunks: list[bytes] = []
        gaps: list[ByteRange] = []
        size_bytes = min(area.size_bytes, AREA_BYTES_MAX)
        done = 0
        going = True
        while going and done < size_bytes:
            piece = source.pread(area.offset_bytes + done, min(read_bytes, size_bytes - done))
            chunks.append(piece.data)
            gaps.extend(piece.gaps)
            done += len(piece.data)
            going = bool(piece.data) and (progress is None or progress(base + done))
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        chunks.clear()  # as large as the area: not to be held twice
        for copy in carve_area(replace(area, device=device), data, gaps=tuple(gaps)):
            copies.setdefault(copy.offset_bytes, copy)
        if progress is not None and not progress(base + done):
            break
        base += area.size_bytes
    return tuple(copies.values())


def _relative(gaps: tuple[ByteRange, ...], base: int) -> tuple[ByteRange, ...]:
    return tuple(ByteRange(gap.offset_bytes - base, gap.length_bytes) for gap in gaps)


def _with_slots(
    copies: tuple[MetadataCopy, ...], area: MetadataArea, buffer: bytes
) -> tuple[MetadataCopy, ...]:
    """Mark what the header points to, and what is newer than its committed text."""
    if area.header is None:
        return copies
    marked = list(copies)
    committed = _mark(marked, area, buffer, area.header.committed, Slot.COMMITTED)
    pending = _mark(marked, area, buffer, area.header.precommitted, Slot.PRECOMMITTED)
    if committed is not None:
        # A crash between a text and its pointer leaves it right behind the committed one.
        behind = (committed + 1) % len(marked)
        if _follows(marked[committed], marked[behind]):
            marked[behind] = marked[behind]._replace(never_committed=True)
    if pending is not None and (
        committed is None or marked[pending].text != marked[committed].text
    ):
        marked[pending] = marked[pending]._replace(never_committed=True)
    return tuple(marked)


def _mark(
    marked: list[MetadataCopy],
    area: MetadataArea,
    buffer: bytes,
    location: RawLocation | None,
    slot: Slot,
) -> int | None:
    """Set slot and crc of the copy that `location` points to; its place in the list."""
    if location is None or location.ignored or area.header is None:
        return None
    offset_bytes = area.offset_bytes + location.offset_bytes
    at = bisect_right(marked, offset_bytes, key=lambda copy: copy.offset_bytes) - 1
    if at < 0 or marked[at].offset_bytes != offset_bytes or marked[at].slot is not None:
        return None
    raw = ring_bytes(buffer, area.size_bytes, location.offset_bytes, location.size_bytes)
    good = raw == marked[at].text + b"\0" and lvm_crc(raw) == location.crc
    if not good and not area.header.crc_ok:
        return None
    marked[at] = marked[at]._replace(slot=slot, crc=CrcState.OK if good else CrcState.BAD)
    return at


def _follows(committed: MetadataCopy, behind: MetadataCopy) -> bool:
    """Whether `behind` was written after `committed`: an older lap's text is older by both counts."""
    if behind.state is CopyState.TORN or behind.slot is not None:
        return False
    old, new = committed.index, behind.index
    return (
        new.vg_uuid == old.vg_uuid
        and old.seqno is not None
        and new.seqno == old.seqno + 1
        and (new.creation_time or 0) >= (old.creation_time or 0)
    )
