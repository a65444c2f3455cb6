"""PV label and PV header: where a PV says that its metadata areas lie.

Format (lvm2 `lib/label/label.c`, `lib/format_text/layout.h`; measured on 2.02.84 to 2.03.16):

    sector 0..3 of the PV, little endian
    +0   8  `LABELONE`
    +8   8  number of the sector that it stands in
    +16  4  crc over bytes 20..511 of the sector
    +20  4  offset of the PV header in the sector (32)
    +24  8  `LVM2 001`
    PV header
    +0   32 PV uuid, no dashes
    +32  8  device size in bytes
    +40  16 each: data areas (offset, size), ended by zeros, then metadata areas, ended by zeros
    then    extension: version u32 (0 absent, 1, 2), flags u32 (bit 0: used by a VG), bootloader areas
"""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.source import ByteRange

LABEL_SCAN_SECTORS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PvLabel:
    """One label as found; `crc_ok` and `sector_ok` false means that LVM itself would skip it."""

    offset_bytes: int
    """Where the label's sector begins, from the start of the bytes that were searched."""
    sector: int
    """The sector number stored in the label."""
    crc_ok: bool
    sector_ok: bool
    """Whether the stored number is the sector that it was found in."""
    pv_uuid: str
    """Dashed, 6-4-4-4-4-4-6."""
    device_size_bytes: int
    data_areas: tuple[ByteRange, ...]
    """`length_bytes` 0 means: to the end of the device."""
    metadata_areas: tuple[ByteRange, ...]
    extension_version: int
    used_by_vg: bool | None
    """The extension's flag; None where there is no extension (2.02.84)."""
    bootloader_areas: tuple[ByteRange, ...]


def lvm_crc(data: bytes | memoryview) -> int:
    """CRC-32 as LVM2 uses it: reflected 0xEDB88320, start 0xf597a6cf, no final inversion."""
    raise NotImplementedError


def dashed_uuid(raw: str) -> str:
    """`RNhJN6g8…` (32 characters) as LVM prints it: 6-4-4-4-4-4-6."""
    raise NotImplementedError


def find_labels(head: bytes) -> tuple[PvLabel, ...]:
    """Every label in the first four sectors of `head`, good ones first; never raises."""
    raise NotImplementedError
