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

import struct
import zlib
from dataclasses import dataclass

from lvtui.source import ByteRange
from lvtui.units import SECTOR_BYTES

LABEL_SCAN_SECTORS = 4

LABEL_ID = b"LABELONE"
LABEL_TYPE = b"LVM2 001"
LABEL_HEADER_BYTES = 32
PV_HEADER_FIXED_BYTES = 40
PV_UUID_BYTES = 32
UUID_GROUPS = (6, 4, 4, 4, 4, 4, 6)
EXTENSION_FLAGS_SINCE = 2
EXTENSION_USED_BY_VG = 1
CRC_START = 0xF597A6CF

_LABEL = struct.Struct("<8sQII8s")
_AREA = struct.Struct("<QQ")
_EXTENSION = struct.Struct("<II")


@dataclass(frozen=True, slots=True, kw_only=True)
class PvLabel:
    """One label as found; `crc_ok` and `sector_ok` false means that LVM itself would skip it."""

    offset_bytes: int
    """Where the label's sector begins, from the start of the bytes that were searched."""
    sector: int
    """The sector number stored in the label."""
    crc_ok: bool
    """False also where the PV header is said to lie outside the label's sector."""
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
    """The extension's flag; None where there is no extension (2.02.84) or it has no flags (1)."""
    bootloader_areas: tuple[ByteRange, ...]


def lvm_crc(data: bytes | memoryview) -> int:
    """CRC-32 as LVM2 uses it: reflected 0xEDB88320, start 0xf597a6cf, no final inversion."""
    return zlib.crc32(data, CRC_START ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def dashed_uuid(raw: str) -> str:
    """`RNhJN6g8…` (32 characters) as LVM prints it: 6-4-4-4-4-4-6."""
    groups: list[str] = []
    at = 0
    for length in UUID_GROUPS:
        groups.append(raw[at : at + length])
        at += length
    return "-".join(groups)


def _areas(sector: bytes, at: int) -> tuple[tuple[ByteRange, ...], int]:
    """The list of areas at `at` and where what follows begins; the sector's end ends it as well."""
    found: list[ByteRange] = []
    while at + _AREA.size <= len(sector):
        offset_bytes, length_bytes = _AREA.unpack_from(sector, at)
        at += _AREA.size
        # LVM ends a list at offset 0, whatever the size says.
        if offset_bytes == 0:
            return tuple(found), at
        found.append(ByteRange(offset_bytes, length_bytes))
    return tuple(found), len(sector)


def _parse_label(sector: bytes, number: int) -> PvLabel | None:
    label_id, stored_number, crc, header_at, label_type = _LABEL.unpack_from(sector)
    if label_id != LABEL_ID or label_type != LABEL_TYPE:
        return None
    crc_ok = lvm_crc(sector[20:]) == crc
    if not LABEL_HEADER_BYTES <= header_at <= len(sector) - PV_HEADER_FIXED_BYTES:
        # No LVM writes another place than 32, so that is where a damaged label's header lies.
        crc_ok, header_at = False, LABEL_HEADER_BYTES
    pv_uuid = sector[header_at : header_at + PV_UUID_BYTES].decode("latin-1")
    (device_size_bytes,) = struct.unpack_from("<Q", sector, header_at + PV_UUID_BYTES)
    data_areas, at = _areas(sector, header_at + PV_HEADER_FIXED_BYTES)
    metadata_areas, at = _areas(sector, at)
    version, flags = 0, 0
    bootloader_areas: tuple[ByteRange, ...] = ()
    if at + _EXTENSION.size <= len(sector):
        version, flags = _EXTENSION.unpack_from(sector, at)
    if version:
        # Version 1 has the flags word too, but only 2 gave its first bit a meaning.
        bootloader_areas, _ = _areas(sector, at + _EXTENSION.size)
    return PvLabel(
        offset_bytes=number * SECTOR_BYTES,
        sector=stored_number,
        crc_ok=crc_ok,
        sector_ok=stored_number == number,
        pv_uuid=dashed_uuid(pv_uuid),
        device_size_bytes=device_size_bytes,
        data_areas=data_areas,
        metadata_areas=metadata_areas,
        extension_version=version,
        used_by_vg=(
            bool(flags & EXTENSION_USED_BY_VG) if version >= EXTENSION_FLAGS_SINCE else None
        ),
        bootloader_areas=bootloader_areas,
    )


def find_labels(head: bytes) -> tuple[PvLabel, ...]:
    """Every label in the first four sectors of `head`, good ones first; never raises."""
    found: list[PvLabel] = []
    for number in range(LABEL_SCAN_SECTORS):
        sector = head[number * SECTOR_BYTES : (number + 1) * SECTOR_BYTES]
        if len(sector) == SECTOR_BYTES:
            label = _parse_label(sector, number)
            if label is not None:
                found.append(label)
    found.sort(key=lambda label: not (label.crc_ok and label.sector_ok))
    return tuple(found)
