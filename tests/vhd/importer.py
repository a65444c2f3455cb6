"""The reading rules of xapi's importer (vhd-tool's stream reader), as an independent emulator.

Footer at 0, header at its data offset, table at its table offset: all three checksums; blocks in
ascending physical order through their bitmaps, skipping forward only; at last the footer at
(length - 1) & ~511. What it refuses, `xe vdi-import format=vhd` refuses.
"""

from __future__ import annotations

import struct

from tests.vhd.images import csum, up


class ImportRefusedError(Exception):
    """The importer would have failed."""


class _Stream:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def skip_to(self, offset: int) -> None:
        if offset < self.at:
            raise ImportRefusedError(f"backward to {offset} from {self.at}")
        self.read(offset - self.at)

    def read(self, length: int) -> bytes:
        part = self.data[self.at : self.at + length]
        if len(part) < length:
            raise ImportRefusedError("end of file")
        self.at += length
        return part


def _footer(data: bytes) -> tuple[int, int, int]:
    if data[:8] != b"conectix":
        raise ImportRefusedError("footer cookie")
    if struct.unpack_from(">I", data, 64)[0] != csum(data[:64] + bytes(4) + data[68:]):
        raise ImportRefusedError("footer checksum")
    (offset,) = struct.unpack_from(">Q", data, 16)
    (size,) = struct.unpack_from(">Q", data, 48)
    (kind,) = struct.unpack_from(">I", data, 60)
    if kind not in {2, 3, 4}:
        raise ImportRefusedError("disk type")
    return offset, size, kind


def import_vhd(data: bytes) -> bytes:
    """What the VDI holds afterwards, on a zeroed VDI of the image's size."""
    stream = _Stream(data)
    offset, size, kind = _footer(stream.read(512))
    if kind == 2:
        raise ImportRefusedError("fixed")
    stream.skip_to(offset)
    header = stream.read(1024)
    if header[:8] != b"cxsparse":
        raise ImportRefusedError("header cookie")
    if struct.unpack_from(">I", header, 36)[0] != csum(header[:36] + bytes(4) + header[40:]):
        raise ImportRefusedError("header checksum")
    table_at, _, entries, block = struct.unpack_from(">QIII", header, 16)
    stream.skip_to(table_at)
    table = struct.unpack(f">{entries}I", stream.read(entries * 4))
    disk = bytearray(size)
    bitmap_bytes = up(block // 512, 4096) // 8
    for sector, number in sorted((s, n) for n, s in enumerate(table) if s != 0xFFFFFFFF):
        stream.skip_to(sector * 512)
        bits = stream.read(bitmap_bytes)
        content = stream.read(block)
        for index in range(block // 512):
            if bits[index >> 3] & (0x80 >> (index & 7)):
                at = number * block + index * 512
                if at + 512 > size:
                    raise ImportRefusedError("beyond the end of the VDI")
                disk[at : at + 512] = content[index * 512 : index * 512 + 512]
    stream.skip_to((len(data) - 1) & ~511)
    _footer(stream.read(512))
    return bytes(disk)
