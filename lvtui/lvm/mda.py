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

import struct
from dataclasses import dataclass

from lvtui.lvm.label import lvm_crc
from lvtui.units import MiB

MDA_HEADER_BYTES = 512
MDA_MAGIC = b" LVM2 x[5A%r0N*>"
MDA_MAGIC_AT = 4
AREA_BYTES_MIN = 2 * MDA_HEADER_BYTES
"""A header and one sector of ring: less holds no text."""
AREA_BYTES_MAX = 256 * MiB
"""More is not read: XenServer makes 11 MiB, and a header may lie."""
AREA_STARTS_BYTES = (4096, 8192, 16384, 65536)
"""Where LVM begins the first area: the page size of the host."""

_HEADER = struct.Struct("<I16sIQQ")
_LOCATION = struct.Struct("<QQII")
_COMMITTED_AT = 40
_PRECOMMITTED_AT = 64
_IGNORED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLocation:
    """One pointer of the header into the ring; nothing in it is proven, not even by a good crc."""

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
    """None when zeroed (vgremove, a new PV); an ignored area keeps its flag here."""
    precommitted: RawLocation | None
    """None but for the moment between a text and its commit, or after a crash in it."""


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
    if len(sector) < MDA_HEADER_BYTES:
        return None
    crc, magic, _version, start_bytes, size_bytes = _HEADER.unpack_from(sector)
    if magic != MDA_MAGIC:
        return None
    return MdaHeader(
        crc_ok=lvm_crc(sector[4:MDA_HEADER_BYTES]) == crc,
        start_bytes=start_bytes,
        size_bytes=size_bytes,
        committed=_location(sector, _COMMITTED_AT),
        precommitted=_location(sector, _PRECOMMITTED_AT),
    )


def _location(sector: bytes, at: int) -> RawLocation | None:
    offset_bytes, size_bytes, crc, flags = _LOCATION.unpack_from(sector, at)
    ignored = bool(flags & _IGNORED)
    if offset_bytes == 0 and not ignored:
        return None
    return RawLocation(offset_bytes=offset_bytes, size_bytes=size_bytes, crc=crc, ignored=ignored)


def ring_bytes(
    data: bytes, area_size_bytes: int, offset_bytes: int, size_bytes: int
) -> bytes | None:
    """`size_bytes` of the area's bytes from `offset_bytes`, read on from 512 at the ring's end.

    None where the pointer leaves the ring, would overtake itself, or what it names is not in `data`.
    """
    if not MDA_HEADER_BYTES <= offset_bytes < area_size_bytes:
        return None
    if not 0 < size_bytes <= area_size_bytes - MDA_HEADER_BYTES:
        return None
    end = offset_bytes + size_bytes
    if end <= area_size_bytes:
        return data[offset_bytes:end] if end <= len(data) else None
    if len(data) < area_size_bytes:
        return None
    rest = end - area_size_bytes
    return data[offset_bytes:area_size_bytes] + data[MDA_HEADER_BYTES : MDA_HEADER_BYTES + rest]
