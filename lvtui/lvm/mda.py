"""Metadata area header, its pointers, and the arithmetic of the ring behind it.

Format (lvm2 `lib/format_text/layout.h`), first 512 bytes of an area, little endian:

    +0   4  crc over bytes 4..511
    +4   16 20 4c 56 4d 32 20 78 5b 35 41 25 72 30 4e 2a 3e
    +20  4  version 1
    +24  8  start: absolute position of the area
    +32  8  size of the area, header included
    +40  24 each raw_locn: offset u64 (from the area's start), size u64 (final NUL included),
            crc u32, flags u32 (bit 0: ignored); slot 0 committed, slot 1 precommitted

The ring is area bytes [512, size).
"""

from __future__ import annotations

from dataclasses import dataclass

MDA_HEADER_BYTES = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLocation:
    """One pointer of the header into the ring."""

    offset_bytes: int
    """From the area's start."""
    size_bytes: int
    """The final NUL included."""
    crc: int
    ignored: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MdaHeader:
    """The header of a metadata area."""

    crc_ok: bool
    start_bytes: int
    size_bytes: int
    committed: RawLocation | None
    precommitted: RawLocation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataArea:
    """An area to carve: where it lies on its device, and its header if that can be read."""

    device: int
    """Index of the source path that holds it."""
    index: int
    """0 for the first area that the label names, and so on."""
    offset_bytes: int
    """Absolute on the device."""
    size_bytes: int
    header: MdaHeader | None
    """None when its magic is gone."""
    named_by: str
    """`label`, `header` (found by its magic) or `guess` (neither is left)."""


def parse_mda_header(sector: bytes) -> MdaHeader | None:
    """Read a header from its 512 bytes; None without the magic; never raises."""
    raise NotImplementedError
